using System.Buffers;

namespace AgentMta.Protocol.Mime;

/// <summary>Finds the <c>cid:</c> URLs (RFC 2392) of an HTML body.</summary>
internal static class CidReferences
{
    private const int MaxReferences = 10_000;
    private const int MaxLength = 1000;
    private static readonly SearchValues<string> Scheme = SearchValues.Create(["cid:"], StringComparison.OrdinalIgnoreCase);
    private static readonly SearchValues<char> UrlEnd = SearchValues.Create("\"'<> \t\r\n)\\;");

    public static IReadOnlySet<string> In(string? html)
    {
        var found = new HashSet<string>(StringComparer.Ordinal);
        var rest = html.AsSpan();
        while (found.Count < MaxReferences && rest.IndexOfAny(Scheme) is >= 0 and var at)
        {
            rest = rest[(at + 4)..];
            var window = rest[..Math.Min(rest.Length, MaxLength)];
            var end = window.IndexOfAny(UrlEnd);
            if (end < 0 && window.Length < rest.Length)
                continue;
            var id = (end < 0 ? window : window[..end]).ToString().Replace("&amp;", "&", StringComparison.Ordinal);
            if (id.Length > 0)
                found.Add(id.Contains('%', StringComparison.Ordinal) ? Uri.UnescapeDataString(id) : id);
        }

        return found;
    }
}
