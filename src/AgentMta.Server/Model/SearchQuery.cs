namespace AgentMta.Server.Model;

/// <summary>Words that must stand next to each other, in this order.</summary>
/// <param name="Exact">Given in quotes: the last word may not be the beginning of a longer one.</param>
internal sealed record SearchTerm(IReadOnlyList<string> Words, bool Exact)
{
    private const int ShortestPrefix = 2;

    /// <summary>The last word, where addresses and names may have it as a beginning; null where they may not.</summary>
    public string? Prefix => !Exact && Words[^1].Length >= ShortestPrefix ? Words[^1] : null;
}

/// <summary>
/// What is searched for: terms that all must be there. Parts by white space; what has no space inside ("order-4711", an address) or stands in quotes is one term.
/// Nothing else has a meaning, so nothing that a user writes can be wrong syntax.
/// </summary>
internal sealed record SearchQuery(IReadOnlyList<SearchTerm> Terms)
{
    /// <summary>So many characters may a query have.</summary>
    public const int MaximumLength = 500;

    /// <summary>So many words may all terms have together.</summary>
    public const int MaximumWords = 32;

    /// <summary>Reads what a user wrote; a query, or a sentence that tells what is wrong with it.</summary>
    public static (SearchQuery? Query, string? Fault) Read(string text)
    {
        if (text.Length > MaximumLength)
            return (null, $"It has {text.Length} characters; at most {MaximumLength} are taken.");
        var terms = new List<SearchTerm>();
        foreach (var (piece, exact) in Pieces(text))
        {
            var words = SearchWords.Of(piece).ConvertAll(w => w.Token);
            if (words.Count > 0 && !terms.Exists(t => t.Exact == exact && t.Words.SequenceEqual(words)))
                terms.Add(new SearchTerm(words, exact));
        }

        var count = terms.Sum(t => t.Words.Count);
        if (count == 0)
            return (null, "There is no word in it to look for.");
        return count <= MaximumWords ? (new SearchQuery(terms), null) : (null, $"It has {count} words; at most {MaximumWords} are taken.");
    }

    // A quote that is not closed reaches to the end.
    private static IEnumerable<(string Piece, bool Exact)> Pieces(string text)
    {
        var quoted = false;
        foreach (var part in text.Split('"', '“', '”', '„'))
        {
            if (quoted)
            {
                yield return (part, true);
            }
            else
            {
                foreach (var piece in part.Split((char[]?)null, StringSplitOptions.RemoveEmptyEntries))
                    yield return (piece, false);
            }

            quoted = !quoted;
        }
    }
}
