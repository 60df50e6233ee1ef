using System.Collections.Frozen;

namespace AgentMta.Protocol.Replies;

/// <summary>Finds the line or lines ("On … Ann wrote:") with which mail programs introduce a quotation, also where a program wrapped them.</summary>
internal static class AttributionReader
{
    private const int MaxLines = 6;
    private const int MaxCharacters = 480;

    private static readonly FrozenSet<char> VerbEnds = ReplyWords.Wrote.Concat(ReplyWords.WroteWeak).Select(verb => verb[^1]).ToFrozenSet();
    private static readonly FrozenSet<string> Weak = ReplyWords.WroteWeak.ToFrozenSet(StringComparer.Ordinal);
    private static readonly string[] Verbs = [.. ReplyWords.Wrote.Concat(ReplyWords.WroteWeak).Distinct().OrderByDescending(verb => verb.Length)];
    private static readonly string[] InnerVerbs = [.. Verbs.Where(verb => verb.Length >= 4 && !Weak.Contains(verb)), "schrieb", "skrev", "写道"];

    /// <summary>How many lines from `start` introduce a quotation; 0 where they do not.</summary>
    public static int Length(IReadOnlyList<ReplyLine> lines, int start)
    {
        var first = Clean(lines[start].Content);
        if (first.Length is 0 or > MaxCharacters)
            return 0;
        var opening = Opening(lines, start, first);
        if (!opening.CanOpen)
            return EndsHere(first, lines[start].Content, lines, start, default) ? 1 : 0;
        var firstIsDated = LineSigns.HasTime(first) || LineSigns.HasDate(first);
        var joined = first;
        var gaps = 0;
        for (var i = start; ;)
        {
            if (EndsHere(joined, lines[start].Content, lines, i, opening))
                return i - start + 1;
            i++;
            if (i < lines.Count && lines[i].IsBlank && opening.IsDated && gaps++ == 0)
                i++;
            if (i >= lines.Count || i - start >= MaxLines || lines[i].Content.Length == 0)
                return 0;
            // A wrapped address may leave ">" at the beginning of a line: "> wrote:".
            if (lines[i].Depth != lines[start].Depth && !(lines[i].Depth == lines[start].Depth + 1 && joined.Contains('<') && lines[i].Content.Length < 40))
                return 0;
            if (!firstIsDated && BeginsAnew(lines[i].Content))
                return 0;
            joined = joined + " " + lines[i].Content;
            if (joined.Length > MaxCharacters)
                return 0;
        }
    }

    /// <summary>Where within a line an introduction begins that was glued to the author's words, or -1.</summary>
    public static int GluedAt(string line)
    {
        if (line.Length > 4000 || !line.Contains("wrote:", StringComparison.Ordinal))
            return -1;
        var wrote = line.IndexOf("wrote:", StringComparison.Ordinal);
        var on = line.LastIndexOf("On ", wrote, StringComparison.Ordinal);
        if (on <= 0 || wrote - on > 300 || char.IsLetterOrDigit(line[on - 1]))
            return -1;
        var inner = line[on..wrote];
        var word = LineSigns.FirstWord(inner.AsSpan(3));
        if (!LineSigns.HasTime(inner) || !LineSigns.HasAddress(inner) || !(ReplyWords.Weekdays.Contains(word) || ReplyWords.Months.Contains(word) || (word.Length > 0 && char.IsDigit(word[0]))))
            return -1;
        while (on > 0 && line[on - 1] is '-' or ' ' or '\t')
            on--;
        return line.AsSpan(0, on).ContainsAnyExcept("> \t") ? on : -1;
    }

    /// <summary>Whether the introduction rather begins on this line, and the one before is the author's.</summary>
    private static bool BeginsAnew(string content) =>
        ReplyWords.Lead.Contains(LineSigns.FirstWord(content)) && (LineSigns.HasTime(content) || LineSigns.HasDate(content));

    private readonly record struct OpeningSigns(bool CanOpen, bool IsDated, bool HasLead, bool StartsWithDate);

    private static OpeningSigns Opening(IReadOnlyList<ReplyLine> lines, int start, string first)
    {
        var word = LineSigns.FirstWord(first);
        var hasDigit = first.Any(char.IsDigit);
        var hasLead = ReplyWords.Lead.Contains(word) || word.StartsWith("in data", StringComparison.Ordinal) || (word.Length > 0 && word[0] is '在' or '于' or '於' or '2' && hasDigit);
        var startsWithDate = hasDigit && (char.IsDigit(first[0]) || IsWeekday(first, word));
        var quoting = ReplyWords.Quoting.Contains(word);
        // The date may only come on the second line.
        var datedNext = hasLead && !hasDigit && start + 1 < lines.Count && lines[start + 1].Content.Any(char.IsDigit);
        var named = LineSigns.HasAddress(first) || first.EndsWith('<');
        return new OpeningSigns((hasLead && (hasDigit || datedNext)) || startsWithDate || quoting || named, (hasLead || startsWithDate) && LineSigns.HasTime(first) && LineSigns.HasDate(first), hasLead || quoting, startsWithDate);
    }

    // Short names of days are words of other languages ("to", "la", "me"): a comma or a full stop makes them a day.
    private static bool IsWeekday(string line, string word) =>
        ReplyWords.Weekdays.Contains(word) && (word.Length > 3 || (line.Length > word.Length && line[word.Length] is ',' or '.' or '،'));

    private static bool EndsHere(string joined, string firstLine, IReadOnlyList<ReplyLine> lines, int last, OpeningSigns opening)
    {
        var end = joined.AsSpan().TrimEnd("-*_ \t");
        var hasColon = end.Length > 0 && end[^1] is ':' or '：';
        if (hasColon)
            end = end[..^1].TrimEnd();
        if (end.Length == 0)
            return false;
        var isDashed = firstLine.StartsWith("--", StringComparison.Ordinal) && lines[last].Content.EndsWith("--", StringComparison.Ordinal);
        var verb = VerbAtEnd(end);
        if (verb is not null)
        {
            var hasAddress = LineSigns.HasAddress(end);
            var isDated = LineSigns.HasTime(end) || (LineSigns.HasDate(end) && LineSigns.HasYear(end));
            if (!hasColon)
                return isDashed || (hasAddress && isDated && opening.CanOpen) || (hasAddress && verb.Length == end.Length - end.IndexOf(verb, StringComparison.Ordinal) && opening.IsDated);
            if (Weak.Contains(verb) && verb is "sent" or "said")
                return hasAddress && isDated;
            if (hasAddress || isDashed || (isDated && (opening.HasLead || opening.StartsWithDate)))
                return true;
            return end.Length < 100 && NextIsQuote(lines, last) && (LineSigns.HasDate(end) || end.Count(' ') < 6);
        }

        if (hasColon)
        {
            var hasAddress = LineSigns.HasAddress(end);
            if (hasAddress && (opening.HasLead || opening.StartsWithDate) && (LineSigns.HasTime(end) || LineSigns.HasDate(end)))
                return true;
            if (hasAddress && ReplyWords.Quoting.Contains(LineSigns.FirstWord(joined)))
                return true;
            return (LineSigns.HasTime(end) || (hasAddress && LineSigns.HasDate(end))) && LineSigns.HasDate(end) && VerbWithin(joined, hasAddress ? 120 : 60);
        }

        if (!opening.StartsWithDate || end.Length > 200)
            return false;
        // "2011/4/7 Ann <ann@x>" above a quotation; "2016-03-03 17:21 GMT+01:00 Ann", as Gmail wrote.
        if (end[^1] == '>' && LineSigns.HasAddress(end) && NextIsQuote(lines, last))
            return true;
        var zone = end.IndexOf(" GMT", StringComparison.Ordinal);
        return zone > 0 && LineSigns.HasTime(end[..zone]) && LineSigns.HasDate(end[..zone]) && end[(zone + 4)..].Contains(' ') && end[^1] != '<' && end[^1] != '.';
    }

    private static bool NextIsQuote(IReadOnlyList<ReplyLine> lines, int last)
    {
        for (var i = last + 1; i < lines.Count && i < last + 4; i++)
        {
            if (!lines[i].IsBlank)
                return lines[i].Depth > lines[last].Depth;
        }

        return false;
    }

    private static string? VerbAtEnd(ReadOnlySpan<char> end)
    {
        if (!VerbEnds.Contains(char.ToLowerInvariant(end[^1])))
            return null;
        foreach (var verb in Verbs)
        {
            if (!end.EndsWith(verb, StringComparison.OrdinalIgnoreCase))
                continue;
            var before = end.Length - verb.Length - 1;
            if (before < 0 || !char.IsLetter(end[before]) || verb[0] > '\u2E80' || end[before] > '\u2E80')
                return verb;
        }

        return null;
    }

    private static bool VerbWithin(string joined, int limit)
    {
        var head = joined.AsSpan(0, Math.Min(limit, joined.Length));
        foreach (var verb in InnerVerbs)
        {
            var at = head.IndexOf(verb, StringComparison.OrdinalIgnoreCase);
            if (at > 0 && !char.IsLetter(head[at - 1]))
                return true;
        }

        return false;
    }

    private static string Clean(string content) => content.TrimStart('-', '*', '_', ' ', '~', '>', '|', '“', '"').TrimStart();
}
