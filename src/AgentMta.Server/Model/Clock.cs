namespace AgentMta.Server.Model;

/// <summary>Turns times into the integers of the database: UTC microseconds since 1970.</summary>
internal static class Clock
{
    /// <summary>The present in microseconds.</summary>
    public static long NowMicros(this TimeProvider time) => time.GetUtcNow().ToMicros();

    /// <summary>A time in microseconds.</summary>
    public static long ToMicros(this DateTimeOffset time) => (time.UtcTicks - DateTimeOffset.UnixEpoch.UtcTicks) / TimeSpan.TicksPerMicrosecond;

    /// <summary>The time of a column.</summary>
    public static DateTimeOffset FromMicros(long micros) => DateTimeOffset.UnixEpoch.AddTicks(micros * TimeSpan.TicksPerMicrosecond);
}
