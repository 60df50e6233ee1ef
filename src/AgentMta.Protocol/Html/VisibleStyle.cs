using System.Globalization;
using AngleSharp.Dom;

namespace AgentMta.Protocol.Html;

/// <summary>
/// What of an element's style decides whether a person sees its text. Built from the parent's, the page's rules, old attributes and the style attribute.
/// </summary>
internal sealed record VisibleStyle
{
    public static readonly VisibleStyle Root = new();

    /// <summary>Why this element and all in it are not seen, or null.</summary>
    public string? Gone { get; private init; }

    public double FontSize { get; private init; } = 16;
    public double Opacity { get; private init; } = 1;
    public CssColor? Color { get; private init; } = CssColor.Black;

    /// <summary>Null where it cannot be told, as with a picture.</summary>
    public CssColor? Background { get; private init; } = CssColor.White;
    public bool IsInvisible { get; private init; }
    public bool IsPreformatted { get; private init; }
    public bool IsBlock { get; private init; }
    public double TextIndent { get; private init; }

    /// <summary>Why text directly in this element is not seen, or null.</summary>
    public string? Reason()
    {
        if (Gone is not null)
            return Gone;
        if (IsInvisible)
            return "visibility:hidden";
        if (FontSize < 2)
            return "font-size:" + FontSize.ToString("0.#", CultureInfo.InvariantCulture);
        if (Opacity < 0.05)
            return "opacity:0";
        if (TextIndent <= -200)
            return "text-indent";
        if (Color is { } color && (color.Alpha < 0.05 || (Background is { } background && color.IsIllegibleOn(background))))
            return "color of the background";
        return null;
    }

    public VisibleStyle Child(IElement element, CssSheet sheet)
    {
        var box = new Box();
        var style = this with { IsBlock = false };
        style = Attributes(element, style, box);
        List<CssDeclaration>? important = null;
        foreach (var declaration in sheet.For(element))
            style = Weigh(declaration, style, box, ref important);
        if (element.GetAttribute("style") is { Length: > 0 } inline)
        {
            foreach (var declaration in CssDeclarations.Parse(CssDeclarations.WithoutComments(inline)))
                style = Weigh(declaration, style, box, ref important);
        }

        foreach (var declaration in important ?? [])
            style = Apply(declaration, style, box);
        var reason = style.Gone ?? box.Reason();
        return style with { Gone = Gone ?? reason, Opacity = Opacity * box.Opacity };
    }

    private VisibleStyle Weigh(CssDeclaration declaration, VisibleStyle style, Box box, ref List<CssDeclaration>? important)
    {
        if (!declaration.Important)
            return Apply(declaration, style, box);
        (important ??= []).Add(declaration);
        return style;
    }

    private VisibleStyle Attributes(IElement element, VisibleStyle style, Box box)
    {
        // HTML 15.3: presentational hints are the weakest of author rules.
        if (element.HasAttribute("hidden"))
            box.Display = "none";
        if (element.GetAttribute("bgcolor") is { Length: > 0 } bgcolor)
            style = style with { Background = CssColor.Parse(bgcolor) ?? style.Background };
        if (element.HasAttribute("background"))
            style = style with { Background = null };
        switch (element.LocalName)
        {
            case "font" when element.GetAttribute("color") is { Length: > 0 } color:
                style = style with { Color = CssColor.Parse(color) };
                break;
            case "body" when element.GetAttribute("text") is { Length: > 0 } text:
                style = style with { Color = CssColor.Parse(text) };
                break;
            case "a" when element.HasAttribute("href"):
                style = style with { Color = new CssColor(0, 0, 238, 1) };
                break;
            case "mark":
                style = style with { Background = new CssColor(255, 255, 0, 1), Color = CssColor.Black };
                break;
            case "h1":
                style = style with { FontSize = FontSize * 2 };
                break;
            case "pre" or "textarea" or "listing":
                style = style with { IsPreformatted = true };
                break;
        }

        return style;
    }

    private VisibleStyle Apply(CssDeclaration declaration, VisibleStyle style, Box box)
    {
        var value = declaration.Value;
        if (value.Equals("inherit", StringComparison.OrdinalIgnoreCase))
            return Inherit(declaration.Property, style);
        switch (declaration.Property)
        {
            case "display":
                box.Display = value.ToLowerInvariant();
                return style with { IsBlock = box.Display is "block" or "flex" or "grid" or "table" or "list-item" };
            case "visibility":
                return style with { IsInvisible = Is(value, "hidden") || Is(value, "collapse") };
            case "opacity":
                if (CssLength.Pixels(value, 1) is { } opacity)
                    box.Opacity = Math.Clamp(opacity, 0, 1);
                return style;
            case "font-size":
                return style with { FontSize = CssLength.Pixels(value, FontSize) ?? KeywordSize(value) };
            case "font":
                return style with { FontSize = ShorthandSize(value) ?? style.FontSize };
            case "color":
                return style with { Color = CssColor.Parse(value) };
            case "background-color" or "background":
                return style with { Background = BackgroundOf(value, style.Background) };
            case "background-image":
                return Is(value, "none") ? style : style with { Background = null };
            case "text-indent":
                return style with { TextIndent = CssLength.Pixels(value) ?? 0 };
            case "white-space":
                return style with { IsPreformatted = value.StartsWith("pre", StringComparison.OrdinalIgnoreCase) || Is(value, "break-spaces") };
            default:
                box.Apply(declaration.Property, value);
                return style;
        }
    }

    private VisibleStyle Inherit(string property, VisibleStyle style) => property switch
    {
        "color" => style with { Color = Color },
        "background-color" or "background" => style with { Background = Background },
        "font-size" or "font" => style with { FontSize = FontSize },
        "visibility" => style with { IsInvisible = IsInvisible },
        _ => style,
    };

    private static CssColor? BackgroundOf(string value, CssColor? behind)
    {
        if (CssColor.Parse(value) is { } whole)
            return Over(whole, behind);
        if (value.Contains("url(", StringComparison.OrdinalIgnoreCase) || value.Contains("gradient", StringComparison.OrdinalIgnoreCase))
            return null;
        foreach (var word in value.Split(' ', StringSplitOptions.RemoveEmptyEntries))
        {
            if (CssColor.Parse(word) is { } color && !char.IsAsciiDigit(word[0]))
                return Over(color, behind);
        }

        return Is(value, "none") || Is(value, "initial") || value.Length == 0 ? behind : null;
    }

    private static CssColor? Over(CssColor color, CssColor? behind) => color.Alpha < 0.05 ? behind : color.Alpha < 0.95 ? null : color;

    private double KeywordSize(string value) => value.ToLowerInvariant() switch
    {
        "xx-small" => 9,
        "x-small" => 10,
        "small" => 13,
        "medium" => 16,
        "large" => 18,
        "x-large" => 24,
        _ => Math.Max(FontSize, 10),
    };

    private double? ShorthandSize(string value)
    {
        foreach (var word in value.Split(' ', 12, StringSplitOptions.RemoveEmptyEntries))
        {
            var size = word.Split('/')[0];
            if (size == "0" || (size.Length > 1 && char.IsAsciiDigit(size[0]) && (char.IsAsciiLetter(size[^1]) || size[^1] == '%')))
                return CssLength.Pixels(size, FontSize);
        }

        return null;
    }

    private static bool Is(string value, string word) => value.Equals(word, StringComparison.OrdinalIgnoreCase);

    /// <summary>The parts of the box model that push or cut text out of sight.</summary>
    private sealed class Box
    {
        private readonly Dictionary<string, string> _values = [];

        public string Display { get; set; } = "";
        public double Opacity { get; set; } = 1;

        public void Apply(string property, string value) => _values[property] = value;

        public string? Reason()
        {
            if (Display == "none")
                return "display:none";
            if (_values.Count == 0)
                return null;
            if (Value("overflow") is "hidden" or "clip" || Value("overflow-y") is "hidden" or "clip" || Value("overflow-x") is "hidden" or "clip")
            {
                foreach (var side in (ReadOnlySpan<string>)["height", "max-height", "width", "max-width"])
                {
                    if (Pixels(side) is < 2)
                        return side + ":0 with overflow:hidden";
                }
            }

            var position = Value("position");
            if (position is "absolute" or "fixed")
            {
                if (Value("clip") is { } clip && clip.StartsWith("rect(", StringComparison.Ordinal) && EmptyRectangle(clip))
                    return "clip";
            }

            if (position is "absolute" or "fixed" or "relative")
            {
                foreach (var side in (ReadOnlySpan<string>)["left", "top", "right", "bottom"])
                {
                    if (Pixels(side) is <= -500 or >= 5000)
                        return "off-screen " + side;
                }
            }

            foreach (var side in (ReadOnlySpan<string>)["margin-left", "margin-top"])
            {
                if (Pixels(side) is <= -500)
                    return "off-screen " + side;
            }

            if (Value("clip-path") is { } path && (path.StartsWith("inset(50%", StringComparison.Ordinal) || path.StartsWith("inset(100%", StringComparison.Ordinal) || path.StartsWith("circle(0", StringComparison.Ordinal)))
                return "clip-path";
            if (Value("transform") is { } transform && (transform.Contains("scale(0)", StringComparison.Ordinal) || transform.Contains("scale(0,", StringComparison.Ordinal) || transform.Contains("(-9999", StringComparison.Ordinal)))
                return "transform";
            return null;
        }

        private string? Value(string property) => _values.TryGetValue(property, out var value) ? value.ToLowerInvariant() : null;

        private double? Pixels(string property) => _values.TryGetValue(property, out var value) ? CssLength.Pixels(value) : null;

        // CSS 2 11.1.2: rect(top, right, bottom, left); nothing is left where an extent is at most a pixel.
        private static bool EmptyRectangle(string clip)
        {
            var sides = clip[5..].TrimEnd(')', ' ').Split([',', ' '], 5, StringSplitOptions.RemoveEmptyEntries);
            if (sides.Length < 4)
                return false;
            var at = new double?[4];
            for (var i = 0; i < 4; i++)
                at[i] = CssLength.Pixels(sides[i]);
            return at[2] - at[0] <= 1 || at[1] - at[3] <= 1;
        }
    }
}
