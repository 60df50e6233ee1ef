using System.Net;
using AgentMta.Server.Model;
using AgentMta.Server.Tests.Support;

namespace AgentMta.Server.Tests.Inbound;

public sealed class RecipientsTests
{
    private static readonly SessionInfo Mx = new() { SessionId = "s", Role = DoorRole.Mx, ClientAddress = IPAddress.Parse("192.0.2.1") };

    [Theory]
    [InlineData("agent@agentmta.test", "agent@agentmta.test")]
    [InlineData("AGENT@AgentMTA.test", "agent@agentmta.test")]
    [InlineData("agent+topic@agentmta.test", "agent@agentmta.test")]
    [InlineData("b+x@agentmta.test", null)]
    [InlineData("postmaster@agentmta.test", "postmaster@agentmta.test")]
    [InlineData("Postmaster", "postmaster@agentmta.test")]
    [InlineData("abuse@agentmta.test", "postmaster@agentmta.test")]
    [InlineData("nobody@agentmta.test", null)]
    [InlineData("agent@sub.agentmta.test", null)]
    [InlineData("agent@elsewhere.test", null)]
    [InlineData("agent", null)]
    [InlineData("", null)]
    public async Task An_address_leads_to_an_inbox(string recipient, string? inbox)
    {
        await using var server = await TestReceiver.OpenAsync();

        Assert.Equal(inbox, (await server.Recipients.ResolveAsync(recipient, CancellationToken.None))?.Inbox.InboxId);
    }

    [Theory]
    [InlineData("nobody@agentmta.test", 550, "5.1.1", 1)]
    [InlineData("ann@elsewhere.test", 550, "5.7.1", 0)]
    [InlineData("ann@[192.0.2.1]", 550, "5.7.1", 0)]
    [InlineData("ann%elsewhere.test@agentmta.test", 550, "5.1.1", 1)]
    public async Task Strangers_addresses_are_refused_with_an_id_and_shown_to_the_owner_of_their_domain(string recipient, int code, string status, int shown)
    {
        await using var server = await TestReceiver.OpenAsync();

        var reply = await server.Recipients.CheckAsync(Mx, "ann@sender.test", recipient, 0, CancellationToken.None);

        Assert.Equal((code, status), (reply!.Code, reply.EnhancedStatus));
        var id = reply.Text[^11..^1];
        await server.Refusals.DisposeAsync();
        var refusal = (await server.Refusals.FindAsync(id, CancellationToken.None))!;
        Assert.Equal(("rcpt", recipient, reply.Text), (refusal.Stage, refusal.Recipient, refusal.Reply));
        Assert.Equal(shown, (await server.Refusals.ListAsync(server.Store.Scope, null, 10, CancellationToken.None)).Count);
    }

    [Theory]
    [InlineData("agent@moved.test")]
    [InlineData("agent+topic@moved.test")]
    [InlineData("abuse@moved.test")]
    public async Task Mail_for_a_domain_never_reaches_an_inbox_that_another_workspace_had_on_it(string address)
    {
        await using var server = await TestReceiver.OpenAsync();
        var owner = await server.Store.AddWorkspaceAsync("owner", "moved.test");
        await server.Store.Database.WriteAsync(session => session.Execute("DELETE FROM inboxes WHERE inbox_id = @p1", "postmaster@moved.test"));
        foreach (var name in new[] { "agent", "postmaster" })
            await server.Store.AddInboxAsync(name + "@moved.test"); // of the first workspace, which had the domain before
        Assert.NotEqual(owner.WorkspaceId, server.Store.WorkspaceId);

        Assert.Null(await server.Recipients.ResolveAsync(address, CancellationToken.None));
        Assert.Equal(550, (await server.Recipients.CheckAsync(Mx, "ann@sender.test", address, 0, CancellationToken.None))!.Code);
    }

    [Fact]
    public async Task Settings_that_another_process_changed_count_after_two_seconds()
    {
        var time = new ManualTimeProvider();
        await using var server = await TestReceiver.OpenAsync(time: time);
        Assert.True((await server.Recipients.ResolveAsync(TestStore.Agent, CancellationToken.None))!.Inbox.AcceptsColdInbound);
        await server.Store.Database.WriteAsync(session => session.Execute("UPDATE use_cases SET accepts_cold_inbound = 0"));

        time.Advance(TimeSpan.FromSeconds(2));

        Assert.False((await server.Recipients.ResolveAsync(TestStore.Agent, CancellationToken.None))!.Inbox.AcceptsColdInbound);
    }

    [Theory]
    [InlineData("postmaster@agentmta.test")]
    [InlineData("abuse@agentmta.test")]
    public async Task An_inbox_of_postmaster_or_abuse_takes_cold_mail_whatever_its_use_case_says(string address)
    {
        await using var server = await TestReceiver.OpenAsync();
        if (address[0] == 'a')
            await server.Store.AddInboxAsync(address, cold: false);
        await server.Store.Database.WriteAsync(session => session.Execute("UPDATE use_cases SET accepts_cold_inbound = 0"));
        await server.Store.AddListEntryAsync("receive", "block", "sender.test");

        Assert.Null(await server.Recipients.CheckAsync(Mx, "", address, 0, CancellationToken.None));
        Assert.Equal(250, (await server.AcceptAsync(TestReceiver.Mail(), recipients: [address])).Code);

        Assert.Equal(["received", "unread"], Assert.Single(await server.MessagesAsync(address)).Labels);
    }

    [Fact]
    public async Task The_null_sender_may_write_to_one_recipient_that_can_expect_it()
    {
        await using var server = await TestReceiver.OpenAsync();
        var (_, key) = await server.SendAsync(TestStore.Agent, ["ann@sender.test"]);
        await server.Store.AddInboxAsync("silent@agentmta.test");
        var token = new AddressTokens(server.Store.Keys).Write(TokenKind.Bounce, key, TestStore.Domain);

        Assert.Null(await CheckAsync(TestStore.Agent, 0));
        Assert.Null(await CheckAsync(token.ToUpperInvariant(), 0));
        Assert.Null(await CheckAsync("abuse@agentmta.test", 0));
        Assert.Equal(550, (await CheckAsync("silent@agentmta.test", 0))!.Code);
        Assert.Equal(452, (await CheckAsync(TestStore.Agent, 1))!.Code);

        ValueTask<AgentMta.Protocol.Smtp.SmtpReply?> CheckAsync(string recipient, int soFar) => server.Recipients.CheckAsync(Mx, "", recipient, soFar, CancellationToken.None);
    }

    [Fact]
    public async Task A_token_leads_to_the_inbox_of_its_message_and_a_forged_one_nowhere()
    {
        await using var server = await TestReceiver.OpenAsync();
        var (_, key) = await server.SendAsync(TestStore.Agent, ["ann@sender.test"]);
        var token = new AddressTokens(server.Store.Keys).Write(TokenKind.Feedback, key, TestStore.Domain);

        Assert.Equal((AgentMta.Server.Inbound.TargetKind.Feedback, key), await ResolveAsync(token));
        Assert.Null(await ResolveAsync(token.Replace("f+", "b+", StringComparison.Ordinal)));

        async Task<(AgentMta.Server.Inbound.TargetKind, string?)?> ResolveAsync(string address) =>
            await server.Recipients.ResolveAsync(address, CancellationToken.None) is { } target ? (target.Kind, target.TokenId) : null;
    }

    [Theory]
    [InlineData("", null)]
    [InlineData("ann@sender.test", null)]
    [InlineData("ann@[192.0.2.1]", null)]
    [InlineData("ann@broken.test", null)]
    [InlineData("ann@localhost", "5.1.7")]
    [InlineData("ann@nomail.test", "5.7.27")]
    public async Task A_sender_must_be_able_to_get_an_answer(string sender, string? status)
    {
        await using var server = await TestReceiver.OpenAsync();

        Assert.Equal(status, (await server.Recipients.CheckSenderAsync(Mx, sender, CancellationToken.None))?.EnhancedStatus);
    }

    [Fact]
    public async Task Submission_names_anyone_once_authenticated()
    {
        await using var server = await TestReceiver.OpenAsync();
        var session = Mx with { Role = DoorRole.Submission };

        Assert.Equal(550, (await server.Recipients.CheckAsync(session, "agent@agentmta.test", "ann@elsewhere.test", 0, CancellationToken.None))!.Code);
        Assert.Null(await server.Recipients.CheckAsync(session with { Credential = new Credential(server.Store.Scope, "k") }, "agent@agentmta.test", "ann@elsewhere.test", 0, CancellationToken.None));
    }

    [Fact]
    public async Task Subdomains_count_where_their_domain_says_so()
    {
        await using var server = await TestReceiver.OpenAsync();
        await server.Store.Database.WriteAsync(session =>
        {
            session.Execute("UPDATE domains SET subdomains_enabled = 1");
            AgentMta.Server.Store.EventStore.Append(session, server.Store.WorkspaceId, new NewEvent(EventTypes.DomainUpdated));
        });
        await server.Store.AddInboxAsync("bot@deep.sub.agentmta.test");

        Assert.NotNull(await server.Recipients.ResolveAsync("bot@deep.sub.agentmta.test", CancellationToken.None));
    }
}
