namespace AgentMta.Server.Outbound;

/// <summary>When a deferred delivery is tried again; pure, so that the whole four days can be read in a test.</summary>
internal sealed class RetrySchedule(IReadOnlyList<TimeSpan> steps, double jitter)
{
    /// <summary>The next attempt after <paramref name="attempts"/> failed ones; null where it would be past the end, and the mail is given up.</summary>
    /// <param name="chance">Uniform in [0, 1): where within the jitter the wait falls.</param>
    public DateTimeOffset? Next(int attempts, DateTimeOffset now, DateTimeOffset expiresAt, double chance)
    {
        var step = steps[Math.Clamp(attempts - 1, 0, steps.Count - 1)];
        var next = now + (step * (1 + (jitter * ((2 * chance) - 1))));
        if (next <= expiresAt)
            return next;

        // RFC 5321 4.5.4.1: one more attempt at the very end, instead of giving up hours before it.
        return now < expiresAt - (step / 4) ? expiresAt : null;
    }
}
