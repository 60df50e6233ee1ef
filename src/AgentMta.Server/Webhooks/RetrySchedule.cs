namespace AgentMta.Server.Webhooks;

/// <summary>When an event is tried again that an endpoint did not take (the schedule Standard Webhooks gives): 0, 5 s, 5 min, 30 min, 2, 5, 10 and 10 h.</summary>
internal static class RetrySchedule
{
    private const double Jitter = 0.1;

    private static readonly TimeSpan[] Delays =
    [
        TimeSpan.FromSeconds(5), TimeSpan.FromMinutes(5), TimeSpan.FromMinutes(30), TimeSpan.FromHours(2), TimeSpan.FromHours(5), TimeSpan.FromHours(10), TimeSpan.FromHours(10),
    ];

    /// <summary>The wait after so many failed tries, a little longer by <paramref name="chance"/> (0 to 1); null where it is over.</summary>
    public static TimeSpan? After(int failures, double chance) => failures >= 1 && failures <= Delays.Length ? Delays[failures - 1] * (1 + (Jitter * chance)) : null;
}
