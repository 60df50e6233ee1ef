using System.Diagnostics.Metrics;
using AgentMta.Server.Hosting.Metrics;
using AgentMta.Server.Tests.Support;

namespace AgentMta.Server.Tests.Hosting.Metrics;

public sealed class MetricsListenerTests : IDisposable
{
    private readonly Meter _meter = new("listener-under-test");
    private readonly LineLog _log = new();
    private readonly MetricsListener _listener;

    public MetricsListenerTests() => _listener = new MetricsListener(_log, instrument => instrument.Meter == _meter);

    [Fact]
    public void Names_end_with_unit_and_total_and_each_instrument_shows_its_kind_before_it_counted_anything()
    {
        _meter.CreateCounter<long>("a.b.sent", "By", "x");
        _meter.CreateUpDownCounter<int>("a.open", "{connection}", "x");
        _meter.CreateHistogram("a.took", "s", "x", tags: null, new InstrumentAdvice<double> { HistogramBucketBoundaries = [1] });

        Assert.Equal(["a_b_sent_bytes_total counter", "a_open gauge", "a_took_seconds histogram"], Read().Families.Values.Select(f => $"{f.Name} {f.Kind}"));
    }

    [Fact]
    public void Counters_add_up_gauges_go_up_and_down_and_what_is_observed_is_as_it_is_now()
    {
        var counter = _meter.CreateCounter<long>("n", null, "x");
        var open = _meter.CreateUpDownCounter<long>("open", null, "x");
        var set = _meter.CreateGauge<double>("set", null, "x");
        List<Measurement<long>> now = [new(5, new KeyValuePair<string, object?>("state", "a")), new(6, new KeyValuePair<string, object?>("state", "b"))];
        _meter.CreateObservableGauge("seen", () => now, null, "x");
        counter.Add(2);
        counter.Add(3);
        open.Add(3);
        open.Add(-2);
        set.Record(7.5);
        set.Record(2.5);

        var read = Read();
        Assert.Equal((5, 1, 2.5, 5, 6), (read["n_total"], read["open"], read["set"], read["seen", "state=a"], read["seen", "state=b"]));

        now = [new(1, new KeyValuePair<string, object?>("state", "b"))];
        Assert.Equal("state=b 1", string.Join(',', Read().Families["seen"].Samples.Select(s => $"{s.Labels[0].Key}={s.Labels[0].Value} {s.Value}")));
    }

    [Fact]
    public void A_histogram_counts_each_observation_up_to_its_bound_and_in_all_above()
    {
        var took = _meter.CreateHistogram("took", "s", "x", tags: null, new InstrumentAdvice<double> { HistogramBucketBoundaries = [0.5, 1] });
        foreach (var value in new[] { 0.5, 0.6, 1, 7 })
            took.Record(value);

        var family = Read().Families["took_seconds"];

        Assert.Equal(["0.5 1", "1 3", "+Inf 4"], family.Samples.Where(s => s.Bound is not null).Select(s => $"{s.Bound} {s.Value}"));
        Assert.Equal(9.1, family.Samples.Single(s => s.Name == "took_seconds_sum").Value, 9);
    }

    [Fact]
    public void Many_threads_lose_nothing()
    {
        var counter = _meter.CreateCounter<long>("n", null, "x");
        var took = _meter.CreateHistogram("took", "s", "x", tags: null, new InstrumentAdvice<double> { HistogramBucketBoundaries = [1] });
        Parallel.For(0, 8, _ =>
        {
            for (var i = 0; i < 20_000; i++)
            {
                counter.Add(1, new KeyValuePair<string, object?>("role", "mx"));
                took.Record(0.5);
            }
        });

        var read = Read();
        Assert.Equal((160_000, 160_000, 80_000), (read["n_total", "role=mx"], read["took_seconds_count"], read["took_seconds_sum"]));
    }

    [Fact]
    public void More_label_values_than_there_should_be_are_counted_together()
    {
        var counter = _meter.CreateCounter<long>("n", null, "x");
        for (var i = 0; i < 1000; i++)
            counter.Add(1, new KeyValuePair<string, object?>("who", i));

        var samples = Read().Families["n_total"].Samples;

        Assert.Equal(MetricFamily.SeriesLimit + 1, samples.Count);
        Assert.Equal((1000, 900), (samples.Sum(s => s.Value), Assert.Single(samples, s => s.Labels[0].Value == MetricFamily.Other).Value));
    }

    [Fact]
    public void More_labels_than_can_be_kept_never_reach_who_counts()
    {
        KeyValuePair<string, object?>[] labels = [new("a", "1"), new("b", "2"), new("c", "3"), new("d", "4")];
        _meter.CreateCounter<long>("n", null, "x").Add(1, labels);

        Assert.Equal("a,b,c", string.Join(',', Assert.Single(Read().Families["n_total"].Samples).Labels.Select(l => l.Key)));
    }

    [Fact]
    public void What_stands_in_a_label_cannot_end_it()
    {
        _meter.CreateCounter<long>("n", null, "a \\ and\na new line").Add(1, new KeyValuePair<string, object?>("file", "a\"b\\c\nd"));

        Assert.Equal("a\"b\\c\nd", Assert.Single(Read().Families["n_total"].Samples).Labels[0].Value);
    }

    [Fact]
    public void An_instrument_that_fails_or_has_no_base_unit_leaves_the_others_alone()
    {
        _meter.CreateObservableGauge("broken", new Func<long>(() => throw new IOException("the disk is gone")), null, "x");
        _meter.CreateCounter<long>("age", "d", "x");
        _meter.CreateCounter<long>("n", null, "x").Add(1);

        var read = Read();

        Assert.Equal((1, false), (read["n_total"], read.Families.ContainsKey("age_total")));
        Assert.Empty(read.Families["broken"].Samples);
        Assert.Single(_log.With("left out"));
        Assert.Single(_log.With("age cannot be shown"));
    }

    public void Dispose()
    {
        _listener.Dispose();
        _meter.Dispose();
        _log.Dispose();
    }

    private Exposition Read() => Exposition.Read(_listener.Write());
}
