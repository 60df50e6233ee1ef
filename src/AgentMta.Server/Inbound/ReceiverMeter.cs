using System.Diagnostics.Metrics;

namespace AgentMta.Server.Inbound;

/// <summary>Counts what the receiver decided: copies by outcome, gates by verdict.</summary>
internal sealed class ReceiverMeter : IDisposable
{
    /// <summary>The meter's name, for exporters.</summary>
    public const string Name = "AgentMta.Receiver";

    private readonly Meter _meter = new(Name);
    private readonly Counter<long> _copies;
    private readonly Counter<long> _gates;
    private readonly Counter<long> _scans;

    public ReceiverMeter()
    {
        _copies = _meter.CreateCounter<long>("agentmta.receiver.copies", "{copy}", "Copies of accepted messages for one inbox each, mail between own inboxes too");
        _gates = _meter.CreateCounter<long>("agentmta.receiver.gate_verdicts", "{verdict}", "Copies that a gate labelled, deferred or refused");
        _scans = _meter.CreateCounter<long>("agentmta.receiver.scans", "{message}", "What outside scanners said of messages");
    }

    public void Copy(string outcome) => _copies.Add(1, new KeyValuePair<string, object?>("outcome", outcome));

    public void Gate(string gate, string outcome) =>
        _gates.Add(1, new KeyValuePair<string, object?>("gate", gate), new KeyValuePair<string, object?>("outcome", outcome));

    public void Scan(string scanner, string outcome) =>
        _scans.Add(1, new KeyValuePair<string, object?>("scanner", scanner), new KeyValuePair<string, object?>("outcome", outcome));

    /// <inheritdoc/>
    public void Dispose() => _meter.Dispose();
}
