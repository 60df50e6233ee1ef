using AgentMta.Protocol.Dns;
using AgentMta.Server.Resolver;
using AgentMta.Server.Tests.Support;
using Microsoft.Extensions.Logging.Abstractions;

namespace AgentMta.Server.Tests.Resolver;

/// <summary>The resolver and the overlay against the servers that people run.</summary>
public sealed class RealServerTests
{
    private static readonly string Zone = $"""
        $ORIGIN zone.example.
        $TTL 300
        @ 900 IN SOA ns h ( 1 2h 1h
                            4w 60 ) ; negative answers: a minute
        @ NS ns
        @ MX 10 mail
        @ 120 MX 20 mail2.other.example.
        @ TXT "v=spf1 mx " "-all"
        @ TXT "quoted \"text\" \; and \195\164"
        @ CAA 0 issue "ca.example.net"
        ns A 127.0.0.1
        mail A 192.0.2.1
        mail A 192.0.2.2
        mail AAAA 2001:db8::1
        alias 30 CNAME mail
        alias2 CNAME alias
        dangling CNAME nothing
        far CNAME mail2.other.example.
        deep.empty TXT here
        *.wild TXT any
        *.wild MX 5 mail
        real.wild A 192.0.2.3
        below.real.wild A 192.0.2.4
        *.walias CNAME mail
        big TXT {string.Join(' ', Enumerable.Range(0, 12).Select(i => $"\"{i}{new string('x', 240)}\""))}
        _25._tcp.mail TLSA 3 1 1 0123456789abcdef0123456789abcdef0123456789abcdef0123456789abcdef
        esc\.aped A 192.0.2.5
        odd TYPE65280 \# 3 010203
        1.2.0.192 PTR mail
        nullmx MX 0 .

        """;

    private const string Other = "$ORIGIN other.example.\n$TTL 300\n@ SOA ns h 1 1 1 1 60\n@ NS ns.zone.example.\nmail2 A 192.0.2.7\n";

    private static readonly string[] Names =
    [
        "", "mail.", "alias.", "alias2.", "dangling.", "none.", "empty.", "deep.empty.", "x.deep.empty.", "wild.", "x.wild.", "x.y.wild.", "*.wild.", "real.wild.",
        "x.real.wild.", "below.real.wild.", "x.walias.", "big.", "_25._tcp.mail.", "_tcp.mail.", @"esc\.aped.", "odd.", "1.2.0.192.", "nullmx.", "MAIL.",
    ];

    private static readonly DnsRecordType[] Types =
    [
        DnsRecordType.A, DnsRecordType.AAAA, DnsRecordType.MX, DnsRecordType.TXT, DnsRecordType.CNAME, DnsRecordType.NS, DnsRecordType.SOA, DnsRecordType.TLSA,
        DnsRecordType.CAA, DnsRecordType.PTR, (DnsRecordType)65280,
    ];

    [RequiresProgramFact("nsd")]
    public async Task The_overlay_answers_a_zone_as_nsd_does()
    {
        await using var nsd = await DnsDaemon.StartNsdAsync(("zone.example", Zone), ("other.example", Other));
        var parsed = ZoneFileParser.Parse(System.Text.Encoding.UTF8.GetBytes(Zone));
        Assert.Empty(parsed.Errors);
        var overlay = new ZoneOverlay([.. parsed.Records, .. ZoneFileParser.Parse(System.Text.Encoding.UTF8.GetBytes(Other)).Records], authenticated: false);
        using var resolver = Resolver(nsd);
        var differences = new List<string>();
        foreach (var name in Names.Append("far."))
        {
            foreach (var type in Types)
            {
                var here = Shown(await overlay.LookupAsync(name + "zone.example", type, default));
                var there = Shown(await resolver.LookupAsync(name + "zone.example", type, default));
                if (here != there)
                    differences.Add($"{name} {type}\n  overlay: {here}\n  nsd: {there}");
            }
        }

        Assert.True(differences.Count == 0, string.Join("\n", differences));
    }

    [RequiresProgramFact("nsd")]
    public async Task Names_that_nsd_does_not_serve_are_a_failure()
    {
        await using var nsd = await DnsDaemon.StartNsdAsync(("zone.example", Zone));
        using var resolver = Resolver(nsd);
        Assert.Equal(DnsStatus.ServerFailure, (await resolver.LookupAsync("elsewhere.example", DnsRecordType.A, default)).Status);
        Assert.Equal(DnsStatus.ServerFailure, (await resolver.LookupAsync("far.zone.example", DnsRecordType.A, default)).Status);
    }

    [RequiresProgramFact("nsd", "unbound", "ldns-signzone", "ldns-keygen")]
    public async Task Unbound_gives_whole_chains_and_the_AD_bit_for_signed_answers_only()
    {
        var (signed, anchor) = DnsDaemon.Sign("zone.example", Zone);
        var (bogus, _) = DnsDaemon.Sign("bogus.example", Other.Replace("other", "bogus", StringComparison.Ordinal));
        var (_, otherAnchor) = DnsDaemon.Sign("bogus.example", Other.Replace("other", "bogus", StringComparison.Ordinal));
        await using var nsd = await DnsDaemon.StartNsdAsync(("zone.example", signed), ("other.example", Other), ("bogus.example", bogus));
        await using var unbound = await DnsDaemon.StartUnboundAsync(nsd, anchor + otherAnchor, "zone.example", "other.example", "bogus.example");
        using var resolver = Resolver(unbound);

        var tlsa = await resolver.LookupAsync("_25._tcp.mail.zone.example", DnsRecordType.TLSA, default);
        Assert.Equal((DnsStatus.Ok, true, 32), (tlsa.Status, tlsa.Authenticated, ((TlsaRecord)tlsa.Records.Single()).Data.Length));
        var chain = await resolver.LookupAsync("alias2.zone.example", DnsRecordType.A, default);
        Assert.Equal((DnsStatus.Ok, true, 2, "mail.zone.example"), (chain.Status, chain.Authenticated, chain.Records.Count, chain.CanonicalName));
        var wildcard = await resolver.LookupAsync("x.wild.zone.example", DnsRecordType.MX, default);
        Assert.Equal((DnsStatus.Ok, true), (wildcard.Status, wildcard.Authenticated));
        var absent = await resolver.LookupAsync("_25._tcp.none.zone.example", DnsRecordType.TLSA, default);
        Assert.Equal((DnsStatus.NameError, true), (absent.Status, absent.Authenticated));
        var big = await resolver.LookupAsync("big.zone.example", DnsRecordType.TXT, default);
        Assert.Equal((DnsStatus.Ok, true, 2894), (big.Status, big.Authenticated, ((TxtRecord)big.Records.Single()).Text.Length));

        var across = await resolver.LookupAsync("far.zone.example", DnsRecordType.A, default);
        Assert.Equal((DnsStatus.Ok, false, "mail2.other.example"), (across.Status, across.Authenticated, across.CanonicalName));
        Assert.Equal(DnsStatus.ServerFailure, (await resolver.LookupAsync("mail2.bogus.example", DnsRecordType.A, default)).Status);
    }

    private static DnsResolver Resolver(DnsDaemon server) =>
        new(new ResolverOptions { Servers = [server.Address] }, new HandTime(), NullLogger<DnsResolver>.Instance);

    // The order of records is the server's own.
    private static string Shown(DnsAnswer answer) =>
        $"{answer.Status} {answer.CanonicalName} {answer.Ttl} {string.Concat(ZoneFileWriter.Write(answer.Records).Split('\n').Order(StringComparer.Ordinal))}";
}
