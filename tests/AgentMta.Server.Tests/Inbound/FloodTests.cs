using System.Buffers;
using System.Collections.Concurrent;
using System.IO.Pipelines;
using System.Net;
using System.Text;
using AgentMta.Protocol.Smtp;
using AgentMta.Server.Inbound;
using AgentMta.Server.Model;
using AgentMta.Server.Tests.Support;
using Microsoft.AspNetCore.Connections;

namespace AgentMta.Server.Tests.Inbound;

/// <summary>A client that always has its next command ready: it costs bounded memory and time, and others get their turn.</summary>
public sealed class FloodTests
{
    [Fact]
    public async Task Replies_that_nobody_reads_are_not_piled_up()
    {
        const int Chunks = 100_000;
        await using var server = await SmtpTestServer.StartAsync();
        await using var flood = new Flood(server.Door);
        await flood.HelloAsync();
        // Each chunk is good and has a reply of its own: no budget ends this.
        var octets = new StringBuilder("MAIL FROM:<a@sender.test>\r\nRCPT TO:<agent@agentmta.test>\r\n");
        for (var i = 0; i < Chunks; i++)
            octets.Append("BDAT 1\r\nx");
        await flood.SendAsync(octets.Append("BDAT 1 LAST\r\nxQUIT\r\n").ToString());

        Assert.Equal(Chunks + 4, (await flood.RepliesAsync()).Count);
        Assert.InRange(flood.MostUnread, 1, Flood.SocketBuffer * 5 / 4);
        await flood.Session;
        Assert.Equal(Chunks + 1, Assert.Single(server.Messages).Octets.Length);
    }

    [Fact]
    public async Task Who_never_waits_leaves_the_thread_that_serves_the_sockets_to_others()
    {
        await using var server = await SmtpTestServer.StartAsync();
        await using var flood = new Flood(server.Door);
        var threads = new ConcurrentQueue<string?>();
        server.CheckRecipient = (_, _, _, _, _) =>
        {
            threads.Enqueue(Thread.CurrentThread.Name);
            return ValueTask.FromResult<SmtpReply?>(null);
        };
        await flood.HelloAsync();
        var recipients = string.Concat(Enumerable.Range(0, 90).Select(i => $"RCPT TO:<agent{i}@agentmta.test>\r\n"));
        var octets = string.Concat(Enumerable.Repeat($"MAIL FROM:<a@sender.test>\r\n{recipients}RSET\r\n", 8)) + "QUIT\r\n";
        flood.UntilItWaits();
        // As a socket does: what arrives is handed over, and run, on the thread that read it.
        var socket = new Thread(() => flood.SendAsync(octets).GetAwaiter().GetResult()) { Name = "socket" };
        socket.Start();
        Assert.Equal(8 * 92 + 1, (await flood.RepliesAsync()).Count);
        await flood.Session;

        Assert.Equal(8 * 90, threads.Count);
        Assert.InRange(threads.Count(t => t == "socket"), 1, 128);
    }

    [Theory]
    [InlineData("NOOP")]
    [InlineData("HELP")]
    [InlineData("RSET")]
    [InlineData("VRFY x")]
    public async Task Commands_that_lead_to_no_message_have_a_budget(string command)
    {
        await using var server = await SmtpTestServer.StartAsync(new InboundOptions { JunkCommandBudget = 7 });
        await using var client = await HelloAsync(server);
        for (var round = 0; round < 2; round++)
        {
            for (var i = 0; i < 7; i++)
                Assert.True((await client.SayAsync(command)).IsPositive);
            await client.SendAsync("MAIL FROM:<a@sender.test>\r\nRCPT TO:<agent@agentmta.test>\r\nBDAT 3 LAST\r\nx\r\n"); // a message pays for them
            Assert.Equal([250, 250, 250], await client.CodesAsync(3));
        }

        await client.SendAsync(string.Concat(Enumerable.Repeat(command + "\r\n", 20)));
        var rest = await client.RestAsync();
        Assert.Equal(8, rest.Count);
        Assert.Equal("421 4.7.0 Too many commands without a message", rest[^1].ToString());
        Assert.Equal("budget", (await server.RecordAsync()).Outcome);
    }

    [Theory]
    [InlineData("EHLO x.test", false)]
    [InlineData("RCPT TO:<agent@agentmta.test>", true)]
    [InlineData("BDAT 0", true)]
    public async Task So_have_those_that_repeat_themselves(string command, bool inTransaction)
    {
        await using var server = await SmtpTestServer.StartAsync(new InboundOptions { JunkCommandBudget = 2 });
        await using var client = await HelloAsync(server);
        if (inTransaction)
        {
            await client.SendAsync("MAIL FROM:<a@sender.test>\r\nRCPT TO:<agent@agentmta.test>\r\n");
            await client.CodesAsync(2);
        }

        foreach (var code in new[] { 250, 250, 421 })
            Assert.Equal(code, (await client.SayAsync(command)).Code);

        await client.AssertClosedAsync();
    }

    [Fact]
    public async Task A_session_that_never_waits_ends_when_its_time_is_over()
    {
        var time = new ManualTimeProvider();
        await using var server = await SmtpTestServer.StartAsync(new InboundOptions { SessionTimeout = TimeSpan.FromMinutes(3), IdleTimeout = TimeSpan.FromHours(1) }, time);
        await using var client = await HelloAsync(server);
        server.CheckSender = (_, _, _) =>
        {
            time.Advance(TimeSpan.FromMinutes(1));
            return ValueTask.FromResult<SmtpReply?>(null);
        };
        await client.SendAsync(string.Concat(Enumerable.Repeat("MAIL FROM:<a@sender.test>\r\nRSET\r\n", 10)));
        var rest = await client.RestAsync();
        Assert.Equal("421 4.4.2 The session has lasted too long; connect again", rest[^1].ToString());
        Assert.Equal(6, rest.Count);
        Assert.Equal("timeout", (await server.RecordAsync()).Outcome);
    }

    [Fact]
    public async Task A_refused_chunk_that_never_ends_does()
    {
        var time = new FleetingTime();
        await using var server = await SmtpTestServer.StartAsync(new InboundOptions { DataTimeout = TimeSpan.FromMinutes(10) }, time);
        await using var flood = new Flood(server.Door);
        await flood.HelloAsync();
        await flood.SendAsync("BDAT 9000000000000\r\n"); // without MAIL: refused, and read all the same
        time.Step = TimeSpan.FromMinutes(1);
        for (var i = 0; i < 50 && !flood.Session.IsCompleted; i++)
        {
            flood.UntilItWaits();
            await flood.SendAsync("xxxxxxxx");
        }

        await flood.Session.WaitAsync(TimeSpan.FromSeconds(20));
        Assert.Equal("timeout", (await server.RecordAsync()).Outcome);
    }

    private static async Task<RawSmtpClient> HelloAsync(SmtpTestServer server)
    {
        var client = await RawSmtpClient.GreetedAsync(server.Mx);
        Assert.Equal(250, (await client.SayAsync("EHLO x.test")).Code);
        return client;
    }

    /// <summary>Each look at this clock takes time, so that a deadline passes while nobody waits; no timer of it ever fires.</summary>
    private sealed class FleetingTime : TimeProvider
    {
        private long _now;

        public TimeSpan Step { get; set; }

        public override long TimestampFrequency => TimeSpan.TicksPerSecond;

        public override long GetTimestamp() => Interlocked.Add(ref _now, Step.Ticks);

        public override ITimer CreateTimer(TimerCallback callback, object? state, TimeSpan dueTime, TimeSpan period) =>
            base.CreateTimer(callback, state, Timeout.InfiniteTimeSpan, Timeout.InfiniteTimeSpan);
    }

    /// <summary>A session over pipes instead of a socket, so that what it has said and nobody has read can be seen.</summary>
    private sealed class Flood : IDuplexPipe, IAsyncDisposable
    {
        public const int SocketBuffer = 64 * 1024;

        private readonly Pipe _input = new(new PipeOptions(readerScheduler: PipeScheduler.Inline, pauseWriterThreshold: 0, useSynchronizationContext: false));
        private readonly Pipe _output = new(new PipeOptions(pauseWriterThreshold: SocketBuffer, resumeWriterThreshold: SocketBuffer / 2, useSynchronizationContext: false));
        private readonly DefaultConnectionContext _connection;

        public Flood(Door door)
        {
            _connection = new DefaultConnectionContext("flood") { Transport = this, RemoteEndPoint = new IPEndPoint(IPAddress.Loopback, 4711) };
            Session = Task.Run(() => new Session(door, new SmtpListener(DoorRole.Mx, false, false), _connection).RunAsync(full: false)); // without the tests' own context
        }

        public PipeReader Input => _input.Reader;

        public PipeWriter Output => _output.Writer;

        public Task Session { get; }

        /// <summary>Octets that waited for who reads them, at most.</summary>
        public long MostUnread { get; private set; }

        public async Task HelloAsync()
        {
            Assert.StartsWith("220 ", await ReadAsync(), StringComparison.Ordinal);
            await SendAsync("EHLO x.test\r\n");
            Assert.StartsWith("250-", await ReadAsync(), StringComparison.Ordinal);
        }

        public async Task SendAsync(string octets) => await _input.Writer.WriteAsync(Encoding.ASCII.GetBytes(octets));

        /// <summary>The lines of all replies up to that of QUIT.</summary>
        public async Task<List<string>> RepliesAsync()
        {
            var replies = new StringBuilder();
            while (!replies.ToString(Math.Max(0, replies.Length - 50), Math.Min(replies.Length, 50)).Contains("221 ", StringComparison.Ordinal))
                replies.Append(await ReadAsync());
            return [.. replies.ToString().Split("\r\n", StringSplitOptions.RemoveEmptyEntries)];
        }

        /// <summary>Returns once the session waits for octets: a pipe tells by refusing a second reader.</summary>
        public void UntilItWaits() => SpinWait.SpinUntil(
            () =>
            {
                try
                {
                    return _input.Reader.TryRead(out _);
                }
                catch (InvalidOperationException)
                {
                    return true;
                }
            },
            TimeSpan.FromSeconds(20));

        public async ValueTask DisposeAsync() => await _connection.DisposeAsync();

        private async Task<string> ReadAsync()
        {
            var result = await _output.Reader.ReadAsync().AsTask().WaitAsync(TimeSpan.FromSeconds(20));
            MostUnread = Math.Max(MostUnread, result.Buffer.Length);
            var text = Encoding.ASCII.GetString(result.Buffer);
            _output.Reader.AdvanceTo(result.Buffer.End);
            return text;
        }
    }
}
