namespace AgentMta.Server.Inbound;

/// <summary>
/// A limit for work that most often ends without waiting for anything: a timer is made, and the caller's token watched, only from where it waits on. The time runs from the
/// beginning all the same.
/// </summary>
internal sealed class TimeLimit(TimeSpan limit, TimeProvider time, CancellationToken cancellationToken) : IDisposable
{
    // Without a timer of its own it holds nothing that would have to be given back; a timer that fires late finds it whole.
    private readonly CancellationTokenSource _source = new();
    private readonly long _started = time.GetTimestamp();
    private CancellationTokenRegistration _outer;
    private ITimer? _timer;
    private bool _isWatched;
    private volatile bool _isOver;

    /// <summary>The time has run out.</summary>
    public bool IsOver => _isOver;

    /// <summary>Ends with the time or with the caller's token.</summary>
    public CancellationToken Token => cancellationToken.IsCancellationRequested ? cancellationToken : _source.Token;

    /// <summary>The work waits from now on; it may be said again.</summary>
    public void Watch()
    {
        if (_isWatched)
            return;
        _isWatched = true;
        _outer = cancellationToken.UnsafeRegister(static source => ((CancellationTokenSource)source!).Cancel(), _source);
        var rest = limit - time.GetElapsedTime(_started);
        if (rest > TimeSpan.Zero)
            _timer = time.CreateTimer(static of => ((TimeLimit)of!).End(), this, rest, Timeout.InfiniteTimeSpan);
        else
            End();
    }

    /// <inheritdoc/>
    public void Dispose()
    {
        _timer?.Dispose();
        _outer.Dispose();
    }

    private void End()
    {
        _isOver = true;
        _source.Cancel();
    }
}
