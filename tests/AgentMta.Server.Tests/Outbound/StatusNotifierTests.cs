using System.Net;
using System.Text;
using AgentMta.Protocol.Mime;
using AgentMta.Protocol.Reports;
using AgentMta.Server.Model;
using AgentMta.Server.Tests.Support;

namespace AgentMta.Server.Tests.Outbound;

public sealed class StatusNotifierTests
{
    [Fact]
    public async Task A_submitters_bounce_comes_to_its_inbox_with_the_header_alone()
    {
        await using var bench = await SubmitAsync(null);
        await bench.HappensAsync(EventTypes.Received);
        var id = Assert.Single(await bench.Store.RowsAsync("SELECT raw_id FROM messages WHERE direction = 'in'"));
        using var raw = await bench.Raws.ReadAsync(bench.Store.WorkspaceId, id, default);
        var report = ReportReader.Read(MimeMessage.Parse(raw!.Bytes))!;
        Assert.Equal(ReportKind.Dsn, report.Kind);
        Assert.Equal(("ann@example.net", "failed", "5.1.1"), (report.Recipients[0].Address, report.Recipients[0].Action, report.Recipients[0].Status));
        var text = Encoding.UTF8.GetString(raw.Bytes.Span);
        Assert.Contains("Subject: Hi", text, StringComparison.Ordinal);
        Assert.DoesNotContain("the secret body", text, StringComparison.Ordinal);
        Assert.Equal(1, await bench.Store.CountAsync("SELECT COUNT(DISTINCT thread_id) FROM messages"));
    }

    [Fact]
    public async Task Who_asked_for_no_notification_gets_none()
    {
        await using var bench = await SubmitAsync("NEVER");
        await bench.HappensAsync(EventTypes.Bounced);
        Assert.Equal(0, await bench.Store.CountAsync("SELECT COUNT(*) FROM messages WHERE direction = 'in'"));
    }

    [Fact]
    public async Task A_sender_over_the_api_gets_events_and_no_mail()
    {
        await using var bench = await OutboundBench.OpenAsync(keys: false);
        bench.Remote.Reply = line => line.StartsWith("RCPT", StringComparison.Ordinal) ? "550 5.1.1 no such user" : null;
        await bench.StartAsync();
        await bench.SendAsync(["ann@example.net"]);
        await bench.HappensAsync(EventTypes.Bounced);
        Assert.Equal(1, await bench.Store.CountAsync("SELECT COUNT(*) FROM messages"));
    }

    [Fact]
    public async Task A_delay_is_told_once_after_four_hours()
    {
        await using var bench = await SubmitAsync(null, "450 4.2.1 later");
        await bench.HappensAsync(EventTypes.Deferred);
        Assert.Equal(0, await bench.Delays.TellAsync(default));
        await bench.Store.Database.WriteAsync(s => s.Execute("UPDATE deliveries SET created_at = created_at - 14400000000"));
        Assert.Equal(1, await bench.Delays.TellAsync(default));
        Assert.Equal(0, await bench.Delays.TellAsync(default));
        Assert.Equal([EventTypes.Delayed, EventTypes.Received], (await bench.EventsAsync())[^2..]);
        Assert.Contains("delayed", Assert.Single(await bench.Store.RowsAsync("SELECT labels FROM messages WHERE direction = 'out'")), StringComparison.Ordinal);
    }

    private static async Task<OutboundBench> SubmitAsync(string? notify, string refusal = "550 5.1.1 no such user")
    {
        var bench = await OutboundBench.OpenAsync(keys: false);
        bench.Remote.Reply = line => line.StartsWith("RCPT", StringComparison.Ordinal) ? refusal : null;
        await bench.StartAsync();
        var reply = await bench.Submission.AcceptAsync(
            new IncomingMessage
            {
                TransactionId = "t",
                Session = new SessionInfo { SessionId = "s", Role = DoorRole.Submission, ClientAddress = IPAddress.Loopback, Credential = bench.Credential, User = TestStore.Agent },
                ReversePath = TestStore.Agent,
                Recipients = [new IncomingRecipient("ann@example.net", notify)],
                Raw = new RawContent("From: agent@agentmta.test\r\nSubject: Hi\r\n\r\nthe secret body\r\n"u8.ToArray()),
                ReceivedAt = bench.Store.Time.GetUtcNow(),
            },
            CancellationToken.None);
        Assert.Equal(250, reply.Code);
        return bench;
    }
}
