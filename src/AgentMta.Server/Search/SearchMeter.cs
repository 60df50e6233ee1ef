using System.Diagnostics.Metrics;

namespace AgentMta.Server.Search;

/// <summary>Shows operators how far the full-text index is behind the store.</summary>
internal sealed class SearchMeter : IDisposable
{
    public const string Name = "AgentMta.Search";

    private readonly Meter _meter = new(Name);
    private readonly Counter<long> _indexed;
    private readonly Counter<long> _failed;
    private long _lag;

    public SearchMeter()
    {
        _meter.CreateObservableGauge("agentmta.search.lag", () => Lag, "{event}", "Events of the store that the full-text index has not seen");
        _indexed = _meter.CreateCounter<long>("agentmta.search.indexed", "{message}", "Messages taken into the full-text index");
        _failed = _meter.CreateCounter<long>("agentmta.search.failed", "{round}", "Rounds of the indexer that failed and are tried again");
    }

    /// <summary>Events behind the store, as of the indexer's last look; the messages of a first walk count as well.</summary>
    public long Lag
    {
        get => Volatile.Read(ref _lag);
        set => Volatile.Write(ref _lag, value);
    }

    public void Indexed(int messages) => _indexed.Add(messages);

    public void Failed() => _failed.Add(1);

    /// <inheritdoc/>
    public void Dispose() => _meter.Dispose();
}
