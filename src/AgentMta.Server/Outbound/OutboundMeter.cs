using System.Diagnostics.Metrics;
using AgentMta.Server.Model;

namespace AgentMta.Server.Outbound;

/// <summary>Counts what sending does, for operators: what leaves no row as well.</summary>
internal sealed class OutboundMeter : IDisposable
{
    public const string Name = "AgentMta.Outbound";

    private readonly Meter _meter;
    private readonly Counter<long> _submitted;
    private readonly Counter<long> _refused;
    private readonly Counter<long> _attempts;
    private readonly Histogram<double> _attemptSeconds;
    private readonly Counter<long> _connections;
    private readonly UpDownCounter<long> _inHand;

    public OutboundMeter(IMeterFactory? factory = null)
    {
        _meter = factory?.Create(Name) ?? new Meter(Name);
        _submitted = _meter.CreateCounter<long>("agentmta.outbound.submitted", "{recipient}", "Recipients of accepted submissions");
        _refused = _meter.CreateCounter<long>("agentmta.outbound.refused", "{submission}", "Submissions refused by policy");
        _attempts = _meter.CreateCounter<long>("agentmta.outbound.attempts", "{recipient}", "Delivery attempts by outcome");
        _attemptSeconds = _meter.CreateHistogram<double>("agentmta.outbound.attempt.duration", "s", "Time of one transaction with the remote server");
        _connections = _meter.CreateCounter<long>("agentmta.outbound.connections", "{connection}", "Connections by result");
        _inHand = _meter.CreateUpDownCounter<long>("agentmta.outbound.in_hand", "{recipient}", "Deliveries under lease of this process");
    }

    public void Submitted(int recipients, string via) => _submitted.Add(recipients, new KeyValuePair<string, object?>("via", via));

    public void Refused(string code) => _refused.Add(1, new KeyValuePair<string, object?>("code", code));

    public void Attempt(DeliveryState outcome, TimeSpan elapsed)
    {
        var tag = new KeyValuePair<string, object?>("outcome", outcome switch { DeliveryState.Delivered => "delivered", DeliveryState.Deferred => "deferred", DeliveryState.Dropped => "dropped", _ => "bounced" });
        _attempts.Add(1, tag);
        _attemptSeconds.Record(elapsed.TotalSeconds, tag);
    }

    public void Connection(bool open, string? tls) =>
        _connections.Add(1, new("result", open ? "open" : "failed"), new("tls", tls is null ? "none" : tls[..Math.Min(7, tls.Length)]));

    public void InHand(int change) => _inHand.Add(change);

    /// <inheritdoc/>
    public void Dispose() => _meter.Dispose();
}
