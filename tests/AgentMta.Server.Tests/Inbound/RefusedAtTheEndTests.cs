using System.Net;
using System.Net.Sockets;
using AgentMta.Protocol.Smtp;
using AgentMta.Server.Inbound;
using AgentMta.Server.Model;
using AgentMta.Server.Tests.Support;
using static AgentMta.Server.Tests.Support.TestReceiver;

namespace AgentMta.Server.Tests.Inbound;

/// <summary>Whatever keeps a message, or one of its copies, from being stored: the sender gets an id, and under it stands what happened.</summary>
public sealed class RefusedAtTheEndTests
{
    private const string Gone = "gone@agentmta.test";

    [Fact]
    public async Task An_inbox_that_is_gone_at_the_end_of_data_is_recorded_though_others_take_the_message()
    {
        await using var server = await OpenAsync();

        var reply = await server.AcceptAsync(Mail(), recipients: [TestStore.Agent, Gone]);

        Assert.Equal(250, reply.Code);
        Assert.Single(await server.MessagesAsync());
        Assert.Equal($"data|550|5.1.1|{Gone}|tx1|{server.Store.WorkspaceId}", await RefusalAsync(server));
    }

    [Fact]
    public async Task A_message_whose_only_inbox_is_gone_is_refused_with_an_id()
    {
        await using var server = await OpenAsync();

        var reply = await server.AcceptAsync(Mail(), recipients: [Gone]);

        Assert.Equal("550 5.1.1", $"{reply.Code} {reply.EnhancedStatus}");
        Assert.Equal($"data|550|5.1.1|{Gone}|tx1|{server.Store.WorkspaceId}", await RefusalAsync(server, reply));
        Assert.Equal(Gone, Assert.Single(await server.Refusals.RecentAsync("tx1", 10, default)).Recipient); // the id that logs have
    }

    [Theory]
    [InlineData(true)]
    [InlineData(false)]
    public async Task An_inbox_that_goes_while_the_gates_are_asked_is_recorded_too(bool others)
    {
        // The directory still knows the inbox, the rows are gone: what the transaction finds decides.
        await using var server = await OpenAsync(time: new ManualTimeProvider());
        await server.Store.AddInboxAsync(Gone);
        await server.AcceptAsync(Mail(id: "<1@sender.test>"), recipients: [Gone]);
        await server.Store.Database.WriteAsync(session => session.Execute("DELETE FROM inboxes WHERE inbox_id = @p1", Gone));

        var reply = await server.AcceptAsync(Mail(id: "<2@sender.test>"), recipients: others ? [TestStore.Agent, Gone] : [Gone]);

        Assert.Equal(others ? 250 : 550, reply.Code);
        Assert.Equal(others ? 1 : 0, (await server.MessagesAsync()).Count);
        Assert.Equal($"data|550|5.1.1|{Gone}|tx2|{server.Store.WorkspaceId}", await RefusalAsync(server, others ? null : reply));
    }

    [Fact]
    public async Task Checks_that_take_too_long_defer_the_message_with_an_id()
    {
        using var silent = new TcpListener(IPAddress.Loopback, 0);
        silent.Start();
        await using var server = await OpenAsync(o => o with
        {
            GateTime = TimeSpan.FromMilliseconds(200),
            Gates = o.Gates with { Clamd = silent.LocalEndpoint.ToString(), ScannerTimeout = TimeSpan.FromSeconds(60) },
        });

        var reply = await server.AcceptAsync(Mail());

        Assert.Equal("451 4.3.2", $"{reply.Code} {reply.EnhancedStatus}");
        Assert.Equal("data|451|4.3.2||tx1|", await RefusalAsync(server, reply));
    }

    [Fact]
    public async Task A_message_that_waits_too_long_to_be_parsed_is_deferred_and_one_that_is_checked_in_place_does_not_wait()
    {
        var time = new ManualTimeProvider();
        await using var server = await OpenAsync(time: time);
        var slots = new ParseSlots(1);
        var receiver = new Receiver(server.Services with { Slots = slots });
        using (await slots.EnterAsync("test", default))
        {
            Assert.Equal(250, (await receiver.AcceptAsync(server.Incoming(Mail(id: "<1@sender.test>")) with { InPlace = true }, default)).Code);
            var waiting = receiver.AcceptAsync(server.Incoming(Mail(id: "<2@sender.test>")), default);
            await Eventually.TrueAsync(() => slots.Waiting == 1, () => "nobody waits");
            time.Advance(TimeSpan.FromSeconds(60));

            Assert.Equal("451 4.3.2", (await waiting) is var reply ? $"{reply.Code} {reply.EnhancedStatus}" : "");
        }

        Assert.Equal(250, (await receiver.AcceptAsync(server.Incoming(Mail(id: "<3@sender.test>")), default)).Code);
        Assert.Equal(0, slots.Waiting);
    }

    [Fact]
    public async Task What_a_duplicate_leaves_as_evidence_is_short_however_long_its_Message_ID_is()
    {
        await using var server = await OpenAsync();
        var mail = Mail(id: $"<{new string('x', 980)}@sender.test>");
        Assert.Equal(250, (await server.AcceptAsync(mail)).Code);
        Assert.Equal(250, (await server.AcceptAsync(mail)).Code);
        await server.Refusals.DisposeAsync(); // writes what waits

        Assert.Equal(["duplicate|1"], await server.EvidenceAsync("SELECT stage, length(reply) BETWEEN 300 AND 1000 AND reply LIKE '%it came as tx1' FROM refusals"));
    }

    [Fact]
    public async Task A_store_that_fails_defers_the_message_with_an_id()
    {
        await using var server = await OpenAsync();
        await server.Store.Database.WriteAsync(session => session.Execute("DROP TABLE raws"));

        var reply = await server.AcceptAsync(Mail());

        Assert.True(reply.IsTransient, reply.ToString());
        Assert.Equal($"data|{reply.Code}|{reply.EnhancedStatus}||tx1|", await RefusalAsync(server, reply));
    }

    [Fact]
    public async Task Files_that_committed_rows_name_stay_where_the_clean_up_behind_them_fails()
    {
        await using var server = await OpenAsync();
        var other = await server.Store.AddWorkspaceAsync("other", "second.test");
        await server.Store.AddInboxAsync("bob@second.test", scope: other);
        var mail = Mail(id: "<1@sender.test>", body: string.Concat(Enumerable.Repeat("Hello agent.\n", 8000)));
        Assert.Equal(250, (await SpooledAsync(TestStore.Agent)).Code);

        // The agent has it, so the file of this arrival is not needed; a folder in its place cannot be deleted as a file.
        var reply = await SpooledAsync(TestStore.Agent, "bob@second.test");

        Assert.Equal(250, reply.Code);
        var file = Assert.Single(await server.Store.RowsAsync("SELECT file FROM raws WHERE workspace_id = @p1", other.WorkspaceId));
        Assert.True(File.Exists(Path.Combine(server.Store.Folder, "raws", file)));

        async Task<SmtpReply> SpooledAsync(params string[] recipients)
        {
            var raw = await server.Spool.CopyAsync(System.Text.Encoding.UTF8.GetBytes(mail.ReplaceLineEndings("\r\n")));
            var path = Path.Combine(server.Store.Folder, "raws", raw.File!);
            if (recipients.Length > 1)
            {
                File.Delete(path);
                Directory.CreateDirectory(Path.Combine(path, "in the way"));
            }

            return await server.Receiver.AcceptAsync(server.Incoming("", recipients: recipients) with { Raw = raw }, default);
        }
    }

    // stage, code, status, recipient, transaction and workspace of the one refusal; of that id where its reply is given.
    private static async Task<string> RefusalAsync(TestReceiver server, SmtpReply? reply = null)
    {
        var id = reply is null ? "%" : reply.Text[(reply.Text.LastIndexOf('[') + 1)..^1];
        var rows = new List<string>();
        await Eventually.TrueAsync(async () => (rows = await server.EvidenceAsync(
            $"SELECT stage, code, status, COALESCE(recipient, ''), transaction_id, workspace_id FROM refusals WHERE refusal_id LIKE '{id}'")).Count > 0);
        return Assert.Single(rows);
    }
}
