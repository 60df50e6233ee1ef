namespace AgentMta.Server.Inbound;

/// <summary>The clock of a replay: it stands where the message at hand came, so that rates see the days that passed between two messages. Timers run as ever.</summary>
internal sealed class ReplayTime : TimeProvider
{
    private DateTimeOffset _now = DateTimeOffset.UnixEpoch;

    /// <summary>Moves on; never back.</summary>
    public void MoveTo(DateTimeOffset time) => _now = time > _now ? time : _now;

    /// <inheritdoc/>
    public override DateTimeOffset GetUtcNow() => _now;

    /// <inheritdoc/>
    public override long TimestampFrequency => TimeSpan.TicksPerSecond;

    /// <inheritdoc/>
    public override long GetTimestamp() => _now.UtcTicks;
}
