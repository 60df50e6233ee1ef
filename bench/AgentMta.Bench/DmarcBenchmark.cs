using AgentMta.Protocol.MailAuth.Dmarc;
using BenchmarkDotNet.Attributes;

namespace AgentMta.Bench;

/// <summary>One DMARC evaluation with everything in the resolver's cache: a record at the author's domain, and a tree walk from a host below it.</summary>
[Config(typeof(BriefConfig))]
public class DmarcBenchmark : IDisposable
{
    private const string Zone = """
        $TTL 86400
        _dmarc.example.test. TXT "v=DMARC1; p=reject; sp=quarantine; adkim=r; aspf=r; rua=mailto:dmarc@example.test"
        """;

    private WarmResolver? _resolver;
    private int _queries;
    private DmarcRequest _request = new([], [], []);

    [Params("example.test", "news.a.example.test")]
    public string Author { get; set; } = "";

    [GlobalSetup]
    public void Setup()
    {
        _resolver = new WarmResolver(Zone);
        _request = new DmarcRequest([Author], ["dkim.example.test"], ["bounce.example.test"]);
        if (EvaluateAsync().AsTask().GetAwaiter().GetResult() is not { Status: DmarcStatus.Pass, PolicyDomain: "example.test" })
            throw new InvalidOperationException("the author does not pass");
        _queries = _resolver.Queries;
        Console.WriteLine($"// {_queries} queries to warm the cache");
    }

    [GlobalCleanup]
    public void Cleanup()
    {
        if (_resolver!.Queries != _queries)
            throw new InvalidOperationException("the cache was not warm");
        Dispose();
    }

    [Benchmark]
    public ValueTask<DmarcResult> EvaluateAsync() => DmarcEvaluator.EvaluateAsync(_request, _resolver!.ForMessage(), null, CancellationToken.None);

    public void Dispose()
    {
        _resolver?.Dispose();
        _resolver = null;
        GC.SuppressFinalize(this);
    }
}
