using System.Text;
using AgentMta.Server.Model;
using AgentMta.Server.Tests.Support;
using static AgentMta.Server.Tests.Support.TestReceiver;

namespace AgentMta.Server.Tests.Inbound;

public sealed class ReceiverTests
{
    [Fact]
    public async Task A_message_is_stored_with_thread_labels_ids_and_one_event_before_its_250()
    {
        await using var server = await OpenAsync();

        var reply = await server.AcceptAsync(Mail(id: "<1@sender.test>"));

        Assert.Equal((250, "2.0.0"), (reply.Code, reply.EnhancedStatus));
        Assert.Equal("Stored as tx1", reply.Text);
        var message = Assert.Single(await server.MessagesAsync());
        Assert.Equal("<1@sender.test>", message.MessageId);
        Assert.Equal(["received", "unread"], message.Labels);
        Assert.Equal(["message.received|agent@agentmta.test|<1@sender.test>"], await server.Store.RowsAsync("SELECT event_type, inbox_id, message_id FROM events WHERE event_type LIKE 'message.%'"));
        Assert.Equal(["in"], await server.Store.RowsAsync("SELECT direction FROM message_ids"));
        Assert.Equal(["Hello|1|<1@sender.test>"], await server.Store.RowsAsync("SELECT subject, message_count, last_message_id FROM threads"));
    }

    [Fact]
    public async Task A_message_that_comes_again_is_answered_alike_and_its_id_leads_to_the_one_that_is_there()
    {
        await using var server = await OpenAsync();
        await server.Store.AddInboxAsync("second@agentmta.test");
        await server.AcceptAsync(Mail(id: "<1@sender.test>"));

        // Who has a copy could ask otherwise whether, and when, others got theirs.
        Assert.Equal("250 2.0.0 Stored as tx2", (await server.AcceptAsync(Mail(id: "<1@sender.test>"))).ToString());
        Assert.Equal("250 2.0.0 Stored as tx3", (await server.AcceptAsync(Mail(id: "<1@sender.test>"), recipients: [TestStore.Agent, "second@agentmta.test"])).ToString());
        await server.Refusals.DisposeAsync();
        var again = Assert.Single(await server.Refusals.RecentAsync("tx2", 10, CancellationToken.None));
        Assert.Equal("The inbox has <1@sender.test> already, with the same content: it came as tx1", again.Reply);
        Assert.Equal(TestStore.Agent, Assert.Single(await server.Refusals.RecentAsync("tx3", 10, CancellationToken.None)).Recipient);
        // It was no refusal.
        Assert.Empty(await server.Refusals.RecentAsync(null, 10, CancellationToken.None));
        Assert.Empty(await server.Refusals.ListAsync(server.Store.Scope, null, 10, CancellationToken.None));
    }

    [Fact]
    public async Task A_message_that_comes_again_behind_its_deletion_is_told_to_the_operator_alone()
    {
        await using var server = await OpenAsync();
        await server.AcceptAsync(Mail(id: "<1@sender.test>"));
        await server.Store.Database.WriteAsync(session =>
        {
            session.Execute("UPDATE message_ids SET message_key = NULL");
            session.Execute("DELETE FROM messages");
        });

        Assert.Equal("250 2.0.0 Stored as tx2", (await server.AcceptAsync(Mail(id: "<1@sender.test>"))).ToString());
        await server.Refusals.DisposeAsync();
        Assert.EndsWith("it was deleted since", Assert.Single(await server.Refusals.RecentAsync("tx2", 10, CancellationToken.None)).Reply, StringComparison.Ordinal);
    }

    [Fact]
    public async Task The_raw_is_kept_byte_for_byte_and_the_trace_beside_it()
    {
        await using var server = await OpenAsync();
        var mail = Mail(id: "<1@sender.test>", headers: "Authentication-Results: mx.agentmta.test; dmarc=pass\nAuthentication-Results: elsewhere.test; spf=fail\n");

        await server.AcceptAsync(mail);

        var message = Assert.Single(await server.MessagesAsync());
        var raw = (await new AgentMta.Server.Store.MessageStore(server.Store.Database).RawAsync(server.Store.Scope, TestStore.Agent, message.MessageId, CancellationToken.None))!;
        Assert.Equal(mail.ReplaceLineEndings("\r\n"), Encoding.UTF8.GetString(raw.Content!));
        var trace = Encoding.UTF8.GetString(raw.Trace!);
        Assert.StartsWith("Return-Path: <ann@sender.test>\r\nReceived: from mail.sender.test (mail.sender.test [192.0.2.1])\r\n\tby mx.agentmta.test with ESMTP\r\n\tid tx1\r\n\tfor <agent@agentmta.test>;\r\n\t", trace, StringComparison.Ordinal);
        Assert.Contains("Authentication-Results: mx.agentmta.test;", trace, StringComparison.Ordinal);
        Assert.Contains("spf=pass", trace, StringComparison.Ordinal);
        var forged = mail.ReplaceLineEndings("\r\n").IndexOf("Authentication-Results: mx", StringComparison.Ordinal);
        Assert.Equal($"[[{forged},54]]", raw.Removed);
    }

    [Fact]
    public async Task Received_names_a_recipient_only_where_it_is_the_only_one()
    {
        await using var server = await OpenAsync();
        await server.Store.AddInboxAsync("second@agentmta.test");

        await server.AcceptAsync(Mail(id: "<1@sender.test>"), recipients: [TestStore.Agent, "second@agentmta.test"]);

        Assert.Equal(2, await server.Store.CountAsync("SELECT COUNT(*) FROM messages"));
        Assert.Equal(1, await server.Store.CountAsync("SELECT COUNT(*) FROM raws"));
        var trace = (await server.Store.Database.ReadAsync(s => s.Query("SELECT trace FROM raws", r => Encoding.UTF8.GetString((byte[])r.GetValue(0)))))[0];
        Assert.DoesNotContain("for <", trace, StringComparison.Ordinal);
    }

    [Fact]
    public async Task Two_addresses_of_one_inbox_give_one_copy()
    {
        await using var server = await OpenAsync();

        await server.AcceptAsync(Mail(id: "<1@sender.test>"), recipients: ["agent+a@agentmta.test", "Agent@AgentMTA.test"]);

        Assert.Single(await server.MessagesAsync());
    }

    [Fact]
    public async Task Workspaces_share_neither_raw_nor_the_knowledge_of_each_others_recipients()
    {
        await using var server = await OpenAsync();
        var other = await server.Store.AddWorkspaceAsync("other", "tenant.test");
        await server.Store.AddInboxAsync("bot@tenant.test", scope: other);

        await server.AcceptAsync(Mail(id: "<1@sender.test>"), recipients: [TestStore.Agent, "bot@tenant.test"]);

        Assert.Equal(2, await server.Store.CountAsync("SELECT COUNT(DISTINCT workspace_id) FROM raws"));
        foreach (var row in await server.Store.RowsAsync("SELECT workspace_id, session FROM raws"))
            Assert.Equal(row.StartsWith(other.WorkspaceId, StringComparison.Ordinal), row.Contains("bot@tenant.test", StringComparison.Ordinal));
        Assert.Null(await new AgentMta.Server.Store.MessageStore(server.Store.Database).RawAsync(server.Store.Scope, "bot@tenant.test", "<1@sender.test>", CancellationToken.None));
    }

    [Fact]
    public async Task A_large_message_for_two_workspaces_lies_in_two_files()
    {
        await using var server = await OpenAsync();
        var other = await server.Store.AddWorkspaceAsync("other", "tenant.test");
        await server.Store.AddInboxAsync("bot@tenant.test", scope: other);
        var octets = Encoding.ASCII.GetBytes(Mail(id: "<1@sender.test>", body: string.Concat(Enumerable.Repeat("0123456789abcdef\n", 8000))).ReplaceLineEndings("\r\n"));
        using var content = await server.Spool.CopyAsync(octets);
        Assert.NotNull(content.File);

        var reply = await server.Receiver.AcceptAsync(server.Incoming("", recipients: [TestStore.Agent, "bot@tenant.test"]) with { Raw = content }, CancellationToken.None);

        Assert.Equal(250, reply.Code);
        var files = await server.Store.RowsAsync("SELECT DISTINCT file FROM raws");
        Assert.Equal(2, files.Count);
        Assert.All(files, file => Assert.Equal(octets, File.ReadAllBytes(Path.Combine(server.Store.Folder, "raws", file))));

        using var again = await server.Spool.CopyAsync(octets);
        await server.Receiver.AcceptAsync(server.Incoming("", recipients: [TestStore.Agent, "bot@tenant.test"]) with { Raw = again }, CancellationToken.None);
        Assert.Equal(2, Directory.EnumerateFiles(Path.Combine(server.Store.Folder, "raws"), "*.eml", SearchOption.AllDirectories).Count());
    }

    [Fact]
    public async Task The_same_message_again_is_answered_and_not_stored_again()
    {
        await using var server = await OpenAsync();

        var first = await server.AcceptAsync(Mail(id: "<1@sender.test>"));
        var second = await server.AcceptAsync("Received: from a by b; Mon, 05 Jan 2026 10:00:00 +0000\n" + Mail(id: "<1@sender.test>", headers: "List-Id: <all.sender.test>\nX-Hop: 1\n"));

        Assert.Equal((250, 250), (first.Code, second.Code));
        Assert.Single(await server.MessagesAsync());
        Assert.Equal(1, await server.Store.CountAsync("SELECT COUNT(*) FROM events WHERE event_type = 'message.received'"));
        Assert.Equal(1, await server.Store.CountAsync("SELECT COUNT(*) FROM raws"));
    }

    [Fact]
    public async Task Another_message_under_a_known_id_gets_an_id_of_ours_once()
    {
        await using var server = await OpenAsync();
        await server.AcceptAsync(Mail(id: "<1@sender.test>"));

        await server.AcceptAsync(Mail(id: "<1@sender.test>", body: "Something else.\n"));
        await server.AcceptAsync(Mail(id: "<1@sender.test>", body: "Something else.\n"));

        var messages = await server.MessagesAsync();
        Assert.Equal(2, messages.Count);
        Assert.EndsWith(".received@agentmta.test>", messages[1].MessageId, StringComparison.Ordinal);
    }

    [Fact]
    public async Task Messages_without_an_id_each_get_one()
    {
        await using var server = await OpenAsync();

        await server.AcceptAsync(Mail());
        await server.AcceptAsync(Mail());

        Assert.Equal(2, (await server.MessagesAsync()).Select(m => m.MessageId).Distinct().Count());
    }

    [Fact]
    public async Task A_deleted_message_that_comes_again_stays_deleted()
    {
        await using var server = await OpenAsync();
        await server.AcceptAsync(Mail(id: "<1@sender.test>"));
        await server.Store.Database.WriteAsync(session =>
        {
            session.Execute("DELETE FROM messages");
            session.Execute("UPDATE message_ids SET message_key = NULL");
        });

        Assert.Equal(250, (await server.AcceptAsync(Mail(id: "<1@sender.test>"))).Code);
        Assert.Empty(await server.MessagesAsync());
    }

    [Fact]
    public async Task Mail_to_oneself_is_one_row_with_both_labels()
    {
        await using var server = await OpenAsync();
        var (id, _) = await server.SendAsync(TestStore.Agent, [TestStore.Agent]);

        var reply = await server.AcceptAsync($"From: {TestStore.Agent}\nTo: {TestStore.Agent}\nSubject: Hello\nMessage-ID: {id}\n\nHello.\n", TestStore.Agent);

        Assert.Equal(250, reply.Code);
        Assert.Equal(["sent", "received", "unread"], Assert.Single(await server.MessagesAsync(direction: "out")).Labels);
        Assert.Equal(1, await server.Store.CountAsync("SELECT COUNT(*) FROM events WHERE event_type = 'message.received'"));
    }

    [Fact]
    public async Task Nothing_of_a_message_is_stored_when_its_inbox_is_gone()
    {
        await using var server = await OpenAsync();
        await server.Store.AddInboxAsync("second@agentmta.test");
        Assert.NotNull(await server.Store.Directory.InboxAsync("second@agentmta.test", CancellationToken.None));
        await server.Store.Database.WriteAsync(session => session.Execute("DELETE FROM inboxes WHERE inbox_id = 'second@agentmta.test'"));

        var reply = await server.AcceptAsync(Mail(id: "<1@sender.test>"), recipients: ["second@agentmta.test"]);

        Assert.Equal((550, "5.1.1"), (reply.Code, reply.EnhancedStatus));
        Assert.Equal(0, await server.Store.CountAsync("SELECT COUNT(*) FROM raws"));

        Assert.Equal(250, (await server.AcceptAsync(Mail(id: "<1@sender.test>"), recipients: ["second@agentmta.test", TestStore.Agent])).Code);
        Assert.Single(await server.MessagesAsync());
    }

    [Theory]
    [InlineData("")]
    [InlineData("no header at all")]
    [InlineData("From: \0\0\n: x\nMessage-ID: <\n\n")]
    [InlineData("From: a@b, c@d\nFrom: e@f\nReferences: <<<>>>\nIn-Reply-To: x\n\n\n")]
    public async Task Any_octets_are_a_message(string mail)
    {
        await using var server = await OpenAsync();

        Assert.Equal(250, (await server.AcceptAsync(mail)).Code);
        Assert.Single(await server.MessagesAsync());
    }

    [Fact]
    public async Task Verdicts_and_authentication_are_kept_with_the_message()
    {
        await using var server = await OpenAsync();

        await server.AcceptAsync(Mail(id: "<1@sender.test>"));

        var message = Assert.Single(await server.MessagesAsync());
        using var verdicts = System.Text.Json.JsonDocument.Parse(message.Verdicts);
        Assert.Equal(server.Services.Gates.Names, verdicts.RootElement.GetProperty("gates").EnumerateArray().Select(g => g.GetProperty("gate").GetString()));
        var authentication = Assert.Single(await server.Store.RowsAsync("SELECT authentication FROM raws"));
        Assert.Contains("\"spf\"", authentication, StringComparison.Ordinal);
    }
}
