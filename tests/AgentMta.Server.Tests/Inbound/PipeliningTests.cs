using System.Collections.Concurrent;
using AgentMta.Protocol.Smtp;
using AgentMta.Server.Tests.Support;

namespace AgentMta.Server.Tests.Inbound;

public sealed class PipeliningTests
{
    private const string Transaction = "MAIL FROM:<a@sender.test>\r\nRCPT TO:<agent@agentmta.test>\r\nBDAT 3 LAST\r\nx\r\n";

    private static readonly SmtpReply Stored = new(250, "2.0.0", "Stored");

    [Fact]
    public async Task A_group_of_commands_gets_its_replies_in_order()
    {
        await using var server = await SmtpTestServer.StartAsync();
        await using var client = await RawSmtpClient.GreetedAsync(server.Mx);
        await client.SayAsync("EHLO x.test");
        await client.SendAsync("MAIL FROM:<a@sender.test>\r\nRCPT TO:<unknown@agentmta.test>\r\nRCPT TO:<agent@agentmta.test>\r\nNOOP\r\nDATA\r\n");
        Assert.Equal([250, 550, 250, 250, 354], await client.CodesAsync(5));
        await client.SendAsync("x\r\n.\r\nRSET\r\nMAIL FROM:<>\r\n");
        Assert.Equal([250, 250, 250], await client.CodesAsync(3));
    }

    [Theory]
    [InlineData("EHLO y.test\r\nMAIL FROM:<a@sender.test>\r\n")]
    [InlineData("HELO y.test\r\nNOOP\r\n")]
    [InlineData("MAIL FROM:<a@sender.test>\r\nRCPT TO:<agent@agentmta.test>\r\nDATA\r\nSubject: too early\r\n")]
    [InlineData("MAIL FROM:<a@sender.test>\r\nRCPT TO:<unknown@agentmta.test>\r\nDATA\r\nRSET\r\n")]
    public async Task Octets_that_did_not_wait_for_a_reply_end_the_session(string octets)
    {
        await using var server = await SmtpTestServer.StartAsync();
        await using var client = await RawSmtpClient.GreetedAsync(server.Mx);
        await client.SayAsync("EHLO x.test");
        await client.SendAsync(octets);
        var last = (await client.RestAsync())[^1];
        Assert.Equal((503, "5.5.1"), (last.Code, last.EnhancedStatus));
        Assert.Empty(server.Messages);
        Assert.Equal("protocol", (await server.RecordAsync()).Outcome);
    }

    [Fact]
    public async Task Anything_may_follow_a_chunk()
    {
        await using var server = await SmtpTestServer.StartAsync();
        await using var client = await RawSmtpClient.GreetedAsync(server.Mx);
        await client.SayAsync("EHLO x.test");
        const string Transaction = "MAIL FROM:<a@sender.test>\r\nRCPT TO:<agent@agentmta.test>\r\nBDAT 3\r\nab\rBDAT 2\r\n\nxBDAT 0 LAST\r\n";
        await client.SendAsync(Transaction + Transaction + "QUIT\r\n");
        Assert.Equal([250, 250, 250, 250, 250, 250, 250, 250, 250, 250, 221], (await client.RestAsync()).Select(r => r.Code));
        Assert.All(server.Messages, m => Assert.Equal("ab\r\nx"u8.ToArray(), m.Octets));
        Assert.Equal(2, server.Messages.Count);
    }

    [Fact]
    public async Task Chunks_are_read_away_where_they_are_refused()
    {
        await using var server = await SmtpTestServer.StartAsync();
        await using var client = await RawSmtpClient.GreetedAsync(server.Mx);
        await client.SayAsync("EHLO x.test");
        await client.SendAsync("BDAT 6 LAST\r\nRSET\r\nMAIL FROM:<a@sender.test>\r\nBDAT 6 LAST\r\nQUIT\r\nRCPT TO:<agent@agentmta.test>\r\nBDAT 2\r\nxxDATA\r\n");
        Assert.Equal([503, 250, 554, 250, 250, 503], await client.CodesAsync(6));
        await client.SendAsync("MAIL FROM:<b@sender.test>\r\nRCPT TO:<agent@agentmta.test>\r\nRSET\r\nBDAT 2 LAST\r\nxx");
        Assert.Equal([503, 503, 250, 503], await client.CodesAsync(4));
        Assert.Empty(server.Messages);
    }

    [Fact]
    public async Task A_chunk_of_unreadable_size_ends_the_session()
    {
        await using var server = await SmtpTestServer.StartAsync();
        await using var client = await RawSmtpClient.GreetedAsync(server.Mx);
        await client.SayAsync("EHLO x.test");
        await client.SendAsync("BDAT many\r\nQUIT\r\n");
        Assert.Equal([501], (await client.RestAsync()).Select(r => r.Code));
    }

    [Fact]
    public async Task Who_talks_before_the_banner_is_sent_away()
    {
        var time = new ManualTimeProvider();
        await using var server = await SmtpTestServer.StartAsync(new() { ExemptLoopback = false }, time);
        await using var client = await RawSmtpClient.ConnectAsync(server.Mx);
        await client.SendAsync("EHLO x.test\r\n");
        var rest = client.RestAsync();
        while (!rest.IsCompleted)
        {
            time.Advance(TimeSpan.FromMilliseconds(50)); // the banner is held back until the clock moves
            await Task.Delay(1);
        }

        Assert.Equal([554], (await rest).Select(r => r.Code));
    }

    [Theory]
    [InlineData(false)]
    [InlineData(true)]
    public async Task What_did_not_wait_for_the_reply_is_not_run_on_the_thread_that_stored_the_message(bool tls)
    {
        await using var server = await SmtpTestServer.StartAsync();
        await using var beside = await RawSmtpClient.GreetedAsync(server.Mx);
        await using var client = await RawSmtpClient.GreetedAsync(server.Mx);
        await client.SayAsync("EHLO x.test");
        if (tls)
        {
            await client.SayAsync("STARTTLS");
            await client.StartTlsAsync();
            await client.SayAsync("EHLO x.test");
        }

        var threads = new ConcurrentQueue<string?>();
        var taken = 0;
        server.CheckSender = (_, _, _) =>
        {
            threads.Enqueue(Thread.CurrentThread.Name);
            return ValueTask.FromResult<SmtpReply?>(null);
        };
        server.Accept = (_, _) =>
        {
            // As the store does: whoever waits goes on here. Round trips give the session time to wait, and what is sent meanwhile time to arrive; inside TLS nobody has read it.
            var stored = new TaskCompletionSource<SmtpReply>();
            var isLast = ++taken == 20;
            OnThread("store", () =>
            {
                if (!isLast)
                    client.SendAsync(Transaction).GetAwaiter().GetResult();
                beside.SayAsync("NOOP").GetAwaiter().GetResult();
                stored.SetResult(Stored);
            });
            return stored.Task;
        };
        await client.SendAsync(Transaction);
        Assert.All(await client.CodesAsync(60), code => Assert.Equal(250, code));
        Assert.DoesNotContain("store", threads);
    }

    [Fact]
    public async Task Who_has_several_to_answer_is_not_kept_by_what_one_of_them_sent_meanwhile()
    {
        await using var server = await SmtpTestServer.StartAsync();
        await using var beside = await RawSmtpClient.GreetedAsync(server.Mx);
        await using var busy = await RawSmtpClient.GreetedAsync(server.Mx);
        await using var other = await RawSmtpClient.GreetedAsync(server.Mx);
        using var answered = new ManualResetEventSlim();
        server.CheckSender = (_, sender, cancelled) =>
        {
            if (sender == "late@sender.test")
                Assert.True(answered.Wait(TimeSpan.FromSeconds(30), cancelled));
            return ValueTask.FromResult<SmtpReply?>(null);
        };
        var waiting = new ConcurrentQueue<TaskCompletionSource<SmtpReply>>();
        server.Accept = (_, _) =>
        {
            var stored = new TaskCompletionSource<SmtpReply>();
            waiting.Enqueue(stored);
            return stored.Task;
        };
        await busy.SayAsync("EHLO x.test");
        await busy.SendAsync(Transaction + "MAIL FROM:<late@sender.test>\r\n");
        await Eventually.TrueAsync(() => waiting.Count == 1);
        await other.SayAsync("EHLO y.test");
        await other.SendAsync(Transaction);
        await Eventually.TrueAsync(() => waiting.Count == 2);
        await beside.SayAsync("NOOP");

        // As the store does for many, on a thread of the pool.
        var telling = Task.Run(() =>
        {
            foreach (var stored in waiting)
                stored.SetResult(Stored);
        });
        Assert.Equal([250, 250, 250], await other.CodesAsync(3));
        answered.Set();
        await telling;
        Assert.Equal([250, 250, 250, 250], await busy.CodesAsync(4));
    }

    private static void OnThread(string name, ThreadStart work) => new Thread(work) { IsBackground = true, Name = name }.Start();
}
