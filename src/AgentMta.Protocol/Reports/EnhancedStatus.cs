namespace AgentMta.Protocol.Reports;

/// <summary>Finds status codes in replies and diagnostics: RFC 3463 (x.y.z) and RFC 5321 4.2 (three digits).</summary>
internal static class EnhancedStatus
{
    /// <summary>The first enhanced status of a text, or null. "#5.1.1" and "5.1.1:" count, "10.5.1.1" and "5.1.1.7" do not.</summary>
    public static string? Find(ReadOnlySpan<char> text, bool failuresOnly = false)
    {
        for (var i = 0; i + 4 < text.Length; i++)
        {
            if (text[i] is not ('2' or '4' or '5') || (failuresOnly && text[i] == '2') || text[i + 1] != '.' || (i > 0 && (char.IsAsciiLetterOrDigit(text[i - 1]) || text[i - 1] is '.' or '-')))
                continue;
            var subject = Digits(text, i + 2);
            if (subject is 0 or > 3 || i + 2 + subject >= text.Length || text[i + 2 + subject] != '.')
                continue;
            var detailAt = i + 3 + subject;
            var detail = Digits(text, detailAt);
            var end = detailAt + detail;
            if (detail is 0 or > 3 || (end < text.Length && (char.IsAsciiLetterOrDigit(text[end]) || (text[end] == '.' && end + 1 < text.Length && char.IsAsciiDigit(text[end + 1])))))
                continue;
            return text[i..end].ToString();
        }

        return null;
    }

    /// <summary>The first reply code of a text (4xx or 5xx standing alone, or glued to an enhanced status), or null.</summary>
    public static int? ReplyCode(ReadOnlySpan<char> text)
    {
        for (var i = 0; i + 2 < text.Length; i++)
        {
            if (text[i] is not ('4' or '5') || text[i + 1] is < '0' or > '7' || !char.IsAsciiDigit(text[i + 2]) || (i > 0 && (char.IsAsciiLetterOrDigit(text[i - 1]) || text[i - 1] is '.' or '-' or '@' or '/')))
                continue;
            if (i + 3 < text.Length && text[i + 3] is not (' ' or '-' or ':' or '\t' or '\n' or '\r' or ')' or ',' or '#' or ']' or '>' or '"' or '\''))
                continue;
            // Followed by a unit it is a quantity, not a reply.
            var rest = text[(i + 3)..].TrimStart();
            if (rest.StartsWith("bytes", StringComparison.OrdinalIgnoreCase) || rest.StartsWith("kb", StringComparison.OrdinalIgnoreCase) || rest.StartsWith("mb", StringComparison.OrdinalIgnoreCase) || rest.StartsWith("seconds", StringComparison.OrdinalIgnoreCase) || rest.StartsWith("hours", StringComparison.OrdinalIgnoreCase))
                continue;
            return ((text[i] - '0') * 100) + ((text[i + 1] - '0') * 10) + (text[i + 2] - '0');
        }

        return null;
    }

    private static int Digits(ReadOnlySpan<char> text, int at)
    {
        var count = 0;
        while (at + count < text.Length && char.IsAsciiDigit(text[at + count]))
            count++;
        return count;
    }
}
