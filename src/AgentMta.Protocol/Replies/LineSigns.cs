using System.Globalization;

namespace AgentMta.Protocol.Replies;

/// <summary>Tells what a line holds that a date, a time or an address would: scanners that look at each character once.</summary>
internal static class LineSigns
{
    public static bool HasAddress(ReadOnlySpan<char> line)
    {
        for (var at = line.IndexOf('@'); at >= 0;)
        {
            if (at > 0 && at + 1 < line.Length && !char.IsWhiteSpace(line[at - 1]) && !char.IsWhiteSpace(line[at + 1]))
                return true;
            var next = line[(at + 1)..].IndexOf('@');
            at = next < 0 ? -1 : at + 1 + next;
        }

        return false;
    }

    /// <summary>A time of day: 9:41, 21.30, 9h41, 오후 3시.</summary>
    public static bool HasTime(ReadOnlySpan<char> line)
    {
        for (var i = 1; i + 2 < line.Length; i++)
        {
            if (line[i] is ':' or '.' or 'h' or '：' && char.IsDigit(line[i - 1]) && char.IsDigit(line[i + 1]) && char.IsDigit(line[i + 2]) &&
                (i + 3 >= line.Length || !char.IsDigit(line[i + 3])) && (i < 3 || !char.IsDigit(line[i - 2]) || !char.IsDigit(line[i - 3])) && (line[i] != '.' || IsClock(line, i)))
                return true;
        }

        return line.Contains('시') || line.Contains('時') || line.Contains('点');
    }

    /// <summary>A year, a date in figures, or a day beside the name of a month.</summary>
    public static bool HasDate(ReadOnlySpan<char> line)
    {
        var hasDay = false;
        var hasMonth = false;
        for (var i = 0; i < line.Length;)
        {
            if (char.IsDigit(line[i]))
            {
                var end = i;
                while (end < line.Length && char.IsDigit(line[end]))
                    end++;
                if (end - i <= 2)
                    hasDay = true;
                if (end - i is 1 or 2 or 4 && end + 1 < line.Length && line[end] is '/' or '-' or '.' && IsSecondPart(line, end + 1, line[end]))
                    return true;
                if (end < line.Length && line[end] is '年' or '月' or '년' or '월')
                    return true;
                i = end;
            }
            else if (char.IsLetter(line[i]))
            {
                var end = i;
                while (end < line.Length && (char.IsLetter(line[end]) || CharUnicodeInfo.GetUnicodeCategory(line[end]) == UnicodeCategory.NonSpacingMark))
                    end++;
                if (end - i <= 14 && ReplyWords.Months.Contains(line[i..end].ToString().ToLowerInvariant()))
                    hasMonth = true;
                i = end;
            }
            else
            {
                i++;
            }
        }

        return hasDay && hasMonth;
    }

    public static bool HasYear(ReadOnlySpan<char> line)
    {
        for (var i = 0; i + 3 < line.Length; i++)
        {
            if (char.IsDigit(line[i]) && char.IsDigit(line[i + 1]) && char.IsDigit(line[i + 2]) && char.IsDigit(line[i + 3]) && (i == 0 || !char.IsDigit(line[i - 1])) &&
                (i + 4 == line.Length || !char.IsDigit(line[i + 4])) && char.GetNumericValue(line[i]) is 1 or 2)
                return true;
        }

        return false;
    }

    /// <summary>The first word in lower case, without what punctuation follows it.</summary>
    public static string FirstWord(ReadOnlySpan<char> line)
    {
        var end = 0;
        while (end < line.Length && end < 24 && !char.IsWhiteSpace(line[end]) && line[end] is not (',' or '.' or '،' or '，' or ':' or '：'))
            end++;
        return line[..end].ToString().ToLowerInvariant();
    }

    private static bool IsClock(ReadOnlySpan<char> line, int dot)
    {
        // "18.30" is a time, "30.09.2017" is not.
        var before = dot >= 3 && line[dot - 3] is '.' or '/';
        var after = dot + 3 < line.Length && line[dot + 3] is '.' or '/';
        return !before && !after;
    }

    private static bool IsSecondPart(ReadOnlySpan<char> line, int at, char separator)
    {
        var end = at;
        while (end < line.Length && (char.IsDigit(line[end]) || (char.IsLetter(line[end]) && end - at < 4)))
            end++;
        return end > at && end + 1 < line.Length && line[end] == separator && char.IsDigit(line[end + 1]);
    }
}
