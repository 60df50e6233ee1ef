using System.Collections.Frozen;
using System.Globalization;
using AngleSharp.Dom;

namespace AgentMta.Protocol.Html;

/// <summary>Turns mail's HTML into the text that a person would read, and reports apart what the page hides from that person.</summary>
public static class HtmlText
{
    private const string CutNote = "[The rest of this message is left out: it is too long.]";
    private const string LayoutNote = "[The layout of the rest of this message is left out: it has too many tags.]";
    private const int MaxAltText = 120;
    private const int MaxLink = 2048;

    private static readonly FrozenSet<string> NotRendered = Set("head script style title template object applet audio video canvas datalist noframes noembed iframe map area");
    private static readonly FrozenSet<string> Paragraphs = Set("p h1 h2 h3 h4 h5 h6 ul ol dl blockquote table pre hr figure fieldset");
    private static readonly FrozenSet<string> Blocks = Set(
        "address article aside body caption center dd details dialog dir div dt figcaption footer form header hgroup html legend li listing main menu nav optgroup section summary tbody tfoot thead tr");

    /// <summary>Text and hidden text of a page. Bounded in size, depth and time for any input; never throws.</summary>
    public static HtmlTextResult Extract(string html) => Extract(html, new HtmlBudget());

    /// <summary>The same within what the message's pages before have left.</summary>
    internal static HtmlTextResult Extract(string html, HtmlBudget budget)
    {
        if (budget is { Characters: 0, IsExceeded: true })
            return new HtmlTextResult("", []); // the page before has said so
        using var document = HtmlTree.Parse(html, budget, out var loss);
        var hidden = new HiddenTextList();
        var writer = new HtmlTextWriter();
        var sheet = CssSheet.From(document.GetElementsByTagName("style").Select(style => style.TextContent));
        Walk(document, sheet, writer, hidden);
        var all = hidden.ToList().ToList();
        if (loss != HtmlLoss.None)
        {
            // Who looks for hidden text must know that he did not see all of it, whatever the page was padded with.
            var note = loss == HtmlLoss.End ? CutNote : LayoutNote;
            writer.Break(1);
            writer.Words(note);
            all.Add(new HiddenText(note, "not looked through"));
        }

        return new HtmlTextResult(HiddenCharacters.Strip(writer.Finish(), all), all);
    }

    private static FrozenSet<string> Set(string names) => names.Split(' ').ToFrozenSet(StringComparer.Ordinal);

    /// <summary>One open element: what to do when it ends, and the style that its children start from.</summary>
    private sealed class Frame(INode node, VisibleStyle style, string name)
    {
        private int _next;

        public INode Node { get; } = node;
        public VisibleStyle Style { get; } = style;
        public string Name { get; } = name;
        public bool IsBlock { get; set; }
        public bool Indents { get; set; }
        public int Items { get; set; }
        public int TextBefore { get; init; }

        // By index: AngleSharp finds a next sibling by searching its parent's list.
        public INode? Next() => _next < Node.ChildNodes.Length ? Node.ChildNodes[_next++] : null;
    }

    // The tree may be a few hundred elements deep: walked with a stack of its own.
    private static void Walk(INode root, CssSheet sheet, HtmlTextWriter writer, HiddenTextList hidden)
    {
        var stack = new Stack<Frame>();
        stack.Push(new Frame(root, VisibleStyle.Root, "#document"));
        while (stack.Count > 0)
        {
            var frame = stack.Peek();
            if (frame.Next() is not { } node)
            {
                stack.Pop();
                Leave(frame, stack.TryPeek(out var parent) ? parent : null, writer);
                continue;
            }

            switch (node)
            {
                case IText text:
                    Text(text.Data, frame, writer, hidden);
                    break;
                case IComment comment:
                    if (!IsConditional(comment.Data))
                        hidden.Add(comment.Data, "comment");
                    break;
                case IElement element:
                    Enter(element, frame, stack, sheet, writer, hidden);
                    break;
            }
        }
    }

    // Conditional comments speak to Outlook and are in every newsletter; what they hold is layout.
    private static bool IsConditional(string comment)
    {
        var start = comment.AsSpan().TrimStart();
        return start.StartsWith("[if", StringComparison.OrdinalIgnoreCase) || start.StartsWith("<![endif", StringComparison.OrdinalIgnoreCase) ||
            start.StartsWith("[endif", StringComparison.OrdinalIgnoreCase) || start.EndsWith("<![endif]", StringComparison.OrdinalIgnoreCase);
    }

    private static void Text(string data, Frame frame, HtmlTextWriter writer, HiddenTextList hidden)
    {
        if (frame.Name == "#document" || (frame.Name is "table" or "tr" or "tbody" && string.IsNullOrWhiteSpace(data)))
            return;
        if (frame.Style.Reason() is { } reason)
            hidden.Add(data, reason, joinsPrevious: true);
        else if (frame.Style.IsPreformatted)
            writer.Preformatted(data);
        else
            writer.Words(data);
    }

    private static void Enter(IElement element, Frame parent, Stack<Frame> stack, CssSheet sheet, HtmlTextWriter writer, HiddenTextList hidden)
    {
        var name = element.LocalName;
        if (NotRendered.Contains(name))
        {
            if (name is "template" or "object" or "noframes" or "datalist")
                hidden.Add(element is AngleSharp.Html.Dom.IHtmlTemplateElement template ? template.Content.TextContent : element.TextContent, name);
            return;
        }

        var style = parent.Style.Child(element, sheet);
        if (name == "dialog" && !element.HasAttribute("open"))
            hidden.Add(element.TextContent, "dialog");
        var frame = new Frame(element, style, name) { TextBefore = writer.Length };
        if (style.Reason() is null || style.Gone is null)
            Open(element, frame, parent, writer, hidden);
        if (name != "dialog" || element.HasAttribute("open"))
            stack.Push(frame);
    }

    private static void Open(IElement element, Frame frame, Frame parent, HtmlTextWriter writer, HiddenTextList hidden)
    {
        switch (frame.Name)
        {
            case "br":
                writer.HardBreak();
                return;
            case "hr":
                writer.Break(0);
                writer.Words("--------------------");
                writer.Break(0);
                return;
            case "img":
                Image(element, frame, writer, hidden);
                return;
            case "td" or "th":
                // A cell that holds blocks is layout and gets lines of its own; else the row stays a line.
                frame.IsBlock = element.Children.Any(c => Paragraphs.Contains(c.LocalName) || Blocks.Contains(c.LocalName));
                if (frame.IsBlock)
                    writer.Break(0);
                else if (parent.Items++ > 0)
                    writer.Separate('\t');
                return;
        }

        frame.IsBlock = Paragraphs.Contains(frame.Name) || Blocks.Contains(frame.Name) || frame.Style.IsBlock;
        if (!frame.IsBlock)
            return;
        writer.Break(BlankLines(frame, parent));
        if (frame.Name == "li")
            Item(element, frame, parent, writer);
        else if (frame.Name is "blockquote" or "dd")
        {
            writer.Indent(frame.Name == "dd" ? "  " : "> ");
            frame.Indents = true;
        }
    }

    private static int BlankLines(Frame frame, Frame? parent)
    {
        if (!Paragraphs.Contains(frame.Name))
            return 0;
        // Nested lists and tables, and Outlook's paragraphs without a margin, follow without a blank line.
        if (frame.Name is "ul" or "ol" && parent?.Name is "li" or "ul" or "ol")
            return 0;
        if (frame.Name == "table" && parent?.Name is "td" or "th")
            return 0;
        return frame.Name == "p" && HasNoMargin((IElement)frame.Node) ? 0 : 1;
    }

    private static bool HasNoMargin(IElement paragraph)
    {
        if (paragraph.ClassName is { } names && names.StartsWith("MsoNormal", StringComparison.Ordinal))
            return true;
        if (paragraph.GetAttribute("style") is not { Length: > 0 } style)
            return false;
        foreach (var declaration in CssDeclarations.Parse(style))
        {
            if (declaration.Property is "margin" or "margin-bottom" && CssLength.Pixels(declaration.Value) is < 2)
                return true;
        }

        return false;
    }

    private static void Item(IElement element, Frame frame, Frame parent, HtmlTextWriter writer)
    {
        var bullet = "* ";
        if (parent.Name == "ol")
        {
            var start = int.TryParse(parent.Node is IElement list ? list.GetAttribute("start") : null, NumberStyles.Integer, CultureInfo.InvariantCulture, out var from) ? from : 1;
            bullet = string.Create(CultureInfo.InvariantCulture, $"{(long)start + parent.Items}. ");
        }

        parent.Items++;
        if (element.GetAttribute("style") is { } style && style.Contains("list-style", StringComparison.OrdinalIgnoreCase) && style.Contains("none", StringComparison.OrdinalIgnoreCase))
            bullet = "";
        writer.Indent(new string(' ', bullet.Length), bullet.Length > 0 ? bullet : null);
        frame.Indents = true;
    }

    private static void Image(IElement element, Frame frame, HtmlTextWriter writer, HiddenTextList hidden)
    {
        if (element.GetAttribute("alt")?.Trim() is not { Length: > 0 } alt)
            return;
        var isPixel = CssLength.Pixels(element.GetAttribute("width")) is <= 2 || CssLength.Pixels(element.GetAttribute("height")) is <= 2;
        if (frame.Style.Reason() is { } reason)
            hidden.Add(alt, reason);
        else if (isPixel || alt.Length > MaxAltText)
            hidden.Add(alt, "alt text of an image");
        else
            writer.Words($"[image: {alt.ReplaceLineEndings(" ")}]");
    }

    private static void Leave(Frame frame, Frame? parent, HtmlTextWriter writer)
    {
        if (frame.Name == "a" && frame.Style.Reason() is null)
            Link((IElement)frame.Node, frame.TextBefore, writer);
        if (frame.Indents)
            writer.Outdent();
        if (frame.IsBlock)
            writer.Break(BlankLines(frame, parent));
    }

    /// <summary>Follows a link's text with its address where the text does not say it already.</summary>
    private static void Link(IElement link, int textBefore, HtmlTextWriter writer)
    {
        if (writer.Length == textBefore || link.GetAttribute("href")?.Trim() is not { Length: > 0 and <= MaxLink } href)
            return;
        var isMail = href.StartsWith("mailto:", StringComparison.OrdinalIgnoreCase);
        if (!isMail && !href.StartsWith("http:", StringComparison.OrdinalIgnoreCase) && !href.StartsWith("https:", StringComparison.OrdinalIgnoreCase))
            return;
        var said = Bare(link.TextContent);
        var target = Bare(isMail ? href[7..].Split('?')[0] : href);
        if (target.Length > 0 && !said.Equals(target, StringComparison.OrdinalIgnoreCase) && !href.Any(char.IsWhiteSpace))
            writer.Words($" <{(isMail ? href[7..].Split('?')[0] : href)}>");
    }

    private static string Bare(string address)
    {
        var bare = address.Trim();
        var scheme = bare.IndexOf("://", StringComparison.Ordinal);
        return (scheme is > 0 and < 8 ? bare[(scheme + 3)..] : bare).TrimEnd('/');
    }
}
