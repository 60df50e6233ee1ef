namespace AgentMta.Protocol.Dns;

/// <summary>
/// The DNS allowance of one message: when its time is spent, every look-up is a <see cref="DnsStatus.Timeout"/> (RFC 7208 4.6.4 asks for at
/// least 20 s); and the memory of what was asked. Its clock runs only while a look-up is under way, so that a slow sender does not spend it.
/// </summary>
public sealed class DnsBudget : IDnsLookup
{
    // Far over what the limits of SPF, DKIM, DMARC and ARC allow together; a bound all the same.
    private const int MaxEvidence = 1000;

    private readonly IDnsLookup _inner;
    private readonly TimeProvider _time;
    private readonly TimeSpan _limit;
    private readonly Lock _gate = new();
    private readonly List<DnsEvidence> _evidence = [];
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
                return SpentNow();
        }
    }

    public async ValueTask<DnsAnswer> LookupAsync(string name, DnsRecordType type, CancellationToken cancellationToken)
    {
        cancellationToken.ThrowIfCancellationRequested();
        var started = _time.GetTimestamp();
        var answer = DnsAnswer.Empty(DnsStatus.Timeout, name);
        var left = Begin(started);
        try
        {
            if (left > TimeSpan.Zero)
                answer = await AskAsync(name, type, left, cancellationToken).ConfigureAwait(false);
        }
        finally
        {
            End();
        }

        lock (_gate)
        {
            if (_evidence.Count < MaxEvidence)
                _evidence.Add(new DnsEvidence(name, type, answer.Status, answer.Ttl, answer.Authenticated, _time.GetElapsedTime(started), answer.Records.Count));
        }

        return answer;
    }

    private async ValueTask<DnsAnswer> AskAsync(string name, DnsRecordType type, TimeSpan left, CancellationToken cancellationToken)
    {
        using var deadline = new CancellationTokenSource(left, _time);
        using var linked = CancellationTokenSource.CreateLinkedTokenSource(deadline.Token, cancellationToken);
        try
        {
            return await _inner.LookupAsync(name, type, linked.Token).ConfigureAwait(false);
        }
        catch (OperationCanceledException) when (!cancellationToken.IsCancellationRequested && deadline.IsCancellationRequested)
        {
            return DnsAnswer.Empty(DnsStatus.Timeout, name);
        }
    }

    private TimeSpan Begin(long now)
    {
        lock (_gate)
        {
            if (_underWay++ == 0)
                _runningSince = now;
            return _limit - SpentNow();
        }
    }

    private void End()
    {
        lock (_gate)
        {
            if (_underWay == 1)
                _spent = SpentNow();
            _underWay--;
        }
    }

    private TimeSpan SpentNow() => _underWay == 0 ? _spent : _spent + _time.GetElapsedTime(_runningSince);
}
