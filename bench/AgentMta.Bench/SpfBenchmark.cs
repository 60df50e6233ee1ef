using System.Net;
using AgentMta.Protocol.MailAuth.Spf;
using BenchmarkDotNet.Attributes;

namespace AgentMta.Bench;

/// <summary>One SPF check with everything in the resolver's cache: a small policy, and one as large senders publish it, through five includes to the last network.</summary>
[Config(typeof(BriefConfig))]
public class SpfBenchmark : IDisposable
{
    private const string Zone = """
        $TTL 86400
        small.test. TXT "v=spf1 mx ip4:192.0.2.0/28 -all"
        small.test. MX 10 mx.small.test.
        mx.small.test. A 192.0.2.200
        large.test. TXT "v=spf1 include:_spf.mailer.test include:office.test include:desk.test ip4:203.0.113.7 ~all"
        _spf.mailer.test. TXT "v=spf1 include:_netblocks1.mailer.test include:_netblocks2.mailer.test ~all"
        _netblocks1.mailer.test. TXT "v=spf1 ip4:10.1.0.0/16 ip4:10.2.0.0/16 ip4:10.3.0.0/16 ip4:10.4.0.0/16 ip4:10.5.0.0/16 ip4:10.6.0.0/16 ip4:10.7.0.0/16 ip4:10.8.0.0/16 ~all"
        _netblocks2.mailer.test. TXT "v=spf1 ip6:2001:db8:1::/48 ip6:2001:db8:2::/48 ip6:2001:db8:3::/48 ip6:2001:db8:4::/48 ip6:2001:db8:5::/48 ip6:2001:db8:6::/48 ~all"
        office.test. TXT "v=spf1 ip4:10.20.0.0/15 ip4:10.30.0.0/16 ip4:10.40.0.0/14 ip6:2001:db8:100::/40 -all"
        desk.test. TXT "v=spf1 ip4:198.51.100.0/25 ip4:198.51.100.128/26 ip4:198.51.100.192/27 -all"
        """;

    private WarmResolver? _resolver;
    private int _queries;
    private SpfRequest _request = new(IPAddress.Loopback, "", "");

    [Params("small.test", "large.test")]
    public string Sender { get; set; } = "";

    [GlobalSetup]
    public void Setup()
    {
        _resolver = new WarmResolver(Zone);
        _request = new SpfRequest(IPAddress.Parse(Sender == "small.test" ? "192.0.2.200" : "198.51.100.200"), "mail." + Sender, "ann@" + Sender);
        if (CheckAsync().AsTask().GetAwaiter().GetResult() is not { Status: SpfStatus.Pass } result)
            throw new InvalidOperationException("the sender does not pass");
        _queries = _resolver.Queries;
        Console.WriteLine($"// {result.Lookups} terms with look-ups, {_queries} queries to warm the cache");
    }

    [GlobalCleanup]
    public void Cleanup()
    {
        if (_resolver!.Queries != _queries)
            throw new InvalidOperationException("the cache was not warm");
        Dispose();
    }

    [Benchmark]
    public ValueTask<SpfResult> CheckAsync() => SpfVerifier.VerifyAsync(_request, _resolver!.ForMessage(), CancellationToken.None);

    public void Dispose()
    {
        _resolver?.Dispose();
        _resolver = null;
        GC.SuppressFinalize(this);
    }
}
