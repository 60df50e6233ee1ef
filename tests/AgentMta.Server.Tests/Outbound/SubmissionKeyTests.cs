using System.Text;
using AgentMta.Protocol.Smtp;
using AgentMta.Server.Model;
using AgentMta.Server.Store;
using AgentMta.Server.Tests.Support;

namespace AgentMta.Server.Tests.Outbound;

/// <summary>A submission session outlives its AUTH by up to half an hour; what its key may is asked again for each message.</summary>
public sealed class SubmissionKeyTests
{
    private const string Mail = "From: agent@agentmta.test\r\nTo: ann@example.net\r\nSubject: Hi\r\n\r\nHello.\r\n";

    public static TheoryData<string, string> Changes => new()
    {
        { "revoked", "530 5.7.0" },
        { "expired", "530 5.7.0" },
        { "may not send", "550 5.7.1" },
        { "inbox deleted", "550 5.7.1" },
    };

    [Theory]
    [MemberData(nameof(Changes))]
    public async Task The_next_mail_of_a_session_is_refused_where_its_key_or_inbox_is_no_longer_what_it_was(string change, string reply)
    {
        var time = new ManualTimeProvider();
        await using var bench = await OutboundBench.OpenAsync(keys: false, time: time);
        await using var server = await ServeAsync(bench);
        var (client, key) = await LoginAsync(bench, server);
        await using var connection = client;
        Assert.Equal(250, (await SendAsync(client)).Code);

        await ChangeAsync(bench, time, key, change);

        Assert.Equal(reply, Of(await client.SayAsync("MAIL FROM:<agent@agentmta.test>")));
        Assert.Equal(reply, Of(await client.SayAsync("MAIL FROM:<>")));
        Assert.Equal(1, await bench.Store.CountAsync("SELECT COUNT(*) FROM messages"));
    }

    [Theory]
    [MemberData(nameof(Changes))]
    public async Task A_message_under_way_is_refused_at_its_end_where_its_key_or_inbox_went_meanwhile(string change, string reply)
    {
        var time = new ManualTimeProvider();
        await using var bench = await OutboundBench.OpenAsync(keys: false, time: time);
        await using var server = await ServeAsync(bench);
        var (client, key) = await LoginAsync(bench, server);
        await using var connection = client;
        Assert.Equal(250, (await client.SayAsync("MAIL FROM:<agent@agentmta.test>")).Code);
        Assert.Equal(250, (await client.SayAsync("RCPT TO:<ann@example.net>")).Code);
        Assert.Equal(354, (await client.SayAsync("DATA")).Code);

        await ChangeAsync(bench, time, key, change);

        Assert.Equal(reply, Of(await client.SayAsync(Mail + ".")));
        Assert.Equal(0, await bench.Store.CountAsync("SELECT COUNT(*) FROM messages"));
    }

    [Fact]
    public async Task A_key_renamed_or_given_more_rights_goes_on_sending()
    {
        await using var bench = await OutboundBench.OpenAsync(keys: false);
        await using var server = await ServeAsync(bench);
        var (client, key) = await LoginAsync(bench, server);
        await using var connection = client;

        await bench.Store.Database.WriteAsync(session => ApiKeyStore.Update(session, new Scope(bench.Store.WorkspaceId), key, "renamed", ["message_send", "message_read"]));

        Assert.Equal(250, (await SendAsync(client)).Code);
    }

    [Fact]
    public async Task A_message_that_waits_to_be_stored_while_its_key_is_revoked_is_refused()
    {
        await using var bench = await OutboundBench.OpenAsync(keys: false);
        var (key, secret) = await bench.Store.Database.WriteAsync(session => ApiKeyStore.Create(session, new Scope(bench.Store.WorkspaceId), "app", ["message_send"]));
        var credential = await bench.Submission.CheckCredentialAsync(TestStore.Agent, secret, default);
        using var waits = new ManualResetEventSlim();
        var begun = new TaskCompletionSource(TaskCreationOptions.RunContinuationsAsynchronously);
        var revoking = Task.Run(() => bench.Store.Database.WriteAsync(session =>
        {
            begun.SetResult();
            return waits.Wait(TimeSpan.FromSeconds(30)) && ApiKeyStore.Revoke(session, new Scope(bench.Store.WorkspaceId), key.ApiKeyId);
        }));
        await begun.Task;
        Task<SmtpReply>? accepting = null;
        await Task.Run(() =>
        {
            accepting = bench.Submission.AcceptAsync(
                new IncomingMessage
                {
                    TransactionId = "t",
                    Session = new SessionInfo { SessionId = "s", Role = DoorRole.Submission, ClientAddress = System.Net.IPAddress.Loopback, Credential = credential, User = TestStore.Agent },
                    ReversePath = TestStore.Agent,
                    Recipients = [new IncomingRecipient("ann@example.net")],
                    Raw = new RawContent(Encoding.ASCII.GetBytes(Mail)),
                    ReceivedAt = bench.Store.Time.GetUtcNow(),
                },
                default); // comes back when it waits for the writer
        });
        waits.Set();

        Assert.True(await revoking);
        Assert.Equal("530 5.7.0", Of(await accepting!));
        Assert.Equal(0, await bench.Store.CountAsync("SELECT COUNT(*) FROM messages"));
    }

    private static Task ChangeAsync(OutboundBench bench, ManualTimeProvider time, string key, string change)
    {
        var scope = new Scope(bench.Store.WorkspaceId);
        switch (change)
        {
            case "revoked":
                return bench.Store.Database.WriteAsync(session => ApiKeyStore.Revoke(session, scope, key));
            case "may not send":
                return bench.Store.Database.WriteAsync(session => ApiKeyStore.Update(session, scope, key, "app", ["message_read"]));
            case "inbox deleted":
                return bench.Store.Database.WriteAsync(session => session.Execute("DELETE FROM inboxes WHERE inbox_id = @p1", TestStore.Agent));
            default:
                time.Advance(TimeSpan.FromMinutes(2));
                return Task.CompletedTask;
        }
    }

    // The door with nothing but submission behind it.
    private static async Task<SmtpTestServer> ServeAsync(OutboundBench bench)
    {
        var server = await SmtpTestServer.StartAsync(time: bench.Store.Time);
        server.CheckCredential = bench.Submission.CheckCredentialAsync;
        server.CheckSender = bench.Submission.CheckSenderAsync;
        server.CheckRecipient = bench.Submission.CheckRecipientAsync;
        server.Accept = bench.Submission.AcceptAsync;
        return server;
    }

    private static async Task<(RawSmtpClient Client, string ApiKeyId)> LoginAsync(OutboundBench bench, SmtpTestServer server)
    {
        var expires = bench.Store.Time.GetUtcNow().AddMinutes(1);
        var (key, secret) = await bench.Store.Database.WriteAsync(session => ApiKeyStore.Create(session, new Scope(bench.Store.WorkspaceId), "app", ["message_send"], expires));
        var client = await RawSmtpClient.GreetedAsync(server.Submission);
        Assert.Equal(250, (await client.SayAsync("EHLO app.test")).Code);
        Assert.Equal(235, (await client.SayAsync("AUTH PLAIN " + Convert.ToBase64String(Encoding.UTF8.GetBytes($"\0{TestStore.Agent}\0{secret}")))).Code);
        return (client, key.ApiKeyId);
    }

    private static async Task<SmtpReply> SendAsync(RawSmtpClient client)
    {
        Assert.Equal(250, (await client.SayAsync("MAIL FROM:<agent@agentmta.test>")).Code);
        Assert.Equal(250, (await client.SayAsync("RCPT TO:<ann@example.net>")).Code);
        Assert.Equal(354, (await client.SayAsync("DATA")).Code);
        return await client.SayAsync(Mail + ".");
    }

    private static string Of(SmtpReply reply) => $"{reply.Code} {reply.EnhancedStatus}";
}
