namespace AgentMta.Protocol.Dns;

/// <summary>
/// The DNS allowance of one message: when its time is spent, every look-up is a <see cref="DnsStatus.Timeout"/> (RFC 7208 4.6.4 asks for at
/// least 20 s); and the memory of what was asked. Its clock runs only while a look-up is under way, so that a slow sender does not spend it.
/// </summary>
public sealed class DnsBudget : IDnsLookup
{
    // Far over what the limits of SPF, DKIM, DMARC and ARC allow together; a bound all the same.
    private const int MaxEvidence = 1000;

    // Look-ups of a message with one signature.
    private const int Usual = 10;

    private readonly IDnsLookup _inner;
    private readonly TimeProvider _time;
    private readonly TimeSpan _limit;
    private readonly Lock _gate = new();
    private readonly List<DnsEvidence> _evidence = new(Usual);
    private CancellationTokenSource? _unusedStop;
    private TimeSpan _spent;
    private long _runningSince;
    private int _underWay;

    /// <summary>An allowance of <paramref name="limit"/>, 20 s where not given, over <paramref name="inner"/>.</summary>
    public DnsBudget(IDnsLookup inner, TimeProvider time, TimeSpan? limit = null)
    {
        _inner = inner;
        _time = time;
        _limit = limit ?? TimeSpan.FromSeconds(20);
    }

    /// <summary>The look-ups that ended so far, in the order they ended.</summary>
    public IReadOnlyList<DnsEvidence> Evidence
    {
        get
        {
            lock (_gate)
                return [.. _evidence];
        }
    }

    /// <summary>Time in which at least one look-up was under way.</summary>
    public TimeSpan Spent
    {
        get
        {
            lock (_gate)
                return SpentAt(_time.GetTimestamp());
        }
    }

    public ValueTask<DnsAnswer> LookupAsync(string name, DnsRecordType type, CancellationToken cancellationToken)
    {
        if (cancellationToken.IsCancellationRequested)
            return ValueTask.FromCanceled<DnsAnswer>(cancellationToken);
        var started = _time.GetTimestamp();
        var left = Begin(started);
        if (left <= TimeSpan.Zero)
            return ValueTask.FromResult(End(name, type, started, DnsAnswer.Empty(DnsStatus.Timeout, name)));

        var stop = Interlocked.Exchange(ref _unusedStop, null) ?? new CancellationTokenSource();
        ValueTask<DnsAnswer> pending;
        try
        {
            pending = _inner.LookupAsync(name, type, stop.Token);
        }
        catch (Exception e)
        {
            End();
            return ValueTask.FromException<DnsAnswer>(e);
        }

        // A warm cache answers here, and needs neither a timer nor the caller's cancellation.
        if (!pending.IsCompletedSuccessfully)
            return WaitAsync(pending, stop, name, type, started, left, cancellationToken);
        _unusedStop = stop;
        return ValueTask.FromResult(End(name, type, started, pending.Result));
    }

    private async ValueTask<DnsAnswer> WaitAsync(
        ValueTask<DnsAnswer> pending, CancellationTokenSource stop, string name, DnsRecordType type, long started, TimeSpan left, CancellationToken cancellationToken)
    {
        DnsAnswer? answer = null;
        try
        {
            using (stop)
            using (_time.CreateTimer(static stop => Stop(stop), stop, left, Timeout.InfiniteTimeSpan))
            using (cancellationToken.UnsafeRegister(static stop => Stop(stop), stop))
                answer = await pending.ConfigureAwait(false);
        }
        catch (OperationCanceledException) when (!cancellationToken.IsCancellationRequested && stop.IsCancellationRequested)
        {
            answer = DnsAnswer.Empty(DnsStatus.Timeout, name);
        }
        finally
        {
            if (answer is null)
                End();
        }

        return End(name, type, started, answer);
    }

    private static void Stop(object? stop)
    {
        try
        {
            ((CancellationTokenSource)stop!).Cancel();
        }
        catch (ObjectDisposedException)
        {
            // The answer came at the same moment.
        }
    }

    private TimeSpan Begin(long now)
    {
        lock (_gate)
        {
            if (_underWay++ == 0)
                _runningSince = now;
            return _limit - SpentAt(now);
        }
    }

    private DnsAnswer End(string name, DnsRecordType type, long started, DnsAnswer answer)
    {
        var now = _time.GetTimestamp();
        lock (_gate)
        {
            EndAt(now);
            if (_evidence.Count < MaxEvidence)
                _evidence.Add(new DnsEvidence(name, type, answer.Status, answer.Ttl, answer.Authenticated, _time.GetElapsedTime(started, now), answer.Records.Count));
        }

        return answer;
    }

    private void End()
    {
        lock (_gate)
            EndAt(_time.GetTimestamp());
    }

    private void EndAt(long now)
    {
        if (_underWay == 1)
            _spent = SpentAt(now);
        _underWay--;
    }

    private TimeSpan SpentAt(long now) => _underWay == 0 ? _spent : _spent + _time.GetElapsedTime(_runningSince, now);
}
