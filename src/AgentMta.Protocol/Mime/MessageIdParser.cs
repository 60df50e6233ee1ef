namespace AgentMta.Protocol.Mime;

/// <summary>Reads Message-ID, In-Reply-To and References (RFC 5322 3.6.4) and what older programs put there.</summary>
public static class MessageIdParser
{
    private const int MaxIds = 2000;

    /// <summary>The ids of an unfolded value in their order, each with its angle brackets; of more than 2000 the first and the newest.</summary>
    public static IReadOnlyList<string> ParseList(string? value)
    {
        if (string.IsNullOrWhiteSpace(value))
            return [];
        var ids = new List<string>();
        var rest = value.AsSpan();
        var surplus = rest.Count('<') - MaxIds;
        while (rest.IndexOf('<') is >= 0 and var open)
        {
            rest = rest[(open + 1)..];
            var close = rest.IndexOfAny('>', '<');
            var id = close < 0 ? rest : rest[..close];
            // RFC 5322 4.5.4: white space inside is left by careless folding.
            if (ids.Count > 0 && surplus > 0)
                surplus--;
            else if (!id.IsWhiteSpace())
                ids.Add(id.ContainsAny(" \t") ? $"<{WithoutSpace(id)}>" : string.Concat("<", id, ">"));
            rest = close < 0 ? default : rest[close] == '<' ? rest[close..] : rest[(close + 1)..];
        }

        return ids.Count > 0 ? ids : Bare(value);
    }

    /// <summary>The first id of a value, or null.</summary>
    public static string? Parse(string? value) => ParseList(value) is [var first, ..] ? first : null;

    private static List<string> Bare(string value)
    {
        var ids = new List<string>();
        foreach (var word in value.Split([' ', '\t', ',', ';'], StringSplitOptions.RemoveEmptyEntries))
        {
            var id = word.Trim('<', '>', '"', '\'');
            if (id.Length > 0 && (id.Contains('@', StringComparison.Ordinal) || !value.Contains(' ', StringComparison.Ordinal)) && ids.Count < MaxIds)
                ids.Add("<" + id + ">");
        }

        return ids;
    }

    private static string WithoutSpace(ReadOnlySpan<char> id) =>
        string.Concat(id.ToString().Where(c => !char.IsWhiteSpace(c)));
}
