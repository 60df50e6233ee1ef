using System.Diagnostics.Metrics;
using AgentMta.Protocol.MailAuth;
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
        _submitted = _meter.CreateCounter<long>("agentmta.outbound.submitted", "{recipient}", "Recipients of messages taken for sending");
        _refused = _meter.CreateCounter<long>("agentmta.outbound.refused", "{submission}", "Messages of own senders refused by policy");
        _attempts = _meter.CreateCounter<long>("agentmta.outbound.attempts", "{recipient}", "Delivery attempts");
        _attemptSeconds = _meter.CreateHistogram(
            "agentmta.outbound.attempt.duration", "s", "Time of one transaction with the remote server, for each recipient in it", tags: null,
            new InstrumentAdvice<double> { HistogramBucketBoundaries = [0.01, 0.05, 0.1, 0.25, 0.5, 1, 2.5, 5, 10, 30, 60, 120, 300] });
        _connections = _meter.CreateCounter<long>("agentmta.outbound.connections", "{connection}", "Connections to other servers");
        _inHand = _meter.CreateUpDownCounter<long>("agentmta.outbound.in_hand", "{recipient}", "Deliveries being worked on now");
        // A series that begins with its first event shows no increase at it.
        foreach (var outcome in new[] { DeliveryState.Delivered, DeliveryState.Deferred, DeliveryState.Bounced, DeliveryState.Dropped })
            _attempts.Add(0, Outcome(outcome));
        _inHand.Add(0);
    }

    public void Submitted(int recipients, string via) => _submitted.Add(recipients, new KeyValuePair<string, object?>("via", via));

    public void Refused(string code) => _refused.Add(1, new KeyValuePair<string, object?>("code", code));

    public void Attempt(DeliveryState outcome, TimeSpan elapsed)
    {
        var tag = Outcome(outcome);
        _attempts.Add(1, tag);
        _attemptSeconds.Record(elapsed.TotalSeconds, tag);
    }

    public void Connection(bool open, string? tls) =>
        _connections.Add(1, new("result", open ? "open" : "failed"), new("tls", tls is null ? "none" : tls[..Math.Min(7, tls.Length)]));

    public void InHand(int change) => _inHand.Add(change);

    /// <inheritdoc/>
    public void Dispose() => _meter.Dispose();

    private static KeyValuePair<string, object?> Outcome(DeliveryState outcome) => new("outcome", EnumWord.Of(outcome));
}
