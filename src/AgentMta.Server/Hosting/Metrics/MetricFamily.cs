using System.Collections.Concurrent;
using System.Diagnostics.Metrics;

namespace AgentMta.Server.Hosting.Metrics;

/// <summary>What Prometheus makes of an instrument.</summary>
internal enum MetricKind
{
    Counter,
    Gauge,
    Histogram,
}

/// <summary>
/// One instrument as a metric family. Its name follows the rules of OpenTelemetry's Prometheus compatibility: dots become underscores, the unit is spelled out at the end
/// (s seconds, By bytes; {things} are not), and a counter ends with _total.
/// </summary>
internal sealed class MetricFamily
{
    /// <summary>Sets of label values that are kept apart; whatever comes later is counted under <see cref="Other"/>. Labels are words of the program, so this is never reached unless one is wrong.</summary>
    public const int SeriesLimit = 100;
    public const string Other = "other";

    private const int LabelLimit = 3;
    private const int KnownLimit = 8;

    private readonly ConcurrentDictionary<LabelValues, MetricSeries> _series = new();
    private readonly double[]? _bounds;
    private readonly bool _isObserved;
    private readonly bool _isAbsolute;
    private string[]? _labels;
    private volatile KnownSeries[] _known = [];

    public MetricFamily(Instrument instrument)
    {
        var type = instrument.GetType().GetGenericTypeDefinition();
        Kind = type == typeof(Histogram<>) ? MetricKind.Histogram : type == typeof(Counter<>) || type == typeof(ObservableCounter<>) ? MetricKind.Counter : MetricKind.Gauge;
        Name = NameOf(instrument, Kind);
        Help = instrument.Description ?? "";
        _isObserved = instrument.IsObservable;
        _isAbsolute = _isObserved || type == typeof(Gauge<>);
        if (Kind == MetricKind.Histogram)
            _bounds = [.. (instrument as Instrument<double>)?.Advice?.HistogramBucketBoundaries ?? throw new ArgumentException($"{instrument.Name} has no boundaries.")];
    }

    public string Name { get; }

    public string Help { get; }

    public MetricKind Kind { get; }

    public IReadOnlyList<double> Bounds => _bounds ?? [];

    public IReadOnlyList<string> Labels => _labels ?? [];

    /// <summary>The series in the order of their labels.</summary>
    public IEnumerable<(LabelValues Values, MetricSeries Series)> Series =>
        _series.Select(s => (s.Key, s.Value)).OrderBy(s => s.Key.ToString(), StringComparer.Ordinal);

    /// <summary>What is asked for its values each time has those alone that it names this time.</summary>
    public void Forget()
    {
        if (!_isObserved)
            return;
        _series.Clear();
        _known = [];
    }

    public void Record(double value, ReadOnlySpan<KeyValuePair<string, object?>> tags)
    {
        var series = Find(tags);
        if (_bounds is not null)
            series.Observe(value);
        else if (_isAbsolute)
            series.Set(value);
        else
            series.Add(value);
    }

    private MetricSeries Find(ReadOnlySpan<KeyValuePair<string, object?>> tags)
    {
        // Label values are literals, mostly: the very same objects each time, which are found without a look into them.
        foreach (var known in _known)
        {
            if (known.Values.IsSame(tags))
                return known.Series;
        }

        // Nothing is thrown here: it would reach whoever counts, in the midst of a session.
        tags = tags[..Math.Min(tags.Length, LabelLimit)];
        var values = new LabelValues(tags.Length, tags.Length > 0 ? tags[0].Value : null, tags.Length > 1 ? tags[1].Value : null, tags.Length > 2 ? tags[2].Value : null);
        if (_series.TryGetValue(values, out var series))
            return series;
        // All measurements of an instrument have the same labels in the same order.
        _labels ??= [.. tags.ToArray().Select(t => t.Key.Replace('.', '_'))];
        if (_series.Count >= SeriesLimit)
            values = new LabelValues(tags.Length, Other, Other, Other);
        var added = new MetricSeries(_bounds);
        series = _series.GetOrAdd(values, added);
        // Two threads at once may lose one of two entries, which costs time alone.
        if (series == added && _known.Length < KnownLimit)
            _known = [.. _known, new KnownSeries(values, series)];
        return series;
    }

    private static string NameOf(Instrument instrument, MetricKind kind)
    {
        var unit = instrument.Unit switch
        {
            "s" => "_seconds",
            "By" => "_bytes",
            null or "" => "",
            ['{', ..] => "",
            _ => throw new ArgumentException($"{instrument.Name}: '{instrument.Unit}' is no base unit."),
        };
        return instrument.Name.Replace('.', '_') + unit + (kind == MetricKind.Counter ? "_total" : "");
    }
}

/// <summary>A series that is found by the objects of its values.</summary>
internal sealed record KnownSeries(LabelValues Values, MetricSeries Series);

/// <summary>The values of at most three labels.</summary>
internal readonly record struct LabelValues(int Count, object? First, object? Second, object? Third)
{
    public string this[int index] => Text(index switch { 0 => First, 1 => Second, _ => Third });

    /// <summary>Whether these are the same objects.</summary>
    public bool IsSame(ReadOnlySpan<KeyValuePair<string, object?>> tags) =>
        tags.Length == Count && (Count < 1 || ReferenceEquals(tags[0].Value, First)) && (Count < 2 || ReferenceEquals(tags[1].Value, Second)) && (Count < 3 || ReferenceEquals(tags[2].Value, Third));

    /// <inheritdoc/>
    public override string ToString() => $"{Text(First)}\u0001{Text(Second)}\u0001{Text(Third)}";

    private static string Text(object? value) => value is IFormattable number ? number.ToString(null, System.Globalization.CultureInfo.InvariantCulture) : value?.ToString() ?? "";
}
