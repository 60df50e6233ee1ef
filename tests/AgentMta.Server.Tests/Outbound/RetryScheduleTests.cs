using AgentMta.Server.Outbound;

namespace AgentMta.Server.Tests.Outbound;

public sealed class RetryScheduleTests
{
    private static readonly OutboundOptions Options = new() { HostName = "mail.test" };
    private static readonly DateTimeOffset Start = new(2026, 11, 20, 10, 0, 0, TimeSpan.Zero);

    private readonly RetrySchedule _schedule = new(Options.RetrySteps, Options.RetryJitter);

    [Fact]
    public void Attempts_come_after_5_15_30_minutes_then_1_2_4_and_each_8_hours_for_four_days()
    {
        var waits = new List<double>();
        var now = Start;
        for (var attempts = 1; _schedule.Next(attempts, now, Start + Options.Lifetime, 0.5) is { } next; attempts++)
        {
            waits.Add((next - now).TotalMinutes);
            now = next;
        }

        Assert.Equal([5, 15, 30, 60, 120, 240, 480, 480, 480], waits.Take(9).Select(w => Math.Round(w)));
        Assert.InRange(now, Start + Options.Lifetime - TimeSpan.FromHours(2), Start + Options.Lifetime);
    }

    [Fact]
    public void The_jitter_stays_within_a_fifth()
    {
        Assert.Equal(4, (_schedule.Next(1, Start, DateTimeOffset.MaxValue, 0)!.Value - Start).TotalMinutes, 3);
        Assert.Equal(6, (_schedule.Next(1, Start, DateTimeOffset.MaxValue, 1)!.Value - Start).TotalMinutes, 3);
    }

    [Fact]
    public void Nothing_is_tried_after_the_end() => Assert.Null(_schedule.Next(20, Start, Start, 0.5));
}
