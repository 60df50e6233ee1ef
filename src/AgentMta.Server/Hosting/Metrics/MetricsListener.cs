using System.Diagnostics.Metrics;

namespace AgentMta.Server.Hosting.Metrics;

/// <summary>Adds up what the instruments of this process measure, from the moment it is made, and shows it in the text format of Prometheus.</summary>
internal sealed class MetricsListener : IDisposable
{
    private const string Runtime = "System.Runtime";

    // Of the runtime's own instruments those that cost nothing between two looks at them.
    private static readonly HashSet<string> RuntimeInstruments = ["dotnet.gc.collections", "dotnet.gc.pause.time", "dotnet.gc.last_collection.memory.committed_size"];

    private readonly MeterListener _listener = new();
    private readonly Lock _lock = new();
    private readonly SortedDictionary<string, MetricFamily> _families = new(StringComparer.Ordinal);
    private readonly ILogger _log;

    /// <param name="isWanted">The instruments to listen to; null takes the server's own and some of the runtime's.</param>
    public MetricsListener(ILogger log, Func<Instrument, bool>? isWanted = null)
    {
        _log = log;
        isWanted ??= instrument => instrument.Meter.Name.StartsWith("AgentMta.", StringComparison.Ordinal)
            || instrument.Meter.Name == Runtime && RuntimeInstruments.Contains(instrument.Name);
        _listener.InstrumentPublished = (instrument, listener) =>
        {
            if (isWanted(instrument) && Add(instrument) is { } family)
                listener.EnableMeasurementEvents(instrument, family);
        };
        _listener.SetMeasurementEventCallback<int>(static (_, value, tags, family) => ((MetricFamily)family!).Record(value, tags));
        _listener.SetMeasurementEventCallback<long>(static (_, value, tags, family) => ((MetricFamily)family!).Record(value, tags));
        _listener.SetMeasurementEventCallback<double>(static (_, value, tags, family) => ((MetricFamily)family!).Record(value, tags));
        _listener.Start();
    }

    /// <summary>Everything as it is now.</summary>
    public byte[] Write()
    {
        lock (_lock)
        {
            foreach (var family in _families.Values)
                family.Forget();
            try
            {
                _listener.RecordObservableInstruments();
            }
            catch (AggregateException e)
            {
                // The others have answered: in trouble it is they that tell of it.
                _log.LogWarning(e, "Some metrics cannot be read and are left out");
            }

            return ExpositionWriter.Write(_families.Values);
        }
    }

    /// <inheritdoc/>
    public void Dispose() => _listener.Dispose();

    // Two meters with one instrument each (a second server in one process) share a family.
    private MetricFamily? Add(Instrument instrument)
    {
        lock (_lock)
        {
            try
            {
                var family = new MetricFamily(instrument);
                return _families.TryAdd(family.Name, family) ? family : _families[family.Name];
            }
            catch (ArgumentException e)
            {
                _log.LogError(e, "{Instrument} cannot be shown as a metric", instrument.Name);
                return null;
            }
        }
    }
}
