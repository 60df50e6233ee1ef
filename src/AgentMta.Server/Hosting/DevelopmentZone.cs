namespace AgentMta.Server.Hosting;

/// <summary>The built-in overlay of a first start (design.md, Closed networks): the development domain is verified and sender.test may send from loopback, without any DNS.</summary>
internal static class DevelopmentZone
{
    /// <summary>The reserved domain that a fresh server serves.</summary>
    public const string Domain = "agentmta.test";

    /// <summary>The stranger of the first commands.</summary>
    public const string Sender = "sender.test";

    /// <summary>Top-level names that never go to a real resolver (RFC 6761).</summary>
    public static bool IsClosed(string domain) =>
        domain.EndsWith(".test", StringComparison.OrdinalIgnoreCase) || domain.EndsWith(".localhost", StringComparison.OrdinalIgnoreCase) ||
        domain.EndsWith(".invalid", StringComparison.OrdinalIgnoreCase);

    /// <summary>The zone as master-file text (RFC 1035 5); <paramref name="dkim"/> gives selector and public record of each key of the development domain.</summary>
    public static string Write(string hostName, IEnumerable<(string Selector, string Record)> dkim)
    {
        var lines = new List<string>
        {
            "$TTL 300",
            $"{Domain}. IN MX 10 {hostName}.",
            $"{Domain}. IN TXT \"v=spf1 ip4:127.0.0.1 ip6:::1 -all\"",
            $"_dmarc.{Domain}. IN TXT \"v=DMARC1; p=reject\"",
            $"{hostName}. IN A 127.0.0.1",
            $"{hostName}. IN AAAA ::1",
            $"{Sender}. IN TXT \"v=spf1 ip4:127.0.0.1 ip6:::1 -all\"",
            $"_dmarc.{Sender}. IN TXT \"v=DMARC1; p=none\"",
        };
        foreach (var (selector, record) in dkim)
            lines.Add($"{selector}._domainkey.{Domain}. IN TXT {Quote(record)}");
        return string.Join('\n', lines) + "\n";
    }

    /// <summary>A text of any length as character-strings of at most 255 octets (RFC 1035 3.3.14).</summary>
    private static string Quote(string text) => string.Join(' ', text.Chunk(250).Select(part => "\"" + new string(part).Replace("\\", "\\\\", StringComparison.Ordinal).Replace("\"", "\\\"", StringComparison.Ordinal) + "\""));
}
