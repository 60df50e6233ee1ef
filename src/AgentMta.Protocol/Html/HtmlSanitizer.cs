using System.Text;
using AngleSharp.Dom;

namespace AgentMta.Protocol.Html;

/// <summary>
/// Makes mail's HTML safe to show: a new page is written from what the allow lists of <see cref="SanitizerPolicy"/> name, and nothing else is copied.
/// Rules of style elements are moved into style attributes. Meant to be shown in a sandboxed frame all the same.
/// </summary>
public static class HtmlSanitizer
{
    private const int MaxAttributeLength = 4096;
    private const int MaxInlineImage = 512 * 1024;
    private const int MaxOutput = 4 * HtmlBounds.MaxCharacters;

    /// <summary>A fragment for the body of a page. Bounded in size, depth and time for any input; never throws.</summary>
    public static string Sanitize(string html, HtmlSanitizerOptions? options = null)
    {
        using var document = HtmlTree.Parse(html, out _);
        if (document.Body is not { } body)
            return "";
        var sheet = CssSheet.From(document.GetElementsByTagName("style").Select(style => style.TextContent));
        var page = new StringBuilder(Math.Min(html.Length, HtmlBounds.MaxCharacters));
        OpenBody(page, body, sheet);
        Write(page, body, sheet, options ?? new HtmlSanitizerOptions());
        return page.Append("</div>").ToString();
    }

    private sealed class Frame(INode node, bool isWritten)
    {
        private int _next;

        public INode Node { get; } = node;
        public bool IsWritten { get; } = isWritten;

        public INode? Next() => _next < Node.ChildNodes.Length ? Node.ChildNodes[_next++] : null;
    }

    private static void Write(StringBuilder page, IElement body, CssSheet sheet, HtmlSanitizerOptions options)
    {
        var stack = new Stack<Frame>();
        stack.Push(new Frame(body, false));
        while (stack.TryPeek(out var frame))
        {
            var node = frame.Next();
            if (node is null || page.Length > MaxOutput)
            {
                stack.Pop();
                if (frame.IsWritten)
                    page.Append("</").Append(((IElement)frame.Node).LocalName).Append('>');
            }
            else if (node is IText text)
            {
                Escape(page, text.Data);
            }
            else if (node is IElement element && !SanitizerPolicy.DroppedWithContent.Contains(element.LocalName))
            {
                var isWritten = SanitizerPolicy.Elements.Contains(element.LocalName);
                if (isWritten)
                    OpenTag(page, element, sheet, options);
                if (!SanitizerPolicy.Void.Contains(element.LocalName))
                    stack.Push(new Frame(element, isWritten));
            }
        }
    }

    // The body's own colours and style go to a box around the message.
    private static void OpenBody(StringBuilder page, IElement body, CssSheet sheet)
    {
        page.Append("<div");
        var style = Style(body, sheet);
        if (body.GetAttribute("bgcolor") is { } bgcolor && CssColor.Parse(bgcolor) is { } background)
            style = $"background-color:rgb({background.Red},{background.Green},{background.Blue});{style}";
        if (body.GetAttribute("text") is { } text && CssColor.Parse(text) is { } color)
            style = $"color:rgb({color.Red},{color.Green},{color.Blue});{style}";
        Attribute(page, "style", style);
        if (body.GetAttribute("dir") is { } direction)
            Attribute(page, "dir", direction);
        page.Append('>');
    }

    private static void OpenTag(StringBuilder page, IElement element, CssSheet sheet, HtmlSanitizerOptions options)
    {
        page.Append('<').Append(element.LocalName);
        foreach (var attribute in element.Attributes)
        {
            if (SanitizerPolicy.Attributes.Contains(attribute.LocalName) && attribute.Value.Length <= MaxAttributeLength)
                Attribute(page, attribute.LocalName, attribute.Value, keepEmpty: attribute.LocalName == "alt");
        }

        if (element.HasAttribute("hidden"))
            page.Append(" hidden");
        Attribute(page, "style", Style(element, sheet));
        if (element.LocalName == "a")
            LinkAttributes(page, element);
        else if (element.LocalName == "img")
            ImageAttributes(page, element, options);
        page.Append('>');
    }

    private static void LinkAttributes(StringBuilder page, IElement link)
    {
        if (link.GetAttribute("href") is not { } href || CleanUrl(href) is not { } url || !SanitizerPolicy.LinkSchemes.Contains(Scheme(url)))
            return;
        Attribute(page, "href", url);
        // A mail may neither reach its opener nor learn where it was read.
        page.Append(" target=\"_blank\" rel=\"noopener noreferrer nofollow\"");
    }

    private static void ImageAttributes(StringBuilder page, IElement image, HtmlSanitizerOptions options)
    {
        if (image.GetAttribute("src") is not { } source || CleanUrl(source) is not { } url)
            return;
        switch (Scheme(url))
        {
            case "cid":
                var id = Uri.UnescapeDataString(url[4..]).Trim('<', '>', ' ');
                if (options.ResolveContentId?.Invoke(id) is { } part)
                    Attribute(page, "src", part);
                return;
            case "data" when IsInlineImage(url):
                Attribute(page, "src", url);
                return;
            case "http" or "https" when options.AllowRemoteImages:
                Attribute(page, "src", url);
                page.Append(" referrerpolicy=\"no-referrer\" loading=\"lazy\"");
                return;
            case "http" or "https":
                Attribute(page, "data-blocked", "remote");
                return;
        }
    }

    // Raster pictures only: SVG is a document.
    private static bool IsInlineImage(string url)
    {
        if (url.Length > MaxInlineImage)
            return false;
        foreach (var type in (ReadOnlySpan<string>)["png", "jpeg", "jpg", "gif", "webp", "bmp"])
        {
            if (url.StartsWith($"data:image/{type};base64,", StringComparison.OrdinalIgnoreCase))
                return true;
        }

        return false;
    }

    private static string Style(IElement element, CssSheet sheet)
    {
        var kept = new Dictionary<string, string>();
        var strong = new Dictionary<string, string>();
        var inline = element.GetAttribute("style") is { Length: > 0 } own ? CssDeclarations.Parse(CssDeclarations.WithoutComments(own)) : [];
        foreach (var declaration in sheet.For(element).Concat(inline))
        {
            if (SanitizerPolicy.Properties.Contains(declaration.Property) && SanitizerPolicy.IsSafeValue(declaration.Value))
                (declaration.Important ? strong : kept)[declaration.Property] = declaration.Value;
        }

        foreach (var (property, value) in strong)
            kept[property] = value;
        return string.Join(';', kept.Select(d => d.Key + ":" + d.Value));
    }

    /// <summary>The address as a browser reads it: no control characters or white space (URL 4.4), within a length; null where nothing is left.</summary>
    private static string? CleanUrl(string value)
    {
        if (value.Length > MaxInlineImage)
            return null;
        var clean = new StringBuilder(value.Length);
        foreach (var c in value)
        {
            if (c is > ' ' and not '\u007F')
                clean.Append(c);
            else if (c == ' ' && clean.Length > 0)
                clean.Append("%20");
        }

        while (clean.Length >= 3 && clean.ToString(clean.Length - 3, 3) == "%20")
            clean.Length -= 3;
        return clean.Length == 0 ? null : clean.ToString();
    }

    private static string Scheme(string url)
    {
        var colon = url.IndexOf(':');
        return colon is > 0 and < 12 ? url[..colon].ToLowerInvariant() : "";
    }

    private static void Attribute(StringBuilder page, string name, string value, bool keepEmpty = false)
    {
        if (value.Length == 0 && !keepEmpty)
            return;
        page.Append(' ').Append(name).Append("=\"");
        Escape(page, value);
        page.Append('"');
    }

    private static void Escape(StringBuilder page, string text)
    {
        foreach (var c in text)
        {
            _ = c switch
            {
                '&' => page.Append("&amp;"),
                '<' => page.Append("&lt;"),
                '>' => page.Append("&gt;"),
                '"' => page.Append("&quot;"),
                '\'' => page.Append("&#39;"),
                '`' => page.Append("&#96;"),
                _ => page.Append(c),
            };
        }
    }
}
