using AgentMta.Protocol.Smtp;
using AgentMta.Server.Inbound;
using AgentMta.Server.Tests.Support;

namespace AgentMta.Server.Tests.Inbound;

public sealed class DeadlineTests
{
    private readonly ManualTimeProvider _time = new();

    [Fact]
    public async Task Five_silent_minutes_end_the_session()
    {
        await using var server = await SmtpTestServer.StartAsync(time: _time);
        await using var client = await RawSmtpClient.GreetedAsync(server.Mx);
        await client.SayAsync("EHLO x.test");
        await client.SendAsync("MAIL FR"); // half a command is silence too
        var passed = await AdvanceUntilAsync(client.RestAsync(), TimeSpan.FromMinutes(5));
        Assert.Equal(["421 4.4.2 You were silent for too long"], passed.Replies.Select(r => r.ToString()));
        Assert.InRange(passed.Time, TimeSpan.FromMinutes(5), TimeSpan.FromMinutes(6));
        Assert.Equal("timeout", (await server.RecordAsync()).Outcome);
    }

    [Fact]
    public async Task Tls_sessions_have_the_same_deadline()
    {
        await using var server = await SmtpTestServer.StartAsync(time: _time);
        await using var client = await RawSmtpClient.GreetedAsync(server.Mx);
        await client.SayAsync("EHLO x.test");
        await client.SayAsync("STARTTLS");
        await client.StartTlsAsync();
        await client.SayAsync("EHLO x.test");
        var passed = await AdvanceUntilAsync(client.RestAsync(), TimeSpan.FromMinutes(5));
        Assert.Equal([421], passed.Replies.Select(r => r.Code));
    }

    [Fact]
    public async Task Data_may_take_ten_minutes_however_busily_it_drips()
    {
        await using var server = await SmtpTestServer.StartAsync(new InboundOptions { IdleTimeout = TimeSpan.FromHours(1) }, _time);
        await using var client = await RawSmtpClient.GreetedAsync(server.Mx);
        await client.SayAsync("EHLO x.test");
        await client.SendAsync("MAIL FROM:<a@sender.test>\r\nRCPT TO:<agent@agentmta.test>\r\nDATA\r\n");
        Assert.Equal([250, 250, 354], await client.CodesAsync(3));
        for (var seconds = 0; seconds < 590; seconds += 10)
        {
            await client.SendAsync("drip\r\n");
            _time.Advance(TimeSpan.FromSeconds(10));
        }

        var passed = await AdvanceUntilAsync(client.RestAsync(), TimeSpan.FromSeconds(8));
        Assert.Equal([421], passed.Replies.Select(r => r.Code));
        Assert.InRange(passed.Time, TimeSpan.FromSeconds(8), TimeSpan.FromMinutes(1));
        Assert.Empty(server.Messages);
    }

    [Fact]
    public async Task A_session_lasts_half_an_hour_at_most()
    {
        await using var server = await SmtpTestServer.StartAsync(time: _time);
        await using var client = await RawSmtpClient.GreetedAsync(server.Mx);
        var replies = new List<SmtpReply>();
        await client.SayAsync("EHLO x.test");
        for (var minutes = 0; minutes < 60 && (replies.Count == 0 || replies[^1].Code == 250); minutes += 2)
        {
            _time.Advance(TimeSpan.FromMinutes(2));
            replies.Add(await client.SayAsync("MAIL FROM:<a@sender.test>"));
            if (replies[^1].Code == 250)
                replies.Add(await client.SayAsync("RSET"));
        }

        Assert.Equal("421 4.4.2 The session has lasted too long; connect again", replies[^1].ToString());
        Assert.InRange(replies.Count, 27, 31);
    }

    [Fact]
    public async Task A_refused_stranger_waits_for_the_second_refusal()
    {
        await using var server = await SmtpTestServer.StartAsync(new InboundOptions { ExemptLoopback = false, BannerDelay = TimeSpan.Zero }, _time);
        await using var client = await RawSmtpClient.GreetedAsync(server.Mx);
        await client.SayAsync("EHLO x.test");
        Assert.Equal(500, (await client.SayAsync("XYZZY")).Code);
        await client.SendAsync("NOOP\r\nXYZZY\r\n");
        Assert.Equal(250, (await client.ReplyAsync()).Code);
        var reply = client.ReplyAsync();
        await Task.Delay(20);
        Assert.False(reply.IsCompleted);
        while (!reply.IsCompleted)
        {
            _time.Advance(TimeSpan.FromMilliseconds(500));
            await Task.Delay(1);
        }

        Assert.Equal(500, (await reply).Code);
    }

    [Fact]
    public async Task Stopping_ends_idle_sessions_at_once_and_lets_data_finish()
    {
        await using var server = await SmtpTestServer.StartAsync();
        await using var idle = await RawSmtpClient.GreetedAsync(server.Mx);
        await using var secure = await RawSmtpClient.GreetedAsync(server.Mx);
        await secure.SayAsync("EHLO x.test");
        await secure.SayAsync("STARTTLS");
        await secure.StartTlsAsync();
        await secure.SayAsync("EHLO x.test");
        await using var busy = await RawSmtpClient.GreetedAsync(server.Mx);
        await busy.SayAsync("EHLO x.test");
        await busy.SendAsync("MAIL FROM:<a@sender.test>\r\nRCPT TO:<agent@agentmta.test>\r\nDATA\r\n");
        Assert.Equal([250, 250, 354], await busy.CodesAsync(3));
        await busy.SendAsync("Subject: slow\r\n");

        var stop = server.StopAsync();
        Assert.Equal(["421 4.3.2"], (await idle.RestAsync()).Select(r => $"{r.Code} {r.EnhancedStatus}"));
        Assert.Equal([421], (await secure.RestAsync()).Select(r => r.Code));
        Assert.False(stop.IsCompleted);
        await busy.SendAsync("\r\nbody\r\n.\r\n");
        Assert.Equal([250, 421], (await busy.RestAsync()).Select(r => r.Code));
        await stop;
        Assert.Single(server.Messages);
    }

    // Up to just before the deadline in one go; from there in small steps, so that the session has time for its last words.
    private async Task<(List<SmtpReply> Replies, TimeSpan Time)> AdvanceUntilAsync(Task<List<SmtpReply>> rest, TimeSpan least)
    {
        var start = _time.GetUtcNow();
        _time.Advance(least - TimeSpan.FromSeconds(1));
        Assert.False(rest.IsCompleted);
        while (!rest.IsCompleted)
        {
            _time.Advance(TimeSpan.FromMilliseconds(500));
            await Task.WhenAny(rest, Task.Delay(10));
        }

        return (await rest, _time.GetUtcNow() - start);
    }
}
