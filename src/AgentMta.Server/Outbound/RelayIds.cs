namespace AgentMta.Server.Outbound;

/// <summary>Reads the Message-ID that a relay names in its final 250: some replace ours, and replies then refer to theirs (design.md, Proof of a reply). Pure.</summary>
internal static class RelayIds
{
    private const string SesSuffix = ".amazonaws.com";

    /// <summary>The id with its brackets; null where the reply names none.</summary>
    /// <param name="reply">As kept with the attempt: "250 2.0.0 …".</param>
    public static string? Read(string host, string reply)
    {
        var open = reply.IndexOf('<', StringComparison.Ordinal);
        var close = open < 0 ? -1 : reply.IndexOf('>', open);
        if (close > open && IsId(reply.AsSpan(open + 1, close - open - 1)))
            return reply[open..(close + 1)];
        // Amazon SES: "250 Ok 0100…-000000" becomes <0100…-000000@email.amazonses.com>.
        var word = reply[(reply.LastIndexOf(' ') + 1)..];
        return host.EndsWith(SesSuffix, StringComparison.OrdinalIgnoreCase) && word.Length > 40 && word.All(c => char.IsAsciiLetterOrDigit(c) || c == '-') ? $"<{word}@email.amazonses.com>" : null;
    }

    private static bool IsId(ReadOnlySpan<char> inner)
    {
        var at = inner.IndexOf('@');
        return at > 0 && at < inner.Length - 1 && inner.Length < 250 && inner.IndexOfAnyExceptInRange('!', '~') < 0;
    }
}
