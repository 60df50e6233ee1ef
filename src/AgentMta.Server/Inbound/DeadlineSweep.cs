using System.Collections.Concurrent;

namespace AgentMta.Server.Inbound;

/// <summary>One timer for all sessions: each second it looks at their deadlines, so that a deadline costs a session one field and no timer of its own.</summary>
internal sealed class DeadlineSweep : IDisposable
{
    private static readonly TimeSpan Interval = TimeSpan.FromSeconds(1);

    private readonly ConcurrentDictionary<Session, bool> _sessions = new();
    private readonly TimeProvider _time;
    private readonly ITimer _timer;

    public DeadlineSweep(TimeProvider time)
    {
        _time = time;
        _timer = time.CreateTimer(static state => ((DeadlineSweep)state!).Sweep(), this, Interval, Interval);
    }

    public void Add(Session session) => _sessions[session] = true;

    public void Remove(Session session) => _sessions.TryRemove(session, out _);

    /// <inheritdoc/>
    public void Dispose() => _timer.Dispose();

    private void Sweep()
    {
        var now = _time.GetTimestamp();
        foreach (var (session, _) in _sessions)
            session.CheckDeadline(now);
    }
}
