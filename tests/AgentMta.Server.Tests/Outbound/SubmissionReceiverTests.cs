using System.Net;
using System.Text;
using AgentMta.Protocol.Smtp;
using AgentMta.Server.Model;
using AgentMta.Server.Store;
using AgentMta.Server.Tests.Support;

namespace AgentMta.Server.Tests.Outbound;

public sealed class SubmissionReceiverTests
{
    private const string Usual = "From: Agent <agent@agentmta.test>\r\nTo: ann@example.net\r\nSubject: Hi\r\nMessage-ID: <one@client.test>\r\nDate: Fri, 20 Nov 2026 10:00:00 +0000\r\n\r\nHello.\r\n";

    [Fact]
    public async Task A_submission_is_completed_signed_and_delivered()
    {
        await using var bench = await OutboundBench.OpenAsync();
        await bench.StartAsync();
        var reply = await AcceptAsync(bench, "From: agent@agentmta.test\r\nTo: ann@example.net\r\nBcc: eve@example.net\r\nX-AgentMail-Idempotency-Key: k\r\nSubject: Hi\r\n\r\nHello.\r\n", "ann@example.net", "eve@example.net");
        Assert.Equal((250, "2.0.0"), (reply.Code, reply.EnhancedStatus));
        await bench.HappensAsync(EventTypes.Delivered);
        var taken = Assert.Single(bench.Remote.Messages);
        Assert.DoesNotContain("Bcc", taken.Text, StringComparison.Ordinal);
        Assert.DoesNotContain("Idempotency", taken.Text, StringComparison.Ordinal);
        Assert.Contains("\r\nDate: ", taken.Text, StringComparison.Ordinal);
        Assert.Contains("\r\nMessage-ID: <", taken.Text, StringComparison.Ordinal);
        Assert.Equal(2, taken.Text.Split("DKIM-Signature:").Length - 1);
        Assert.Equal(["[\"eve@example.net\"]|[\"sent\",\"delivered\"]"], await bench.Store.RowsAsync("SELECT bcc_addrs, labels FROM messages"));
    }

    [Fact]
    public async Task An_id_that_is_too_long_for_one_goes_out_as_ours()
    {
        await using var bench = await OutboundBench.OpenAsync();
        await bench.StartAsync();
        var reply = await AcceptAsync(bench, Usual.Replace("<one@", $"<{new string('a', 900)}\r\n {new string('a', 900)}@", StringComparison.Ordinal), "ann@example.net");
        await bench.HappensAsync(EventTypes.Delivered);

        var id = Assert.Single(await bench.Store.RowsAsync("SELECT message_id FROM messages"));
        Assert.Equal($"250 2.0.0 Queued as {id}", reply.ToString());
        var taken = Assert.Single(bench.Remote.Messages).Text;
        Assert.Contains($"\r\nMessage-ID: {id}\r\n", taken, StringComparison.Ordinal);
        Assert.DoesNotContain("aaaa", taken, StringComparison.Ordinal);
    }

    [Theory]
    [InlineData("From: eve@example.net")]
    [InlineData("From: agent@agentmta.test, eve@example.net")]
    [InlineData("From: agent@agentmta.test\r\nSender: eve@example.net")]
    [InlineData("From: undisclosed")]
    public async Task An_author_other_than_the_inbox_is_refused(string from)
    {
        await using var bench = await OutboundBench.OpenAsync(keys: false);
        Assert.Equal((550, "5.7.1"), Code(await AcceptAsync(bench, $"{from}\r\nSubject: Hi\r\n\r\nHello.\r\n", "ann@example.net")));
        Assert.Equal(0, await bench.Store.CountAsync("SELECT COUNT(*) FROM messages"));
    }

    [Fact]
    public async Task A_sender_on_a_domain_that_is_not_verified_is_refused_by_policy()
    {
        await using var bench = await OutboundBench.OpenAsync(keys: false);
        await bench.Store.Database.WriteAsync(session => session.Execute("UPDATE domains SET status = 'PENDING'"));

        var reply = (await bench.Submission.CheckSenderAsync(Session(bench), TestStore.Agent, default))!;

        // RFC 7505 4.2 keeps 5.7.27 for senders whose domain takes no mail.
        Assert.Equal((550, "5.7.1"), Code(reply));
        Assert.Contains(TestStore.Domain, reply.Text, StringComparison.Ordinal);
    }

    [Fact]
    public async Task Recipients_of_the_message_under_way_count_for_the_rate()
    {
        await using var bench = await OutboundBench.OpenAsync(o => o with { InboxRecipientsPerHour = 2 }, keys: false);
        Assert.Null(await bench.Submission.CheckRecipientAsync(Session(bench), TestStore.Agent, "ann@example.net", 1, default));
        Assert.Equal((451, "4.7.1"), Code((await bench.Submission.CheckRecipientAsync(Session(bench), TestStore.Agent, "bob@example.net", 2, default))!));
    }

    [Fact]
    public async Task A_key_opens_only_the_inboxes_it_covers()
    {
        await using var bench = await OutboundBench.OpenAsync(keys: false);
        var (own, other) = await bench.Store.Database.WriteAsync(s => (
            ApiKeyStore.Create(s, bench.Store.Scope.ToInbox(TestStore.Agent), "own", null).Secret,
            ApiKeyStore.Create(s, bench.Store.Scope.ToInbox("postmaster@agentmta.test"), "other", null).Secret));
        Assert.NotNull(await bench.Submission.CheckCredentialAsync("Agent@AgentMta.test", own, default));
        Assert.Null(await bench.Submission.CheckCredentialAsync(TestStore.Agent, other, default));
        Assert.Null(await bench.Submission.CheckCredentialAsync(TestStore.Agent, own + "0", default));
        Assert.Null(await bench.Submission.CheckCredentialAsync("nobody@agentmta.test", own, default));
    }

    [Fact]
    public async Task The_envelopes_sender_must_be_the_inbox()
    {
        await using var bench = await OutboundBench.OpenAsync(keys: false);
        Assert.Null(await bench.Submission.CheckSenderAsync(Session(bench), "Agent@agentmta.test", default));
        Assert.Equal((550, "5.7.1"), Code((await bench.Submission.CheckSenderAsync(Session(bench), "eve@example.net", default))!));
    }

    [Fact]
    public async Task A_suppressed_recipient_is_refused_at_rcpt()
    {
        await using var bench = await OutboundBench.OpenAsync(keys: false);
        await bench.Suppressions.AddAsync(new Suppression(bench.Store.WorkspaceId, SuppressionScope.Workspace, "*", "eve@example.net", Suppression.Manual, null, null, default), default);
        Assert.Null(await bench.Submission.CheckRecipientAsync(Session(bench), TestStore.Agent, "ann@example.net", 0, default));
        Assert.Equal((550, "5.7.1"), Code((await bench.Submission.CheckRecipientAsync(Session(bench), TestStore.Agent, "eve@example.net", 0, default))!));
    }

    [Fact]
    public async Task The_same_message_again_is_answered_alike_and_stored_once()
    {
        await using var bench = await OutboundBench.OpenAsync(keys: false);
        var first = await AcceptAsync(bench, Usual, "ann@example.net");
        var again = await AcceptAsync(bench, Usual, "ann@example.net");
        Assert.Equal(first.Text, again.Text);
        Assert.Equal(["1|1"], await bench.Store.RowsAsync("SELECT (SELECT COUNT(*) FROM messages), (SELECT COUNT(*) FROM deliveries)"));
    }

    [Fact]
    public async Task A_further_recipient_of_the_same_message_gets_a_copy_of_it()
    {
        await using var bench = await OutboundBench.OpenAsync(keys: false);
        await AcceptAsync(bench, Usual, "ann@example.net");
        await AcceptAsync(bench, Usual, "eve@example.net");
        Assert.Equal(["1|2"], await bench.Store.RowsAsync("SELECT (SELECT COUNT(*) FROM messages), (SELECT COUNT(*) FROM deliveries)"));
        Assert.Equal(["[\"ann@example.net\",\"eve@example.net\"]"], await bench.Store.RowsAsync("SELECT recipients FROM message_ids WHERE message_id = '<one@client.test>'"));
    }

    [Fact]
    public async Task Another_message_under_a_known_id_is_stored_under_one_of_ours()
    {
        await using var bench = await OutboundBench.OpenAsync(keys: false);
        await AcceptAsync(bench, Usual, "ann@example.net");
        await AcceptAsync(bench, Usual.Replace("Hello.", "Other.", StringComparison.Ordinal), "ann@example.net");
        Assert.Equal(["2|2"], await bench.Store.RowsAsync("SELECT COUNT(*), COUNT(DISTINCT message_id) FROM messages"));
    }

    [Fact]
    public async Task A_reply_by_submission_joins_its_thread()
    {
        await using var bench = await OutboundBench.OpenAsync(keys: false);
        var sent = await bench.SendAsync(["ann@example.net"]);
        await AcceptAsync(bench, Usual.Replace("Subject: Hi", $"Subject: Hi\r\nIn-Reply-To: {sent.MessageId}", StringComparison.Ordinal), "ann@example.net");
        Assert.Equal(1, await bench.Store.CountAsync("SELECT COUNT(DISTINCT thread_id) FROM messages"));
    }

    private static (int, string?) Code(SmtpReply reply) => (reply.Code, reply.EnhancedStatus);

    private static SessionInfo Session(OutboundBench bench) => new()
    {
        SessionId = "s", Role = DoorRole.Submission, ClientAddress = IPAddress.Loopback, Credential = bench.Credential, User = TestStore.Agent,
    };

    private static Task<SmtpReply> AcceptAsync(OutboundBench bench, string message, params string[] recipients) => bench.Submission.AcceptAsync(
        new IncomingMessage
        {
            TransactionId = "t",
            Session = Session(bench),
            ReversePath = TestStore.Agent,
            Recipients = [.. recipients.Select(r => new IncomingRecipient(r))],
            Raw = new RawContent(Encoding.UTF8.GetBytes(message)),
            ReceivedAt = bench.Store.Time.GetUtcNow(),
        },
        CancellationToken.None);
}
