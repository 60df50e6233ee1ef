namespace AgentMta.Protocol.Replies;

/// <summary>Finds the header block (From, Sent, To, Subject) that Outlook and others put above the message they answer.</summary>
internal static class HeaderBlockReader
{
    private const int MaxLabel = 24;
    private const int MaxLines = 14;

    /// <summary>Whether a header block begins at the line.</summary>
    public static bool StartsAt(IReadOnlyList<ReplyLine> lines, int start)
    {
        if (Label(lines[start].Content, out _) is not { } first || first is HeaderKind.Copy or HeaderKind.Other)
            return false;
        var kinds = 0;
        var hasAddress = false;
        var gaps = 0;
        for (var i = start; i < lines.Count && i < start + MaxLines; i++)
        {
            var content = lines[i].Content;
            if (content.Length == 0)
            {
                if (++gaps > 1)
                    break;
                continue;
            }

            if (Label(content, out var value) is { } kind)
            {
                // What is labelled a date holds a figure; what is labelled a person is short.
                if (kind is HeaderKind.Date or HeaderKind.Sent && !value.ContainsAnyInRange('0', '9') && !HasOtherDigit(value))
                {
                    if (kind == HeaderKind.Date)
                        break;
                }

                kinds |= 1 << (int)kind;
                hasAddress |= LineSigns.HasAddress(value);
                // Two on a line: "To: a@x Subject: y".
                if (SecondLabel(value) is { } second)
                    kinds |= 1 << (int)second;
                gaps = 0;
            }
            else if (gaps > 0 || i == start)
            {
                break;
            }
            else if (LineSigns.HasAddress(content))
            {
                hasAddress = true;
            }
            else if (!IsContinuation(lines[i].Text))
            {
                break;
            }
        }

        if (first == HeaderKind.From && kinds == 1 << (int)HeaderKind.From)
            return StandsAlone(lines, start);
        bool Has(HeaderKind kind) => (kinds & (1 << (int)kind)) != 0;
        var count = System.Numerics.BitOperations.PopCount((uint)kinds);
        var hasOrigin = Has(HeaderKind.From) || ((Has(HeaderKind.Sent) || Has(HeaderKind.Date)) && (Has(HeaderKind.To) || Has(HeaderKind.Subject)));
        // "From: Berlin, To: Munich, Date: 3 May" is a journey: a subject, a time of sending or an address make it mail.
        return count >= 2 && hasOrigin && (hasAddress || Has(HeaderKind.Sent) || (Has(HeaderKind.Subject) && (Has(HeaderKind.From) || Has(HeaderKind.Date))));
    }

    /// <summary>A sender with a full address in a paragraph of its own, right above what is quoted.</summary>
    private static bool StandsAlone(IReadOnlyList<ReplyLine> lines, int start)
    {
        Label(lines[start].Content, out var value);
        if (value.Length is < 5 or > 120 || value[^1] != '>' || !LineSigns.HasAddress(value) || (start > 0 && !lines[start - 1].IsBlank))
            return false;
        for (var i = start + 1; i < lines.Count && i < start + 4; i++)
        {
            if (!lines[i].IsBlank)
                return lines[i].Depth > lines[start].Depth;
        }

        return false;
    }

    /// <summary>What the line's label says, and its value; null where the line has none.</summary>
    public static HeaderKind? Label(string line, out ReadOnlySpan<char> value)
    {
        value = default;
        var text = line.AsSpan().TrimStart("*_ |\t");
        var limit = Math.Min(text.Length, MaxLabel + 3);
        var colon = text[..limit].IndexOfAny(':', '：');
        if (colon <= 0)
            return null;
        var label = text[..colon].TrimEnd("* _\t\u00A0").ToString().ToLowerInvariant().Replace('\u00A0', ' ');
        if (!ReplyWords.HeaderLabels.TryGetValue(label, out var kind))
            return null;
        value = text[(colon + 1)..].Trim("* _\t");
        return kind;
    }

    private static HeaderKind? SecondLabel(ReadOnlySpan<char> value)
    {
        for (var at = value.IndexOf(" : ", StringComparison.Ordinal); at > 0;)
        {
            var start = value[..at].LastIndexOf(' ') + 1;
            return ReplyWords.HeaderLabels.TryGetValue(value[start..at].ToString().ToLowerInvariant(), out var kind) ? kind : null;
        }

        return null;
    }

    // A long list of recipients or a subject goes on in the next line, often indented.
    private static bool IsContinuation(string text) => text.Length > 0 && (char.IsWhiteSpace(text[0]) || text.EndsWith(';') || text.EndsWith(','));

    private static bool HasOtherDigit(ReadOnlySpan<char> value)
    {
        foreach (var c in value)
        {
            if (char.IsDigit(c))
                return true;
        }

        return false;
    }
}
