namespace AgentMta.Protocol.Reports;

/// <summary>Header-like fields of the machine-readable parts: groups of them, unfolded, in order.</summary>
internal static class ReportFields
{
    private const int MaxGroups = 2000;
    private const int MaxCharacters = 2 * 1024 * 1024;

    /// <summary>The groups of a part (RFC 3464 2.1: separated by blank lines).</summary>
    public static List<List<(string Name, string Value)>> Groups(string text)
    {
        var groups = new List<List<(string Name, string Value)>>();
        List<(string Name, string Value)>? group = null;
        if (text.Length > MaxCharacters)
            text = text[..MaxCharacters];
        var value = new System.Text.StringBuilder();
        string? name = null;
        void End()
        {
            if (name is not null)
                (group ??= []).Add((name, value.ToString().Trim()));
            name = null;
            value.Clear();
        }

        foreach (var range in text.AsSpan().Split('\n'))
        {
            var line = text.AsSpan()[range].TrimEnd();
            if (line.IsEmpty)
            {
                End();
                if (group is not null && groups.Count < MaxGroups)
                    groups.Add(group);
                group = null;
                continue;
            }

            if (char.IsWhiteSpace(line[0]) && name is not null)
            {
                value.Append(' ').Append(line.Trim());
                continue;
            }

            var colon = line.IndexOf(':');
            if (colon is <= 0 or > 60 || line[..colon].TrimEnd().Contains(' '))
                continue;
            End();
            name = line[..colon].TrimEnd().ToString();
            value.Append(line[(colon + 1)..].Trim());
        }

        End();
        if (group is not null && groups.Count < MaxGroups)
            groups.Add(group);
        return groups;
    }

    /// <summary>The first value of a field, or null.</summary>
    public static string? First(List<(string Name, string Value)> group, string name)
    {
        foreach (var (key, value) in group)
        {
            if (key.Equals(name, StringComparison.OrdinalIgnoreCase))
                return value;
        }

        return null;
    }

    /// <summary>The address of "rfc822; ann@x.test" (RFC 3464 2.3.2) without type, brackets and source route.</summary>
    public static string Address(string? value)
    {
        if (value is null)
            return "";
        var text = value.Trim();
        var semicolon = text.IndexOf(';');
        var isUnicode = false;
        if (semicolon >= 0 && semicolon < 16)
        {
            // RFC 6533 3: utf-8 addresses escape as \x{4E00}.
            isUnicode = text[..semicolon].Trim().Equals("utf-8", StringComparison.OrdinalIgnoreCase);
            text = text[(semicolon + 1)..].Trim();
        }

        var open = text.LastIndexOf('<');
        var close = text.LastIndexOf('>');
        if (open >= 0 && close > open)
            text = text[(open + 1)..close];
        text = text.Trim('<', '>', '"', '\'', ' ', '(', ')', ',', ';', ':');
        if (text.StartsWith('@') && text.IndexOf(':') is > 0 and var colon)
            text = text[(colon + 1)..];
        return isUnicode ? Unescape(text) : text;
    }

    /// <summary>RFC 3461 4: xtext, where "+3D" stands for "=".</summary>
    public static string FromXtext(string text)
    {
        if (!text.Contains('+', StringComparison.Ordinal))
            return text;
        var plain = new System.Text.StringBuilder(text.Length);
        for (var i = 0; i < text.Length; i++)
        {
            if (text[i] == '+' && i + 2 < text.Length && char.IsAsciiHexDigitUpper(text[i + 1]) && char.IsAsciiHexDigitUpper(text[i + 2]) && Convert.ToInt32(text.Substring(i + 1, 2), 16) is 0x2B or 0x3D or < 0x21)
            {
                plain.Append((char)Convert.ToInt32(text.Substring(i + 1, 2), 16));
                i += 2;
            }
            else
            {
                plain.Append(text[i]);
            }
        }

        return plain.ToString();
    }

    private static string Unescape(string text)
    {
        var plain = new System.Text.StringBuilder(text.Length);
        for (var i = 0; i < text.Length; i++)
        {
            var close = text[i] == '\\' && i + 3 < text.Length && text[i + 1] == 'x' && text[i + 2] == '{' ? text.IndexOf('}', i) : -1;
            if (close > 0 && close - i < 11 && int.TryParse(text.AsSpan(i + 3, close - i - 3), System.Globalization.NumberStyles.AllowHexSpecifier, System.Globalization.CultureInfo.InvariantCulture, out var point) && System.Text.Rune.IsValid(point))
            {
                plain.Append(char.ConvertFromUtf32(point));
                i = close;
            }
            else
            {
                plain.Append(text[i]);
            }
        }

        return plain.ToString();
    }
}
