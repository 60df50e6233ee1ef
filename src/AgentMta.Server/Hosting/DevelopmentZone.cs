using System.Net;
using AgentMta.Protocol.Dns;

namespace AgentMta.Server.Hosting;

/// <summary>The built-in overlay of a first start (design.md, Closed networks): the development domain is verified and sender.test may send from loopback, without any DNS.</summary>
internal static class DevelopmentZone
{
    /// <summary>The reserved domain that a fresh server serves.</summary>
    public const string Domain = "agentmta.test";

    /// <summary>The stranger of the first commands.</summary>
    public const string Sender = "sender.test";

    private const uint Ttl = 300;
    private const string LoopbackMaySend = "v=spf1 ip4:127.0.0.1 ip6:::1 -all";

    /// <summary>The records; <paramref name="dkim"/> gives selector and public record of each key of the development domain.</summary>
    public static IReadOnlyList<DnsRecord> Records(string hostName, IEnumerable<(string Selector, string Record)> dkim) =>
    [
        new MxRecord(Domain, Ttl, 10, hostName),
        new TxtRecord(Domain, Ttl, LoopbackMaySend),
        new TxtRecord("_dmarc." + Domain, Ttl, "v=DMARC1; p=reject"),
        new AddressRecord(hostName, Ttl, IPAddress.Loopback),
        new AddressRecord(hostName, Ttl, IPAddress.IPv6Loopback),
        new TxtRecord(Sender, Ttl, LoopbackMaySend),
        new TxtRecord("_dmarc." + Sender, Ttl, "v=DMARC1; p=none"),
        .. dkim.Select(key => new TxtRecord($"{key.Selector}._domainkey.{Domain}", Ttl, key.Record)),
    ];
}
