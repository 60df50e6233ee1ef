using AgentMta.Server.Inbound;
using AgentMta.Server.Tests.Support;

namespace AgentMta.Server.Tests.Inbound;

public sealed class TimeLimitTests
{
    private static readonly TimeSpan Minute = TimeSpan.FromMinutes(1);

    private readonly ManualTimeProvider _time = new();

    [Fact]
    public void The_time_runs_from_the_beginning_and_ends_what_waits()
    {
        using var limit = new TimeLimit(Minute, _time, CancellationToken.None);
        _time.Advance(TimeSpan.FromSeconds(40));
        limit.Watch();

        _time.Advance(TimeSpan.FromSeconds(19));
        Assert.False(limit.IsOver || limit.Token.IsCancellationRequested);

        _time.Advance(TimeSpan.FromSeconds(1));
        Assert.True(limit.IsOver && limit.Token.IsCancellationRequested);
    }

    [Fact]
    public void What_begins_to_wait_too_late_ends_at_once()
    {
        using var limit = new TimeLimit(Minute, _time, CancellationToken.None);
        _time.Advance(Minute);
        limit.Watch();

        Assert.True(limit.IsOver && limit.Token.IsCancellationRequested);
    }

    [Theory]
    [InlineData(true)]
    [InlineData(false)]
    public void The_callers_token_ends_it_too_and_not_for_its_time(bool before)
    {
        using var caller = new CancellationTokenSource();
        using var limit = new TimeLimit(Minute, _time, caller.Token);
        var token = limit.Token;
        if (before)
            caller.Cancel();
        limit.Watch();
        caller.Cancel();

        Assert.True(token.IsCancellationRequested);
        Assert.False(limit.IsOver);
    }

    [Fact]
    public void Nothing_comes_behind_its_end()
    {
        using var caller = new CancellationTokenSource();
        var limit = new TimeLimit(Minute, _time, caller.Token);
        var token = limit.Token;
        limit.Watch();
        limit.Dispose();
        caller.Cancel();
        _time.Advance(Minute);

        Assert.False(limit.IsOver || token.IsCancellationRequested);
    }
}
