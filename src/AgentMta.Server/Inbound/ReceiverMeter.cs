using System.Diagnostics.Metrics;

namespace AgentMta.Server.Inbound;

/// <summary>Counts what the receiver decided: copies by outcome, gates by verdict, and how long a message took from end of data to its reply.</summary>
internal sealed class ReceiverMeter : IDisposable
{
    /// <summary>The meter's name, for exporters.</summary>
    public const string Name = "AgentMta.Receiver";

    private readonly Meter _meter = new(Name);
    private readonly Counter<long> _copies;
    private readonly Counter<long> _gates;
    private readonly Histogram<double> _time;

    public ReceiverMeter()
    {
        _copies = _meter.CreateCounter<long>("agentmta.receiver.copies", description: "Recipients' copies by outcome");
        _gates = _meter.CreateCounter<long>("agentmta.receiver.gate_verdicts", description: "Labels and refusals by gate");
        _time = _meter.CreateHistogram<double>("agentmta.receiver.duration", "s", "From end of data to the reply");
    }

    public void Copy(string outcome) => _copies.Add(1, new KeyValuePair<string, object?>("outcome", outcome));

    public void Gate(string gate, string outcome) =>
        _gates.Add(1, new KeyValuePair<string, object?>("gate", gate), new KeyValuePair<string, object?>("outcome", outcome));

    public void Took(TimeSpan elapsed) => _time.Record(elapsed.TotalSeconds);

    /// <inheritdoc/>
    public void Dispose() => _meter.Dispose();
}
