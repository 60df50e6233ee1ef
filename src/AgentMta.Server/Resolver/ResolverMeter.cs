using System.Diagnostics.Metrics;

namespace AgentMta.Server.Resolver;

/// <summary>Counts what leaves no row: look-ups by where they were answered, queries on the network, and failures.</summary>
internal sealed class ResolverMeter(Meter meter)
{
    /// <summary>The meter's name, for exporters.</summary>
    public const string Name = "AgentMta.Resolver";

    private readonly Counter<long> _lookups = meter.CreateCounter<long>("agentmta.dns.lookups", "{lookup}", "Look-ups by where their answer came from");
    private readonly Counter<long> _queries = meter.CreateCounter<long>("agentmta.dns.queries", "{query}", "Queries sent to DNS servers");
    private readonly Counter<long> _failures = meter.CreateCounter<long>("agentmta.dns.failures", "{failure}", "Queries without a usable answer");
    private readonly Histogram<double> _duration = meter.CreateHistogram(
        "agentmta.dns.lookup.duration", "s", "Time of look-ups that went to the network", tags: null,
        new InstrumentAdvice<double> { HistogramBucketBoundaries = [0.001, 0.005, 0.01, 0.05, 0.1, 0.25, 0.5, 1, 2.5, 5, 10, 20] });

    public void Answered(string source) => _lookups.Add(1, new KeyValuePair<string, object?>("source", source));

    public void Sent(string transport) => _queries.Add(1, new KeyValuePair<string, object?>("transport", transport));

    public void Failed(string reason) => _failures.Add(1, new KeyValuePair<string, object?>("reason", reason));

    public void Took(TimeSpan elapsed, string status) => _duration.Record(elapsed.TotalSeconds, new KeyValuePair<string, object?>("status", status));
}
