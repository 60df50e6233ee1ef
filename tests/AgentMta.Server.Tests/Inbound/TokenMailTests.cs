using AgentMta.Server.Model;
using AgentMta.Server.Store;
using AgentMta.Server.Tests.Support;
using static AgentMta.Server.Tests.Support.TestReceiver;

namespace AgentMta.Server.Tests.Inbound;

public sealed class TokenMailTests
{
    private const string Notification = """
        From: MAILER-DAEMON@sender.test
        To: b@agentmta.test
        Subject: Undelivered Mail Returned to Sender
        Message-ID: <dsn@sender.test>
        Auto-Submitted: auto-replied
        MIME-Version: 1.0
        Content-Type: multipart/report; report-type=delivery-status; boundary=x

        --x

        It could not be delivered.
        --x
        Content-Type: message/delivery-status

        Reporting-MTA: dns; mail.sender.test

        Final-Recipient: rfc822; ann@sender.test
        Action: failed
        Status: 5.1.1
        Diagnostic-Code: smtp; 550 5.1.1 no such user

        --x--
        """;

    private const string Complaint = """
        From: feedback@sender.test
        Subject: complaint
        MIME-Version: 1.0
        Content-Type: multipart/report; report-type=feedback-report; boundary=x

        --x

        A complaint.
        --x
        Content-Type: message/feedback-report

        Feedback-Type: abuse
        User-Agent: t/1
        Version: 1
        Original-Rcpt-To: ann@sender.test

        --x
        Content-Type: message/rfc822

        Subject: Hello

        Hello.
        --x--
        """;

    [Fact]
    public async Task A_status_notification_to_a_bounce_address_becomes_a_report_and_no_message()
    {
        await using var server = await ThreadOnlyAsync();
        var (messageId, key) = await server.SendAsync("closed@agentmta.test", ["ann@sender.test"]);

        var reply = await server.AcceptAsync(Notification, "", recipients: [Token(server, TokenKind.Bounce, key)]);

        Assert.Equal(250, reply.Code);
        Assert.Empty(await server.MessagesAsync("closed@agentmta.test"));
        var row = Assert.Single(await server.Store.RowsAsync("SELECT kind, message_key, facts FROM reports JOIN raws USING (workspace_id, raw_id) WHERE processed_at IS NULL")).Split('|', 3);
        Assert.Equal(["dsn", key], row[..2]);
        var recipient = Assert.Single(ReportStore.ReadFacts(row[2]).Recipients);
        Assert.Equal(("ann@sender.test", "failed", "5.1.1", "hard", "recipient"), (recipient.Address, recipient.Action, recipient.Status, recipient.Class, recipient.Cause));
        Assert.Equal([$"closed@agentmta.test|{messageId}"], await server.Store.RowsAsync("SELECT inbox_id, message_id FROM events WHERE event_type = 'report.received'"));
    }

    [Fact]
    public async Task A_report_or_opt_out_that_is_sent_again_is_a_duplicate()
    {
        await using var server = await ThreadOnlyAsync();
        var (_, key) = await server.SendAsync("closed@agentmta.test", ["ann@sender.test"]);
        var delivery = await LocalHandOffTests.DeliveryAsync(server, "closed@agentmta.test", key, "ann@sender.test");

        for (var i = 0; i < 2; i++)
        {
            // As a sender does that never saw our 250; only the trace differs.
            var trace = $"Received: from a by b; attempt {i}\n";
            Assert.Equal(250, (await server.AcceptAsync(trace + Notification, "", recipients: [Token(server, TokenKind.Bounce, key)])).Code);
            Assert.Equal(250, (await server.AcceptAsync(trace + Mail(subject: "unsubscribe"), recipients: [Token(server, TokenKind.Unsubscribe, delivery)])).Code);
        }

        await server.AcceptAsync(Notification.Replace("<dsn@", "<other@", StringComparison.Ordinal), "", recipients: [Token(server, TokenKind.Bounce, key)]);
        Assert.Equal(2, await server.Store.CountAsync("SELECT COUNT(*) FROM reports"));
        Assert.Equal(2, await server.Store.CountAsync("SELECT COUNT(*) FROM events WHERE event_type = 'report.received'"));
        Assert.Equal(1, await server.Store.CountAsync("SELECT COUNT(*) FROM unsubscribe_requests"));
    }

    [Fact]
    public async Task Reports_and_opt_outs_are_answered_with_an_id_that_leads_to_them()
    {
        await using var server = await ThreadOnlyAsync();
        var (_, key) = await server.SendAsync("closed@agentmta.test", ["ann@sender.test"]);
        var delivery = await LocalHandOffTests.DeliveryAsync(server, "closed@agentmta.test", key, "ann@sender.test");
        var traces = new TraceStore(server.Store.Database);

        foreach (var (mail, reversePath, token, what) in new[]
        {
            (Notification, "", Token(server, TokenKind.Bounce, key), "report"),
            (Mail(subject: "unsubscribe"), "ann@sender.test", Token(server, TokenKind.Unsubscribe, delivery), "opt-out"),
        })
        {
            var reply = await server.AcceptAsync(mail, reversePath, recipients: [token]);
            Assert.StartsWith($"250 2.0.0 Taken as {what} ", reply.ToString(), StringComparison.Ordinal);
            Assert.Equal(reply.ToString(), (await server.AcceptAsync(mail, reversePath, recipients: [token])).ToString());
            var id = reply.Text[(reply.Text.LastIndexOf(' ') + 1)..];
            var found = Assert.Single(await traces.ReportsAsync(server.Store.Scope, id, default));
            Assert.Equal((id, what == "report" ? "dsn" : "opt-out"), (found.Id, found.Kind));
            Assert.Equal("closed@agentmta.test", found.InboxId);
            Assert.Contains("ann@sender.test", found.Facts, StringComparison.Ordinal);
        }
    }

    [Fact]
    public async Task A_complaint_to_a_feedback_address_becomes_a_report()
    {
        await using var server = await ThreadOnlyAsync();
        var (_, key) = await server.SendAsync("closed@agentmta.test", ["ann@sender.test"]);

        await server.AcceptAsync(Complaint, "feedback@sender.test", recipients: [Token(server, TokenKind.Feedback, key)]);

        Assert.Equal(["arf"], await server.Store.RowsAsync("SELECT kind FROM reports"));
    }

    [Fact]
    public async Task An_absence_notice_to_a_bounce_address_reaches_the_inbox_as_autoreply()
    {
        await using var server = await ThreadOnlyAsync();
        var (id, key) = await server.SendAsync("closed@agentmta.test", ["ann@sender.test"]);

        await server.AcceptAsync(Mail(id: "<ooo@x>", subject: "Out of office", headers: $"Auto-Submitted: auto-replied\nIn-Reply-To: {id}\n"), "", Bad, Token(server, TokenKind.Bounce, key));

        var message = Assert.Single(await server.MessagesAsync("closed@agentmta.test"));
        Assert.Equal(["received", "unread", "autoreply"], message.Labels);
        Assert.Empty(await server.Store.RowsAsync("SELECT 1 FROM reports"));
    }

    [Fact]
    public async Task Mail_to_an_unsubscribe_address_is_an_opt_out_of_the_deliverys_recipient()
    {
        await using var server = await ThreadOnlyAsync();
        var (_, key) = await server.SendAsync("closed@agentmta.test", ["ann@sender.test"]);
        var delivery = await LocalHandOffTests.DeliveryAsync(server, "closed@agentmta.test", key, "ann@sender.test");

        await server.AcceptAsync(Mail(subject: "unsubscribe"), "bob@sender.test", Bad, Token(server, TokenKind.Unsubscribe, delivery));
        await server.AcceptAsync(Mail(headers: "Auto-Submitted: auto-replied\n"), "", recipients: [Token(server, TokenKind.Unsubscribe, delivery)]);

        Assert.Equal([$"{delivery}|ann@sender.test|mail"], await server.Store.RowsAsync("SELECT delivery_id, address, via FROM unsubscribe_requests"));
        Assert.Single(await server.Store.RowsAsync("SELECT 1 FROM events WHERE event_type = 'unsubscribe.requested'"));
        Assert.Contains("autoreply", Assert.Single(await server.MessagesAsync("closed@agentmta.test")).Labels);
    }

    [Fact]
    public async Task An_automatic_answer_to_an_inbox_is_labelled()
    {
        await using var server = await OpenAsync();

        await server.AcceptAsync(Mail(headers: "Auto-Submitted: auto-replied (vacation)\n"));
        await server.AcceptAsync(Notification, "");
        await server.AcceptAsync(Mail(headers: "Auto-Submitted: no\n"));

        Assert.Equal([true, true, false], (await server.MessagesAsync()).Select(m => m.Labels.Contains("autoreply")));
    }

    private static string Token(TestReceiver server, TokenKind kind, string id) => new AddressTokens(server.Store.Keys).Write(kind, id, TestStore.Domain);

    private static async Task<TestReceiver> ThreadOnlyAsync()
    {
        var server = await OpenAsync();
        await server.Store.AddInboxAsync("closed@agentmta.test", cold: false);
        return server;
    }
}
