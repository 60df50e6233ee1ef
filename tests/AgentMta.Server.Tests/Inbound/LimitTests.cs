using System.Net;
using AgentMta.Protocol.Smtp;
using AgentMta.Server.Inbound;
using AgentMta.Server.Tests.Support;

namespace AgentMta.Server.Tests.Inbound;

public sealed class LimitTests
{
    [Fact]
    public async Task A_line_past_2048_octets_gets_500_and_the_end()
    {
        await using var server = await SmtpTestServer.StartAsync();
        await using var client = await HelloAsync(server);
        Assert.Equal(250, (await client.SayAsync("NOOP " + new string('x', 2041))).Code);
        Assert.Equal("500 5.5.2 Line too long", (await client.SayAsync("NOOP " + new string('x', 2042))).ToString());
        await client.AssertClosedAsync();
    }

    [Theory]
    [InlineData("NOOP\nNOOP\r\n")]
    [InlineData("NOOP\n")]
    [InlineData("\n")]
    public async Task A_bare_lf_ends_no_command(string octets)
    {
        await using var server = await SmtpTestServer.StartAsync();
        await using var client = await HelloAsync(server);
        await client.SendAsync(octets);
        Assert.Equal(["500 5.5.2"], (await client.RestAsync()).Select(r => $"{r.Code} {r.EnhancedStatus}"));
    }

    [Theory]
    [InlineData("GET / HTTP/1.1")]
    [InlineData("POST /x HTTP/1.1")]
    [InlineData("CONNECT x:25 HTTP/1.1")]
    public async Task A_browser_gets_500_and_the_end(string line)
    {
        await using var server = await SmtpTestServer.StartAsync();
        await using var client = await RawSmtpClient.GreetedAsync(server.Mx);
        await client.SendAsync(line + "\r\nHost: x\r\n\r\nMAIL FROM:<a@sender.test>\r\n");
        Assert.Equal([500], (await client.RestAsync()).Select(r => r.Code));
    }

    [Fact]
    public async Task Too_large_is_told_at_mail_or_at_the_true_end()
    {
        await using var server = await SmtpTestServer.StartAsync(new InboundOptions { MaxMessageSize = 200_000 });
        await using var client = await HelloAsync(server);
        Assert.Equal("5.3.4", (await client.SayAsync("MAIL FROM:<a@sender.test> SIZE=200001")).EnhancedStatus);
        await client.SendAsync("MAIL FROM:<a@sender.test>\r\nRCPT TO:<agent@agentmta.test>\r\nDATA\r\n");
        Assert.Equal([250, 250, 354], await client.CodesAsync(3));
        var line = new string('x', 98) + "\r\n";
        for (var i = 0; i < 30; i++)
            await client.SendAsync(string.Concat(Enumerable.Repeat(line, 100)));
        Assert.Equal((552, "5.3.4"), Of(await client.SayAsync(".")));
        Assert.Equal(250, (await client.SayAsync("NOOP")).Code);
        Assert.Empty(server.Messages);
        Assert.Empty(Files(server));
    }

    [Fact]
    public async Task Too_large_by_chunks_is_told_at_once_and_ends_the_transaction()
    {
        await using var server = await SmtpTestServer.StartAsync(new InboundOptions { MaxMessageSize = 10 });
        await using var client = await HelloAsync(server);
        await client.SendAsync("MAIL FROM:<a@sender.test>\r\nRCPT TO:<agent@agentmta.test>\r\nBDAT 8\r\n12345678BDAT 8\r\n12345678BDAT 2 LAST\r\nxxNOOP\r\n");
        Assert.Equal([250, 250, 250, 552, 503, 250], await client.CodesAsync(6));
    }

    [Fact]
    public async Task The_101st_recipient_gets_452()
    {
        await using var server = await SmtpTestServer.StartAsync();
        await using var client = await HelloAsync(server);
        await client.SayAsync("MAIL FROM:<a@sender.test>");
        for (var i = 0; i < 100; i++)
            Assert.Equal(250, (await client.SayAsync($"RCPT TO:<agent{i}@agentmta.test>")).Code);
        Assert.Equal((452, "4.5.3"), Of(await client.SayAsync("RCPT TO:<agent100@agentmta.test>")));
        Assert.Equal(354, (await client.SayAsync("DATA")).Code);
        Assert.Equal(250, (await client.SayAsync("x\r\n.")).Code);
        Assert.Equal(100, Assert.Single(server.Messages).Envelope.Recipients.Count);
    }

    [Fact]
    public async Task A_long_list_of_recipients_never_costs_the_transaction()
    {
        await using var server = await SmtpTestServer.StartAsync(new InboundOptions { ExemptLoopback = false, BannerDelay = TimeSpan.Zero }, new ManualTimeProvider()); // a tarpit would never end
        await using var client = await HelloAsync(server);
        await client.SayAsync("MAIL FROM:<a@sender.test>");
        for (var i = 0; i < 300; i++)
            Assert.Equal(i < 100 ? 250 : 452, (await client.SayAsync($"RCPT TO:<agent{i}@agentmta.test>")).Code);
        Assert.Equal(354, (await client.SayAsync("DATA")).Code);
        Assert.Equal(250, (await client.SayAsync("x\r\n.")).Code);
        await client.SayAsync("QUIT");
        Assert.Equal((200, 1), ((await server.RecordAsync()).RefusedCount, server.Messages.Count));
    }

    [Fact]
    public async Task A_list_of_two_thousand_is_delivered_over_one_connection()
    {
        await using var server = await SmtpTestServer.StartAsync(new InboundOptions { ExemptLoopback = false, BannerDelay = TimeSpan.Zero }, new ManualTimeProvider());
        await using var client = await HelloAsync(server);
        // RFC 5321 4.5.3.1.10: who names them all is told to send the others the message again, and does, each time all that are left.
        var left = Enumerable.Range(0, 2000).Select(i => $"agent{i}@agentmta.test").ToList();
        while (left.Count > 0)
        {
            Assert.Equal(250, (await client.SayAsync("MAIL FROM:<a@sender.test>")).Code);
            var saying = client.SendAsync(string.Concat(left.Select(r => $"RCPT TO:<{r}>\r\n")));
            var codes = await client.CodesAsync(left.Count);
            await saying;
            Assert.Equal(Enumerable.Range(0, left.Count).Select(i => i < 100 ? 250 : 452), codes);
            Assert.Equal(354, (await client.SayAsync("DATA")).Code);
            Assert.Equal(250, (await client.SayAsync("x\r\n.")).Code);
            left.RemoveRange(0, 100);
        }

        Assert.Equal(2000, server.Messages.SelectMany(m => m.Envelope.Recipients).Select(r => r.Address).Distinct().Count());
    }

    [Fact]
    public async Task Who_is_put_off_for_greylisting_is_not_sent_away_for_it()
    {
        await using var server = await SmtpTestServer.StartAsync(new InboundOptions { RefusalBudget = 3 });
        server.CheckRecipient = (_, _, recipient, _, _) => ValueTask.FromResult(recipient.StartsWith("new", StringComparison.Ordinal) ? new SmtpReply(451, "4.7.1", "Later") : null);
        await using var client = await HelloAsync(server);
        await client.SayAsync("MAIL FROM:<a@sender.test>");
        for (var i = 0; i < 20; i++)
            Assert.Equal(451, (await client.SayAsync($"RCPT TO:<new{i}@agentmta.test>")).Code);
        Assert.Equal(250, (await client.SayAsync("RCPT TO:<agent@agentmta.test>")).Code);
    }

    [Fact]
    public async Task A_stranger_waits_between_recipients_that_are_greylisted()
    {
        var (time, delay) = (new ManualTimeProvider(), TimeSpan.FromSeconds(3.5));
        await using var server = await SmtpTestServer.StartAsync(new InboundOptions { ExemptLoopback = false, BannerDelay = TimeSpan.Zero, TarpitDelay = delay }, time);
        server.CheckRecipient = (_, _, recipient, _, _) => ValueTask.FromResult(recipient.StartsWith("new", StringComparison.Ordinal) ? new SmtpReply(451, "4.7.1", "Later") : null);
        await using var client = await HelloAsync(server);
        await client.SayAsync("MAIL FROM:<a@sender.test>");
        Assert.Equal(451, (await client.SayAsync("RCPT TO:<new1@agentmta.test>")).Code);

        var waits = time.UntilTimerAsync(delay);
        var second = client.SayAsync("RCPT TO:<new2@agentmta.test>");
        await waits.WaitAsync(TimeSpan.FromSeconds(20));
        Assert.False(second.IsCompleted);
        time.Advance(delay);
        Assert.Equal(451, (await second).Code);
    }

    [Fact]
    public async Task The_101st_message_of_a_connection_gets_421()
    {
        await using var server = await SmtpTestServer.StartAsync();
        await using var client = await HelloAsync(server);
        for (var i = 0; i < 100; i++)
        {
            Assert.Equal(250, (await client.SayAsync("MAIL FROM:<a@sender.test>")).Code);
            Assert.Equal(250, (await client.SayAsync("EHLO x.test")).Code);
        }

        Assert.Equal((421, "4.7.0"), Of(await client.SayAsync("MAIL FROM:<a@sender.test>")));
        await client.AssertClosedAsync();
    }

    [Fact]
    public async Task Who_asks_by_rset_whether_the_connection_takes_another_message_is_told_when_it_does_not()
    {
        await using var server = await SmtpTestServer.StartAsync(new InboundOptions { MaxMessagesPerConnection = 2 });
        await using var client = await HelloAsync(server);
        for (var i = 0; i < 2; i++)
        {
            Assert.Equal(250, (await client.SayAsync("RSET")).Code);
            await client.SayAsync("MAIL FROM:<a@sender.test>");
            await client.SayAsync("RCPT TO:<agent@agentmta.test>");
            await client.SayAsync("DATA");
            Assert.Equal(250, (await client.SayAsync("x\r\n.")).Code);
        }

        Assert.Equal((421, "4.7.0"), Of(await client.SayAsync("RSET")));
        await client.AssertClosedAsync();
    }

    [Fact]
    public async Task Five_unknown_recipients_then_421()
    {
        await using var server = await SmtpTestServer.StartAsync();
        await using var client = await HelloAsync(server);
        await client.SayAsync("MAIL FROM:<a@sender.test>");
        for (var i = 0; i < 5; i++)
            Assert.Equal((550, "5.1.1"), Of(await client.SayAsync($"RCPT TO:<unknown{i}@agentmta.test>")));
        Assert.Equal((421, "4.7.0"), Of(await client.SayAsync("RCPT TO:<unknown@agentmta.test>")));
        await client.AssertClosedAsync();
        var record = await server.RecordAsync();
        Assert.Equal(("budget", 6), (record.Outcome, record.RefusedCount));
        Assert.Equal(("RCPT", "unknown0@agentmta.test", "5.1.1"), (record.Refused[0].Command, record.Refused[0].Argument, record.Refused[0].Reply.EnhancedStatus));
    }

    [Fact]
    public async Task Refused_commands_have_a_budget()
    {
        await using var server = await SmtpTestServer.StartAsync(new InboundOptions { RefusalBudget = 3 });
        await using var client = await HelloAsync(server);
        for (var i = 0; i < 3; i++)
            Assert.Equal(500, (await client.SayAsync("XYZZY")).Code);
        Assert.Equal(421, (await client.SayAsync("XYZZY")).Code);
        await client.AssertClosedAsync();
    }

    [Theory]
    [InlineData(true)]
    [InlineData(false)]
    public async Task A_message_under_way_does_not_take_the_disk_below_its_floor(bool chunked)
    {
        var free = 10_000_000L;
        await using var server = await SmtpTestServer.StartAsync(freeSpaceFloor: 4_000_000, freeSpace: () => Interlocked.Read(ref free));
        await using var client = await RawSmtpClient.GreetedAsync(server.Mx);
        await client.SayAsync("EHLO client.test");
        Assert.Equal(250, (await client.SayAsync("MAIL FROM:<ann@sender.test>")).Code);
        Assert.Equal(250, (await client.SayAsync("RCPT TO:<agent@agentmta.test>")).Code);
        Interlocked.Exchange(ref free, 3_000_000); // others were faster
        var body = string.Concat(Enumerable.Repeat("Hello agent, this is a long message.\r\n", 200_000)); // more than was free
        if (!chunked)
            Assert.Equal(354, (await client.SayAsync("DATA")).Code);

        await client.SendAsync(chunked ? $"BDAT {body.Length} LAST\r\n{body}" : body + ".\r\n");

        var reply = await client.ReplyAsync();
        Assert.Equal((452, "4.3.1"), (reply.Code, reply.EnhancedStatus));
        Assert.Empty(Directory.GetFiles(server.Folder, "*.eml", SearchOption.AllDirectories));
        Interlocked.Exchange(ref free, 10_000_000);
        Assert.Equal(250, (await client.SayAsync("NOOP")).Code);
    }

    [Fact]
    public async Task A_nearly_full_disk_takes_no_new_message()
    {
        await using var server = await SmtpTestServer.StartAsync(freeSpaceFloor: long.MaxValue);
        await using var client = await HelloAsync(server);
        Assert.Equal((421, "4.3.1"), Of(await client.SayAsync("MAIL FROM:<a@sender.test>")));
        await client.AssertClosedAsync();
    }

    [Fact]
    public async Task Long_lines_are_refused_only_where_that_is_set()
    {
        foreach (var strict in new[] { false, true })
        {
            await using var server = await SmtpTestServer.StartAsync(new InboundOptions { StrictLines = strict });
            await using var client = await HelloAsync(server);
            await client.SendAsync("MAIL FROM:<a@sender.test>\r\nRCPT TO:<agent@agentmta.test>\r\nDATA\r\n");
            Assert.Equal([250, 250, 354], await client.CodesAsync(3));
            Assert.Equal(strict ? 550 : 250, (await client.SayAsync(new string('x', 999) + "\r\n.")).Code);
            // By chunks the last line may have no end; it is a line all the same.
            await client.SendAsync("MAIL FROM:<a@sender.test>\r\nRCPT TO:<agent@agentmta.test>\r\nBDAT 1002 LAST\r\na\r\n" + new string('x', 999));
            Assert.Equal([250, 250, strict ? 550 : 250], await client.CodesAsync(3));
        }
    }

    [Fact]
    public async Task A_fault_behind_the_door_is_temporary_and_never_an_acceptance()
    {
        await using var server = await SmtpTestServer.StartAsync();
        await using var client = await HelloAsync(server);
        server.CheckSender = (_, _, _) => throw new InvalidOperationException("store gone");
        Assert.Equal((451, "4.3.0"), Of(await client.SayAsync("MAIL FROM:<a@sender.test>")));
        server.CheckSender = (_, _, _) => ValueTask.FromResult<SmtpReply?>(null);
        server.Accept = (_, _) => throw new InvalidOperationException("store gone");
        await client.SayAsync("MAIL FROM:<a@sender.test>");
        await client.SayAsync("RCPT TO:<agent@agentmta.test>");
        await client.SayAsync("DATA");
        Assert.Equal((451, "4.3.0"), Of(await client.SayAsync(new string('x', 100_000) + "\r\n.")));
        Assert.Empty(Files(server));
        Assert.Equal(221, (await client.SayAsync("QUIT")).Code);
    }

    [Fact]
    public async Task The_global_cap_turns_connections_away()
    {
        await using var server = await SmtpTestServer.StartAsync(new InboundOptions { MaxConnections = 1 });
        await using var first = await HelloAsync(server);
        await using var second = await RawSmtpClient.ConnectAsync(server.Mx);
        Assert.Equal((421, "4.3.2"), Of(await second.ReplyAsync()));
        await second.AssertClosedAsync();
        await first.SayAsync("QUIT");
        await first.AssertClosedAsync();
        await server.RecordAsync();
        await using var third = await HelloAsync(server);
    }

    [Fact]
    public void Networks_are_counted_by_three_widths()
    {
        var time = new ManualTimeProvider();
        var limits = new ConnectionLimits(new InboundOptions { OpenConnections = new NetworkLimits(2, 3, 4), ConnectionsPerMinute = new NetworkLimits(100, 100, 5) }, time);
        Assert.True(limits.TryEnter(IPAddress.Parse("192.0.2.1")));
        Assert.True(limits.TryEnter(IPAddress.Parse("192.0.2.1")));
        Assert.False(limits.TryEnter(IPAddress.Parse("192.0.2.1"))); // /32
        Assert.True(limits.TryEnter(IPAddress.Parse("192.0.2.2")));
        Assert.False(limits.TryEnter(IPAddress.Parse("192.0.2.3"))); // /26
        Assert.True(limits.TryEnter(IPAddress.Parse("192.0.2.200")));
        Assert.False(limits.TryEnter(IPAddress.Parse("192.0.3.1"))); // /21
        Assert.True(limits.TryEnter(IPAddress.Parse("198.51.100.1")));
        Assert.True(limits.TryEnter(IPAddress.Parse("2001:db8::1")));
        Assert.True(limits.TryEnter(IPAddress.Parse("2001:db8::2")));
        Assert.False(limits.TryEnter(IPAddress.Parse("2001:db8::3"))); // /64
        limits.Leave(IPAddress.Parse("192.0.2.1"));
        Assert.True(limits.TryEnter(IPAddress.Parse("192.0.2.1")));
        limits.Leave(IPAddress.Parse("192.0.2.1"));
        Assert.False(limits.TryEnter(IPAddress.Parse("192.0.2.1"))); // five this minute
        time.Advance(TimeSpan.FromMinutes(1));
        Assert.True(limits.TryEnter(IPAddress.Parse("192.0.2.1")));
    }

    [Fact]
    public void Failed_authentications_are_counted_seen_and_lifted()
    {
        var time = new ManualTimeProvider();
        var limits = new AuthFailureLimits(new InboundOptions(), time);
        var client = IPAddress.Parse("192.0.2.1");
        for (var i = 0; i < 10; i++)
            limits.Count(client);
        Assert.True(limits.IsBlocked(client));
        Assert.False(limits.IsBlocked(IPAddress.Parse("192.0.2.2")));
        Assert.Equal(
            [new NetworkFailures("192.0.0.0/21", 10, 10, false), new NetworkFailures("192.0.2.0/26", 10, 10, false), new NetworkFailures("192.0.2.1/32", 10, 10, true)], limits.Snapshot());
        time.Advance(TimeSpan.FromMinutes(1));
        Assert.False(limits.IsBlocked(client));
        for (var i = 0; i < 40; i++)
            limits.Count(client);
        time.Advance(TimeSpan.FromMinutes(1));
        Assert.True(limits.IsBlocked(client)); // fifty today
        limits.Lift(client);
        Assert.False(limits.IsBlocked(client));
        limits.Count(IPAddress.Loopback);
        Assert.DoesNotContain(limits.Snapshot(), n => n.Network.StartsWith("127.", StringComparison.Ordinal));
    }

    [Fact]
    public async Task A_reset_within_data_leaves_no_file()
    {
        await using var server = await SmtpTestServer.StartAsync();
        var client = await HelloAsync(server);
        await client.SendAsync("MAIL FROM:<a@sender.test>\r\nRCPT TO:<agent@agentmta.test>\r\nDATA\r\n");
        Assert.Equal([250, 250, 354], await client.CodesAsync(3));
        await client.SendAsync(string.Concat(Enumerable.Repeat(new string('x', 98) + "\r\n", 2000)));
        await Eventually.TrueAsync(() => Files(server).Length == 1);
        client.Reset();
        await Eventually.TrueAsync(() => !server.Records.IsEmpty);
        Assert.Empty(Files(server));
    }

    private static async Task<RawSmtpClient> HelloAsync(SmtpTestServer server)
    {
        var client = await RawSmtpClient.GreetedAsync(server.Mx);
        Assert.Equal(250, (await client.SayAsync("EHLO x.test")).Code);
        return client;
    }

    private static string[] Files(SmtpTestServer server)
    {
        var folder = Path.Combine(server.Folder, "raws");
        return Directory.Exists(folder) ? Directory.GetFiles(folder, "*", SearchOption.AllDirectories) : [];
    }

    private static (int Code, string? Status) Of(SmtpReply reply) => (reply.Code, reply.EnhancedStatus);
}
