namespace AgentMta.Server.Hosting.Metrics;

/// <summary>One set of label values with its number, or its distribution. Many threads add; one reads.</summary>
internal sealed class MetricSeries(double[]? bounds)
{
    private readonly long[] _counts = bounds is null ? [] : new long[bounds.Length + 1];
    private double _value;

    /// <summary>The number, or the sum of all that was observed.</summary>
    public double Value => Volatile.Read(ref _value);

    /// <summary>How much was observed up to each bound, and altogether at the end.</summary>
    public long[] Cumulative()
    {
        var counts = new long[_counts.Length];
        var sum = 0L;
        for (var i = 0; i < counts.Length; i++)
            counts[i] = sum += Volatile.Read(ref _counts[i]);
        return counts;
    }

    public void Set(double value) => Volatile.Write(ref _value, value);

    public void Add(double value)
    {
        var seen = Volatile.Read(ref _value);
        while (true)
        {
            var before = Interlocked.CompareExchange(ref _value, seen + value, seen);
            // Bits, not values: NaN would never be equal to itself.
            if (BitConverter.DoubleToInt64Bits(before) == BitConverter.DoubleToInt64Bits(seen))
                return;
            seen = before;
        }
    }

    public void Observe(double value)
    {
        var bucket = 0;
        while (bucket < bounds!.Length && value > bounds[bucket])
            bucket++;
        Interlocked.Increment(ref _counts[bucket]);
        Add(value);
    }
}
