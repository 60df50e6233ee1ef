using AgentMta.Server.Model;
using AgentMta.Server.Store;
using AgentMta.Server.Tests.Support;
using static AgentMta.Server.Tests.Support.TestReceiver;

namespace AgentMta.Server.Tests.Inbound;

public sealed class ReplyProofTests
{
    private const string Closed = "closed@agentmta.test";

    [Fact]
    public async Task A_thread_only_inbox_takes_the_answer_of_whom_it_wrote_to()
    {
        await using var server = await WithClosedInboxAsync();
        var (id, key) = await server.SendAsync(Closed, ["ann@sender.test"]);

        var reply = await server.AcceptAsync(Mail(subject: "Re: Hello", headers: $"In-Reply-To: {id}\n"), recipients: [Closed]);

        Assert.Equal(250, reply.Code);
        var answer = Assert.Single(await server.MessagesAsync(Closed));
        Assert.Equal(key, answer.ResolvedKey);
        Assert.Equal(Assert.Single(await server.MessagesAsync(Closed, "out")).ThreadId, answer.ThreadId);
        Assert.Contains("\"proven\":true", answer.Verdicts, StringComparison.Ordinal);
    }

    [Theory]
    [InlineData("cold mail", "ann@sender.test", true, "")]
    [InlineData("another author", "eve@sender.test", true, "In-Reply-To: ID\n")]
    [InlineData("a forged author", "ann@sender.test", false, "In-Reply-To: ID\n")]
    [InlineData("a forged Message-ID", "ann@sender.test", true, "In-Reply-To: FORGED\n")]
    [InlineData("an unknown Message-ID", "ann@sender.test", true, "References: <x@y.test>\n")]
    public async Task A_thread_only_inbox_refuses(string what, string author, bool good, string headers)
    {
        _ = what;
        await using var server = await WithClosedInboxAsync();
        var (id, _) = await server.SendAsync(Closed, ["ann@sender.test"]);
        var forged = id[..28] + (id[28] == '0' ? '1' : '0') + id[29..];

        var reply = await server.AcceptAsync(Mail(from: author, headers: headers.Replace("ID", id).Replace("FORGED", forged)), author, good ? Good : Bad, Closed);

        Assert.Equal((550, "5.7.1"), (reply.Code, reply.EnhancedStatus));
        Assert.Matches(@" \[[0-9a-z]{10}\]$", reply.Text);
    }

    [Fact]
    public async Task An_id_that_a_client_chose_counts_like_one_of_ours()
    {
        await using var server = await WithClosedInboxAsync();
        await server.SendAsync(Closed, ["Ann@Sender.test"], "<chosen@client.test>");

        Assert.Equal(250, (await server.AcceptAsync(Mail(headers: "References: <chosen@client.test>\n"), recipients: [Closed])).Code);
    }

    [Fact]
    public async Task Another_use_cases_mail_is_no_proof_and_is_noted()
    {
        await using var server = await WithClosedInboxAsync();
        var (id, _) = await server.SendAsync(TestStore.Agent, ["ann@sender.test"]);
        await server.Store.AddInboxAsync("open@agentmta.test");

        var refused = await server.AcceptAsync(Mail(headers: $"In-Reply-To: {id}\n"), recipients: [Closed]);
        await server.AcceptAsync(Mail(headers: $"In-Reply-To: {id}\n"), recipients: ["open@agentmta.test", TestStore.Agent]);

        Assert.Equal(550, refused.Code);
        var copy = Assert.Single(await server.MessagesAsync("open@agentmta.test"));
        Assert.Contains("\"cross_use_case\":true", copy.Verdicts, StringComparison.Ordinal);
        Assert.Null(copy.ResolvedKey);
        Assert.NotNull(Assert.Single(await server.MessagesAsync()).ResolvedKey);
    }

    [Fact]
    public async Task Another_workspaces_mail_is_never_seen()
    {
        await using var server = await WithClosedInboxAsync();
        var other = await server.Store.AddWorkspaceAsync("other", "tenant.test");
        await server.Store.AddInboxAsync("bot@tenant.test", scope: other);
        var (id, _) = await server.SendAsync("bot@tenant.test", ["ann@sender.test"]);

        await server.AcceptAsync(Mail(headers: $"In-Reply-To: {id}\n"));

        Assert.Contains("\"cross_use_case\":false", Assert.Single(await server.MessagesAsync()).Verdicts, StringComparison.Ordinal);
    }

    [Fact]
    public async Task A_proven_reply_is_asked_only_of_the_reply_lists()
    {
        await using var server = await OpenAsync();
        await server.Store.AddListEntryAsync("receive", "block", "sender.test");
        var (id, _) = await server.SendAsync(TestStore.Agent, ["ann@sender.test", "bob@sender.test"]);

        await server.AcceptAsync(Mail(id: "<1@x>", headers: $"In-Reply-To: {id}\n"));
        await server.Store.AddListEntryAsync("reply", "block", "bob@sender.test");
        await server.AcceptAsync(Mail(id: "<2@x>", from: "bob@sender.test", headers: $"In-Reply-To: {id}\n"), "bob@sender.test");

        Assert.Equal([false, true], (await server.MessagesAsync()).Select(m => m.Labels.Contains("blocked")));
    }

    [Fact]
    public void Several_authors_prove_nothing()
    {
        var answered = new Correspondence([new OutboundReference("<1>", "k", "t", "u", ["a@x.test"])], false, false);

        Assert.False(AgentMta.Server.Inbound.ReplyProof.Judge(author: null, aligned: true, answered, 1, 1).Proven);
        Assert.True(AgentMta.Server.Inbound.ReplyProof.Judge(AddressParts.Read("a@x.test"), aligned: true, answered, 1, 1).Proven);
    }

    private static async Task<TestReceiver> WithClosedInboxAsync()
    {
        var server = await OpenAsync();
        await server.Store.AddInboxAsync(Closed, cold: false);
        return server;
    }
}
