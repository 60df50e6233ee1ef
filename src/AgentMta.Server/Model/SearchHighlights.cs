using System.Text;

namespace AgentMta.Server.Model;

/// <summary>Shows where the words of a query stand: between two asterisks each, in whole values or in pieces of a long text.</summary>
internal sealed class SearchHighlights(SearchQuery query)
{
    private const string Mark = "**";
    private const int Before = 60;
    private const int After = 100;
    private const int MaximumFragments = 3;

    /// <summary>Those of the values in which a term stands; null where it is none of them.</summary>
    /// <param name="names">Addresses and names: a word may also be the beginning of theirs.</param>
    public IReadOnlyList<string>? Values(IEnumerable<string> values, bool names)
    {
        var shown = new List<string>();
        foreach (var value in values)
        {
            var hits = Hits(value, names);
            if (hits.Count > 0)
                shown.Add(Write(value, 0, value.Length, hits));
        }

        return shown.Count == 0 ? null : shown;
    }

    /// <summary>The first places of a text where a term stands, each with what is around it on one line; null where there is none.</summary>
    public IReadOnlyList<string>? Fragments(string text)
    {
        var hits = Hits(text, names: false);
        var fragments = new List<string>();
        for (var i = 0; i < hits.Count && fragments.Count < MaximumFragments;)
        {
            var start = Boundary(text, Math.Max(0, hits[i].Start - Before), hits[i].Start);
            var end = Math.Min(text.Length, hits[i].End + After);
            var last = i;
            while (last + 1 < hits.Count && hits[last + 1].End <= end)
                last++;
            end = EndBoundary(text, hits[last].End, end);
            var piece = OneLine(Write(text, start, end, hits[i..(last + 1)]));
            fragments.Add((start > 0 ? "…" : "") + piece + (end < text.Length ? "…" : ""));
            i = last + 1;
        }

        return fragments.Count == 0 ? null : fragments;
    }

    private List<(int Start, int End)> Hits(string text, bool names)
    {
        var words = SearchWords.Of(text);
        var hits = new List<(int Start, int End)>();
        for (var i = 0; i < words.Count; i++)
        {
            var length = 0;
            foreach (var term in query.Terms)
            {
                if (term.Words.Count > length && StandsAt(words, i, term, names))
                    length = term.Words.Count;
            }

            if (length == 0)
                continue;
            var hit = (words[i].Start, words[i + length - 1].End);
            // Terms that overlap or touch (scripts without spaces) are one mark.
            if (hits.Count > 0 && hit.Start <= hits[^1].End)
                hits[^1] = (hits[^1].Start, Math.Max(hits[^1].End, hit.End));
            else
                hits.Add(hit);
        }

        return hits;
    }

    private static bool StandsAt(List<SearchWord> words, int at, SearchTerm term, bool names)
    {
        if (at + term.Words.Count > words.Count)
            return false;
        for (var i = 0; i < term.Words.Count - 1; i++)
        {
            if (words[at + i].Token != term.Words[i])
                return false;
        }

        var last = words[at + term.Words.Count - 1].Token;
        return last == term.Words[^1] || (names && term.Prefix is { } prefix && last.StartsWith(prefix, StringComparison.Ordinal));
    }

    private static string Write(string text, int start, int end, List<(int Start, int End)> hits)
    {
        var marked = new StringBuilder(end - start + (hits.Count * 4));
        var at = start;
        foreach (var hit in hits)
        {
            marked.Append(text, at, hit.Start - at).Append(Mark).Append(text, hit.Start, hit.End - hit.Start).Append(Mark);
            at = hit.End;
        }

        return marked.Append(text, at, end - at).ToString();
    }

    // Cuts between words where there is a space nearby, and never within a surrogate pair.
    private static int Boundary(string text, int from, int hit)
    {
        if (from == 0)
            return 0;
        for (var i = from; i < hit; i++)
        {
            if (char.IsWhiteSpace(text[i]))
                return i + 1;
        }

        return char.IsLowSurrogate(text[from]) ? from + 1 : from;
    }

    private static int EndBoundary(string text, int hit, int to)
    {
        if (to == text.Length)
            return to;
        for (var i = to; i > hit; i--)
        {
            if (char.IsWhiteSpace(text[i]))
                return i;
        }

        return char.IsHighSurrogate(text[to - 1]) ? to - 1 : to;
    }

    private static string OneLine(string text) => string.Join(' ', text.Split((char[]?)null, StringSplitOptions.RemoveEmptyEntries));
}
