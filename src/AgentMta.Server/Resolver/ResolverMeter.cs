using System.Diagnostics.Metrics;

namespace AgentMta.Server.Resolver;

/// <summary>Counts what leaves no row: look-ups by where they were answered, queries on the network, and failures.</summary>
internal sealed class ResolverMeter(Meter meter)
{
    /// <summary>The meter's name, for exporters.</summary>
    public const string Name = "AgentMta.Resolver";

    private readonly Counter<long> _lookups = meter.CreateCounter<long>("agentmta.dns.lookups", "{lookup}", "Look-ups by source: overlay, cache, joined, network, closed.");
    private readonly Counter<long> _queries = meter.CreateCounter<long>("agentmta.dns.queries", "{query}", "Queries sent, by transport.");
    private readonly Counter<long> _failures = meter.CreateCounter<long>("agentmta.dns.failures", "{failure}", "Queries without a usable answer, by reason.");
    private readonly Histogram<double> _duration = meter.CreateHistogram<double>("agentmta.dns.lookup.duration", "s", "Time of look-ups that went to the network.");

    public void Answered(string source) => _lookups.Add(1, new KeyValuePair<string, object?>("source", source));

    public void Sent(string transport) => _queries.Add(1, new KeyValuePair<string, object?>("transport", transport));

    public void Failed(string reason) => _failures.Add(1, new KeyValuePair<string, object?>("reason", reason));

    public void Took(TimeSpan elapsed, string status) => _duration.Record(elapsed.TotalSeconds, new KeyValuePair<string, object?>("status", status));
}
