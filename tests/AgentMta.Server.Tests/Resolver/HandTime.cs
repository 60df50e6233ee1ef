namespace AgentMta.Server.Tests.Resolver;

/// <summary>A clock that a test turns on; timers run by the real one.</summary>
internal sealed class HandTime : TimeProvider
{
    private long _ticks = 1;

    public override long TimestampFrequency => TimeSpan.TicksPerSecond;

    public override long GetTimestamp() => Interlocked.Read(ref _ticks);

    public void Advance(double seconds) => Interlocked.Add(ref _ticks, TimeSpan.FromSeconds(seconds).Ticks);
}
