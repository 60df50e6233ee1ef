namespace AgentMta.Server.Tests.Support;

/// <summary>A clock that goes on by one millisecond each time it is read.</summary>
internal sealed class SteppingTimeProvider : TimeProvider
{
    private long _milliseconds = 1_790_000_000_000;

    public override DateTimeOffset GetUtcNow() => DateTimeOffset.FromUnixTimeMilliseconds(Interlocked.Increment(ref _milliseconds));
}
