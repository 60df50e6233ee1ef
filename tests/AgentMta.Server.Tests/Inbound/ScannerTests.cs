using System.Buffers.Binary;
using System.Net;
using System.Net.Sockets;
using System.Text;
using AgentMta.Protocol.Dns;
using AgentMta.Server.Inbound;
using AgentMta.Server.Inbound.Gates;
using AgentMta.Server.Inbound.Scanners;
using AgentMta.Server.Tests.Support;
using static AgentMta.Server.Tests.Support.TestReceiver;

namespace AgentMta.Server.Tests.Inbound;

public sealed class ScannerTests
{
    [Theory]
    [InlineData("stream: OK\0", false, 250, "")]
    [InlineData("stream: Eicar-Signature FOUND\0", false, 550, "Eicar-Signature")]
    [InlineData("INSTREAM size limit exceeded. ERROR\0", false, 250, "unscanned")]
    [InlineData("", false, 250, "unscanned")]
    [InlineData("", true, 451, "")]
    public async Task Clamd_decides(string answer, bool defer, int code, string shown)
    {
        await using var clamd = new FakePeer(answer, SayOnceStreamEnds);
        await using var server = await OpenAsync(o => o with { Gates = o.Gates with { Clamd = clamd.Address, VirusScannerDown = defer ? ScannerDown.Defer : ScannerDown.Accept } });
        var mail = Mail(body: new string('x', 100_000) + "\n");

        var reply = await server.AcceptAsync(mail);

        Assert.Equal(code, reply.Code);
        if (code == 550)
            Assert.Contains(shown, reply.Text, StringComparison.Ordinal);
        else if (code == 250)
            Assert.Equal(shown, string.Join(',', Assert.Single(await server.MessagesAsync()).Labels.Except(["received", "unread"])));
        if (answer.Length > 0)
            Assert.Equal(mail.ReplaceLineEndings("\r\n").Length, clamd.Octets);
    }

    [Theory]
    [InlineData("unix:/nonexistent/clamd.sock")]
    [InlineData("unix:/nonexistent/a-path-of-more-octets-than-the-system-takes-for-a-socket/a-path-of-more-octets-than-the-system-takes-for-a-socket")]
    [InlineData("::1:3310")]
    [InlineData("127.0.0.1:0")]
    [InlineData("127.0.0.1:70000")]
    [InlineData("nowhere")]
    public async Task A_scanner_that_does_not_listen_is_down_and_not_an_error(string address)
    {
        var result = await new ClamdScanner(address, TimeSpan.FromSeconds(10), TimeProvider.System).ScanAsync(new byte[10], default);

        Assert.Equal(ScanOutcome.Down, result.Outcome);
    }

    [Fact]
    public async Task A_scanner_that_is_down_is_told_of_once_in_a_while_and_when_it_answers_again()
    {
        var time = new ManualTimeProvider();
        using var log = new LineLog();
        using var meter = new ReceiverMeter();
        var watch = new ScannerWatch("clamd", "mail is kept", meter, time, log);
        void Note(ScanOutcome outcome) => watch.Note(new ScanResult(outcome, "no answer within 10 s"));

        Note(ScanOutcome.Clean);
        Assert.Empty(log.Lines);
        for (var i = 0; i < 3; i++)
            Note(ScanOutcome.Down);
        Assert.Equal("clamd cannot be asked (no answer within 10 s); mail is kept", Assert.Single(log.Lines));
        Note(ScanOutcome.Clean);
        Note(ScanOutcome.Clean);
        Assert.Equal("clamd answers again", log.Lines.Last());
        Note(ScanOutcome.Down);
        Note(ScanOutcome.Clean);
        Assert.Equal(2, log.Lines.Count); // one that comes and goes does not fill the log

        time.Advance(TimeSpan.FromMinutes(5));
        Note(ScanOutcome.Down);
        Note(ScanOutcome.Found);
        Assert.Equal(4, log.Lines.Count);
    }

    [Theory]
    [InlineData(false, "mail is kept and labelled unscanned", "stored+unscanned")]
    [InlineData(true, "mail is deferred with 451 4.7.1", "451 4.7.1")]
    public async Task Mail_that_nobody_could_scan_says_so_in_the_log(bool defer, string meanwhile, string shown)
    {
        using var log = new LineLog();
        await using var server = await OpenAsync(o => o with { Gates = o.Gates with { Clamd = "127.0.0.1:1", VirusScannerDown = defer ? ScannerDown.Defer : ScannerDown.Accept } }, log: log);

        await server.AcceptAsync(Mail());

        Assert.EndsWith("); " + meanwhile, Assert.Single(log.With("clamd cannot be asked")), StringComparison.Ordinal);
        Assert.Contains(shown, Assert.Single(log.With("Message tx")), StringComparison.Ordinal);
    }

    [Fact]
    public async Task A_scanner_that_says_nothing_is_down_after_its_time()
    {
        var time = new ManualTimeProvider();
        await using var silent = new FakePeer("", static async (_, _) => await Task.Delay(Timeout.Infinite));
        var scan = new ClamdScanner(silent.Address, TimeSpan.FromSeconds(10), time).ScanAsync(new byte[10], default).AsTask();
        await silent.Connected;

        while (!scan.IsCompleted)
        {
            time.Advance(TimeSpan.FromSeconds(10));
            await Task.Yield();
        }

        Assert.Equal(ScanOutcome.Down, (await scan).Outcome);
    }

    [Theory]
    [InlineData("no action", 250, "")]
    [InlineData("add header", 250, "spam")]
    [InlineData("reject", 550, "")]
    [InlineData("soft reject", 451, "")]
    public async Task Rspamd_decides(string action, int code, string labels)
    {
        await using var rspamd = new FakePeer(Http("""{"action":"ACTION","score":7.5,"required_score":15,"symbols":{"A_RULE":{"name":"A_RULE","score":7.5}}}""".Replace("ACTION", action, StringComparison.Ordinal)), AnswerHttp);
        await using var server = await OpenAsync(o => o with { Gates = o.Gates with { Rspamd = $"http://{rspamd.Address}/" } });

        var reply = await server.AcceptAsync(Mail());

        Assert.Equal(code, reply.Code);
        Assert.Contains("POST /checkv2", rspamd.Heard, StringComparison.Ordinal);
        Assert.Contains("From: ann@sender.test", rspamd.Heard, StringComparison.Ordinal);
        if (code != 250)
            return;
        var message = Assert.Single(await server.MessagesAsync());
        Assert.Equal(labels, string.Join(',', message.Labels.Except(["received", "unread"])));
        Assert.Contains("\"A_RULE\":\"7.5\"", message.Verdicts, StringComparison.Ordinal);
    }

    [Fact]
    public async Task Without_rspamd_the_built_in_score_decides_unless_it_must_defer()
    {
        await using var broken = new FakePeer(Http("not json"), AnswerHttp);
        await using var server = await OpenAsync(o => o with { Gates = o.Gates with { Rspamd = $"http://{broken.Address}/" } });
        await using var strict = await OpenAsync(o => o with { Gates = o.Gates with { Rspamd = $"http://{broken.Address}/", SpamScannerDown = ScannerDown.Defer } });

        Assert.Equal(250, (await server.AcceptAsync(Mail())).Code);
        var verdicts = Assert.Single(await server.MessagesAsync()).Verdicts;
        Assert.Contains("built-in", verdicts, StringComparison.Ordinal);
        Assert.Contains("rspamd could not be asked", verdicts, StringComparison.Ordinal);
        Assert.Equal(451, (await strict.AcceptAsync(Mail())).Code);
    }

    [Fact]
    public async Task The_log_tells_once_that_a_scanner_does_not_answer_and_once_that_it_does_again()
    {
        var log = new LineLog();
        await using var clamd = new FakePeer("", SayOnceStreamEnds);
        await using var rspamd = new FakePeer(Http("not json"), AnswerHttp);
        await using var server = await OpenAsync(o => o with { Gates = o.Gates with { Clamd = clamd.Address, Rspamd = $"http://{rspamd.Address}/", SpamScannerDown = ScannerDown.Defer } }, log: log);

        await server.AcceptAsync(Mail());
        await server.AcceptAsync(Mail());
        clamd.Answer = "stream: OK\0";
        await server.AcceptAsync(Mail());
        await server.AcceptAsync(Mail());

        Assert.Equal(
            ["clamd cannot be asked", "clamd answers again"],
            log.With("clamd").Select(l => l.Split(" (")[0]));
        Assert.StartsWith("rspamd cannot be asked (", Assert.Single(log.With("rspamd")), StringComparison.Ordinal);
        Assert.Equal(["rspamd"], server.Services.Scanners.Down);
    }

    [Fact]
    public async Task Mail_that_clamd_takes_no_stream_of_is_kept_for_that_reason_and_clamd_is_not_down()
    {
        await using var clamd = new FakePeer("INSTREAM size limit exceeded. ERROR\0", SayOnceStreamEnds);
        await using var server = await OpenAsync(o => o with { Gates = o.Gates with { Clamd = clamd.Address } });

        await server.AcceptAsync(Mail());

        Assert.Contains("StreamMaxLength", Assert.Single(await server.MessagesAsync()).Verdicts, StringComparison.Ordinal);
        Assert.Empty(server.Services.Scanners.Down);
    }

    [Theory]
    [InlineData(" FOUND\0")]
    [InlineData("\u0001 what\u0007\0")]
    [InlineData("LONG")]
    public async Task What_a_scanner_says_that_is_no_answer_is_shown_clean_and_short(string answer)
    {
        await using var clamd = new FakePeer(answer == "LONG" ? new string('A', 9000) : answer, SayOnceStreamEnds);

        var result = await new ClamdScanner(clamd.Address, TimeSpan.FromSeconds(10), TimeProvider.System).ScanAsync(new byte[10], default);

        Assert.Equal(ScanOutcome.Down, result.Outcome);
        Assert.InRange(result.Name.Length, 1, 401);
        Assert.DoesNotContain(result.Name, char.IsControl);
        Assert.DoesNotContain("Parameter", result.Name, StringComparison.Ordinal);
    }

    [Theory]
    [InlineData("192.0.2.1", "1.2.0.192.bl.test", "127.0.0.2", true)]
    [InlineData("192.0.2.1", "1.2.0.192.bl.test", "127.255.255.254", false)]
    [InlineData("192.0.2.1", "1.2.0.192.bl.test", "198.51.100.1", false)]
    [InlineData("192.0.2.2", "1.2.0.192.bl.test", "127.0.0.2", false)]
    [InlineData("2001:db8::1", "1.0.0.0.0.0.0.0.0.0.0.0.0.0.0.0.0.0.0.0.0.0.0.0.8.b.d.0.1.0.0.2.bl.test", "127.0.0.2", true)]
    public async Task Dns_lists_are_asked_by_the_reversed_address(string client, string name, string answer, bool listed)
    {
        var lists = new DnsLists([new DnsListOptions { Zone = "bl.test" }], new ZoneOverlay([new AddressRecord(name, 60, IPAddress.Parse(answer))]));

        Assert.Equal(listed, (await lists.FindAsync(IPAddress.Parse(client), default)).Count == 1);
    }

    [Fact]
    public async Task A_listed_client_is_refused_where_set_and_scored_otherwise_and_a_white_list_saves_it()
    {
        var lists = new[] { new DnsListOptions { Zone = "bl.test", Refuse = true }, new DnsListOptions { Zone = "wl.test", Score = -2 } };
        await using var server = await OpenAsync(
            o => o with { Gates = o.Gates with { DnsLists = lists } },
            zone: z => z.Replace("bl", [new AddressRecord("9.113.0.203.bl.test", 60, IPAddress.Parse("127.0.0.4")), new AddressRecord("1.2.0.192.bl.test", 60, IPAddress.Parse("127.0.0.4")), new AddressRecord("1.2.0.192.wl.test", 60, IPAddress.Parse("127.0.0.4"))]));
        var session = server.Incoming("").Session;

        var refused = await server.Recipients.CheckAsync(session with { ClientAddress = Bad }, "ann@sender.test", TestStore.Agent, 0, default);
        var welcome = await server.Recipients.CheckAsync(session with { ClientAddress = Good }, "ann@sender.test", TestStore.Agent, 0, default);
        await server.AcceptAsync(Mail());

        Assert.Contains("bl.test", refused!.Text, StringComparison.Ordinal);
        Assert.Null(welcome);
        Assert.Contains("dnsl_wl.test", Assert.Single(await server.MessagesAsync()).Verdicts, StringComparison.Ordinal);
    }

    private static string Http(string body) => $"HTTP/1.1 200 OK\r\nContent-Type: application/json\r\nContent-Length: {body.Length}\r\nConnection: close\r\n\r\n{body}";

    private static async Task SayOnceStreamEnds(FakePeer peer, NetworkStream stream)
    {
        if (peer.Answer.Length == 0)
            return;
        var head = new byte[10];
        await stream.ReadExactlyAsync(head);
        Assert.Equal("zINSTREAM\0", Encoding.ASCII.GetString(head));
        var length = new byte[4];
        while (true)
        {
            await stream.ReadExactlyAsync(length);
            var count = BinaryPrimitives.ReadInt32BigEndian(length);
            if (count == 0)
                break;
            await stream.ReadExactlyAsync(new byte[count]);
            peer.Octets += count;
        }

        await stream.WriteAsync(Encoding.ASCII.GetBytes(peer.Answer));
    }

    private static async Task AnswerHttp(FakePeer peer, NetworkStream stream)
    {
        var buffer = new byte[64 * 1024];
        while (!peer.Heard.Contains("Hello agent.", StringComparison.Ordinal))
        {
            var count = await stream.ReadAsync(buffer);
            if (count == 0)
                return;
            peer.Heard += Encoding.ASCII.GetString(buffer, 0, count);
        }

        await stream.WriteAsync(Encoding.ASCII.GetBytes(peer.Answer));
    }

    /// <summary>A scanner's socket that follows a script for each connection.</summary>
    private sealed class FakePeer : IAsyncDisposable
    {
        private readonly TcpListener _listener = new(IPAddress.Loopback, 0);
        private readonly TaskCompletionSource _connected = new();

        public FakePeer(string answer, Func<FakePeer, NetworkStream, Task> script)
        {
            Answer = answer;
            _listener.Start();
            _ = RunAsync(script);
        }

        public string Answer { get; set; }

        public string Address => _listener.LocalEndpoint.ToString()!;

        public long Octets { get; set; }

        public string Heard { get; set; } = "";

        public Task Connected => _connected.Task;

        public ValueTask DisposeAsync()
        {
            _listener.Stop();
            return ValueTask.CompletedTask;
        }

        private async Task RunAsync(Func<FakePeer, NetworkStream, Task> script)
        {
            try
            {
                while (true)
                {
                    using var client = await _listener.AcceptTcpClientAsync();
                    _connected.TrySetResult();
                    Heard = "";
                    await script(this, client.GetStream());
                }
            }
            catch (Exception e) when (e is SocketException or ObjectDisposedException or IOException)
            {
                // The test is over.
            }
        }
    }
}
