namespace AgentMta.Protocol.Html;

/// <summary>One `property: value` of a style attribute or a rule.</summary>
internal readonly record struct CssDeclaration(string Property, string Value, bool Important);

/// <summary>Reads declaration lists as mail writes them: comments, quotes, stray semicolons, entities already decoded.</summary>
internal static class CssDeclarations
{
    public const int MaxDeclarations = 100;
    private const int MaxValue = 512;

    public static List<CssDeclaration> Parse(ReadOnlySpan<char> text)
    {
        var found = new List<CssDeclaration>();
        var at = 0;
        while (at < text.Length && found.Count < MaxDeclarations)
        {
            var end = at + DeclarationEnd(text[at..]);
            var declaration = text[at..end];
            at = end + 1;
            var colon = declaration.IndexOf(':');
            if (colon <= 0)
                continue;
            var property = declaration[..colon].Trim();
            var value = declaration[(colon + 1)..].Trim();
            if (property.IsEmpty || property.Length > 40 || value.Length > MaxValue)
                continue;
            var important = false;
            var bang = value.LastIndexOf('!');
            if (bang >= 0 && value[(bang + 1)..].Trim().Equals("important", StringComparison.OrdinalIgnoreCase))
            {
                important = true;
                value = value[..bang].TrimEnd();
            }

            found.Add(new CssDeclaration(property.ToString().ToLowerInvariant(), value.ToString(), important));
        }

        return found;
    }

    /// <summary>Removes comments; an unclosed one reaches to the end (CSS Syntax 3, 4.3.2).</summary>
    public static string WithoutComments(string css)
    {
        var start = css.IndexOf("/*", StringComparison.Ordinal);
        if (start < 0)
            return css;
        var kept = new System.Text.StringBuilder(css.Length);
        var at = 0;
        while (start >= 0)
        {
            kept.Append(css, at, start - at).Append(' ');
            var end = css.IndexOf("*/", start + 2, StringComparison.Ordinal);
            at = end < 0 ? css.Length : end + 2;
            start = end < 0 ? -1 : css.IndexOf("/*", at, StringComparison.Ordinal);
        }

        return kept.Append(css, at, css.Length - at).ToString();
    }

    /// <summary>Where the declaration ends: at a semicolon outside quotes and brackets.</summary>
    private static int DeclarationEnd(ReadOnlySpan<char> text)
    {
        var quote = '\0';
        var brackets = 0;
        for (var i = 0; i < text.Length; i++)
        {
            var c = text[i];
            if (quote != '\0')
                quote = c == quote ? '\0' : quote;
            else if (c is '"' or '\'')
                quote = c;
            else if (c == '(')
                brackets++;
            else if (c == ')')
                brackets = Math.Max(0, brackets - 1);
            else if (c == ';' && brackets == 0)
                return i;
        }

        return text.Length;
    }
}
