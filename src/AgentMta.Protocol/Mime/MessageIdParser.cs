using System.Text;

namespace AgentMta.Protocol.Mime;

/// <summary>Reads Message-ID, In-Reply-To and References (RFC 5322 3.6.4) and what older programs put there.</summary>
public static class MessageIdParser
{
    /// <summary>
    /// Octets of an id with its angle brackets. RFC 5322 2.1.1: a line has at most 998, and 3.6.4 has no place to fold an id at, so that a longer one is none.
    /// </summary>
    public const int MaxLength = 998;

    private const int MaxIds = 2000;

    /// <summary>The ids of an unfolded value in their order, each with its angle brackets; of more than 2000 the first and the newest. What is too long for an id is passed over.</summary>
    public static IReadOnlyList<string> ParseList(string? value)
    {
        if (string.IsNullOrWhiteSpace(value))
            return [];
        var ids = new List<string>();
        var rest = value.AsSpan();
        var surplus = rest.Count('<') - MaxIds;
        var passedOver = false;
        while (rest.IndexOf('<') is >= 0 and var open)
        {
            rest = rest[(open + 1)..];
            var close = rest.IndexOfAny('>', '<');
            var id = close < 0 ? rest : rest[..close];
            // RFC 5322 4.5.4: white space inside is left by careless folding.
            if (ids.Count > 0 && surplus > 0)
                surplus--;
            else if (!id.IsWhiteSpace() && !Add(ids, id.ContainsAny(" \t") ? WithoutSpace(id) : id))
                passedOver = true;
            rest = close < 0 ? default : rest[close] == '<' ? rest[close..] : rest[(close + 1)..];
        }

        return ids.Count > 0 || passedOver ? ids : Bare(value);
    }

    /// <summary>Whether a value holds something in the place of an id that is too long for one.</summary>
    public static bool IsTooLong(string? value) => value?.Length > MaxLength - 2 && !string.IsNullOrWhiteSpace(value) && Parse(value) is null;

    /// <summary>The first id of a value, or null.</summary>
    public static string? Parse(string? value) => ParseList(value) is [var first, ..] ? first : null;

    private static List<string> Bare(string value)
    {
        var ids = new List<string>();
        foreach (var word in value.Split([' ', '\t', ',', ';'], StringSplitOptions.RemoveEmptyEntries))
        {
            var id = word.Trim('<', '>', '"', '\'');
            if (id.Length > 0 && (id.Contains('@', StringComparison.Ordinal) || !value.Contains(' ', StringComparison.Ordinal)) && ids.Count < MaxIds)
                Add(ids, id);
        }

        return ids;
    }

    private static bool Add(List<string> ids, ReadOnlySpan<char> id)
    {
        if (id.Length > MaxLength - 2 || Encoding.UTF8.GetByteCount(id) > MaxLength - 2)
            return false;
        ids.Add(string.Concat("<", id, ">"));
        return true;
    }

    private static string WithoutSpace(ReadOnlySpan<char> id) =>
        string.Concat(id.ToString().Where(c => !char.IsWhiteSpace(c)));
}
