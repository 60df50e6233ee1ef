using System.Text;

namespace AgentMta.Protocol.MailAuth.Arc;

/// <summary>Gathers the Authentication-Results of one authserv-id into one payload (RFC 8617 4.1.1: all that the domain found goes into the one ARC field).</summary>
internal static class OwnResults
{
    private const int MaxLength = 16 * 1024;

    /// <summary>Top to bottom, joined by "; "; "none" where there is nothing.</summary>
    public static string Consolidate(MessageHeader header, string authservId)
    {
        var payload = new StringBuilder();
        foreach (var field in header.Fields)
        {
            if (!header.Is(field, "Authentication-Results"))
                continue;
            var value = header.Value(field).Span;
            var semicolon = value.IndexOf((byte)';');
            if (semicolon < 0 || !IsOf(value[..semicolon], authservId))
                continue;
            var results = TagValue.Trim(value[(semicolon + 1)..]);
            while (!results.IsEmpty && results[^1] == ';')
                results = TagValue.Trim(results[..^1]);
            if (results.IsEmpty || results.SequenceEqual("none"u8) || payload.Length + results.Length > MaxLength)
                continue;
            if (payload.Length > 0)
                payload.Append("; ");
            payload.Append(Encoding.UTF8.GetString(results).ReplaceLineEndings(""));
        }

        return payload.Length == 0 ? "none" : payload.ToString();
    }

    // RFC 8601 2.2: authserv-id, then perhaps a version.
    private static bool IsOf(ReadOnlySpan<byte> head, string authservId)
    {
        head = TagValue.Trim(head);
        var space = head.IndexOfAny((byte)' ', (byte)'\t');
        var id = Encoding.UTF8.GetString(space < 0 ? head : head[..space]);
        return id.Trim('"').Equals(authservId, StringComparison.OrdinalIgnoreCase);
    }
}
