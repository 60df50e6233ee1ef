using System.Net;
using AgentMta.Protocol.Smtp;
using AgentMta.Server.Model;
using AgentMta.Server.Tests.Support;
using static AgentMta.Server.Tests.Support.TestReceiver;

namespace AgentMta.Server.Tests.Inbound;

public sealed class LocalHandOffTests
{
    private const string Second = "second@agentmta.test";

    [Fact]
    public async Task Storing_the_copy_completes_the_delivery()
    {
        await using var server = await WithTwoInboxesAsync();
        var (id, key) = await server.SendAsync(TestStore.Agent, [Second]);
        var delivery = await DeliveryAsync(server, TestStore.Agent, key, Second);

        var reply = await HandOffAsync(server, delivery, id);

        Assert.Equal(250, reply.Code);
        var copy = Assert.Single(await server.MessagesAsync(Second));
        Assert.Equal(["received", "unread"], copy.Labels);
        Assert.Equal(["delivered"], await server.Store.RowsAsync("SELECT state FROM deliveries"));
        var trace = (await server.Store.Database.ReadAsync(s => s.Query("SELECT trace FROM raws WHERE trace IS NOT NULL", r => System.Text.Encoding.UTF8.GetString((byte[])r.GetValue(0)))))[0];
        Assert.Contains("auth=pass smtp.auth=agent@agentmta.test", trace, StringComparison.Ordinal);
    }

    [Fact]
    public async Task A_lost_lease_stores_nothing()
    {
        await using var server = await WithTwoInboxesAsync();
        var (id, key) = await server.SendAsync(TestStore.Agent, [Second]);
        var delivery = await DeliveryAsync(server, TestStore.Agent, key, Second);
        await server.Store.Database.WriteAsync(session => session.Execute("UPDATE deliveries SET lease_attempt = 2"));

        Assert.True((await HandOffAsync(server, delivery, id)).IsTransient);
        Assert.Empty(await server.MessagesAsync(Second));
    }

    [Fact]
    public async Task Posture_and_lists_are_asked_and_their_refusal_leaves_the_delivery_to_the_queue()
    {
        await using var server = await WithTwoInboxesAsync(cold: false);
        var (id, key) = await server.SendAsync(TestStore.Agent, [Second]);
        var delivery = await DeliveryAsync(server, TestStore.Agent, key, Second);

        var refused = await HandOffAsync(server, delivery, id);
        var (asked, _) = await server.SendAsync(Second, [TestStore.Agent]);
        var answered = await HandOffAsync(server, delivery, id, $"In-Reply-To: {asked}\n");

        Assert.Equal((550, "5.7.1"), (refused.Code, refused.EnhancedStatus));
        Assert.Equal(250, answered.Code);
    }

    [Fact]
    public async Task A_copy_that_the_inbox_has_completes_the_delivery_too()
    {
        await using var server = await WithTwoInboxesAsync();
        var (id, key) = await server.SendAsync(TestStore.Agent, [Second]);
        var first = await DeliveryAsync(server, TestStore.Agent, key, Second);
        await HandOffAsync(server, first, id);
        var second = await DeliveryAsync(server, TestStore.Agent, key, Second);

        Assert.Equal(250, (await HandOffAsync(server, second, id)).Code);
        Assert.Single(await server.MessagesAsync(Second));
        Assert.Equal(["delivered", "delivered"], await server.Store.RowsAsync("SELECT state FROM deliveries"));
    }

    [Fact]
    public async Task A_large_copy_lies_in_a_file()
    {
        await using var server = await WithTwoInboxesAsync();
        var (id, key) = await server.SendAsync(TestStore.Agent, [Second]);

        await HandOffAsync(server, await DeliveryAsync(server, TestStore.Agent, key, Second), id, body: string.Concat(Enumerable.Repeat("0123456789abcdef\n", 8000)));

        Assert.Equal(["|1"], await server.Store.RowsAsync("SELECT content, file IS NOT NULL FROM raws WHERE size > 65536"));
    }

    /// <summary>A delivery leased by "worker".</summary>
    internal static async Task<string> DeliveryAsync(TestReceiver server, string inboxId, string key, string recipient)
    {
        var id = Ids.New(server.Store.Time);
        await server.Store.Database.WriteAsync(session => session.Execute(
            """
            INSERT INTO deliveries (workspace_id, delivery_id, pod_id, inbox_id, use_case_id, message_key, message_id, thread_id, raw_id, reverse_path, recipient, destination,
              state, next_attempt_at, expires_at, lease_owner, lease_attempt, created_at, updated_at)
            SELECT m.workspace_id, @p1, m.pod_id, m.inbox_id, i.use_case_id, m.message_key, m.message_id, m.thread_id, m.raw_id, '', @p2, 'x', 'queued', 0, 0, 'worker', 1, 0, 0
            FROM messages m JOIN inboxes i USING (inbox_id) WHERE m.message_key = @p3 AND m.inbox_id = @p4
            """,
            id, recipient, key, inboxId));
        return id;
    }

    private static Task<SmtpReply> HandOffAsync(TestReceiver server, string delivery, string messageId, string? headers = null, string body = "Hello.\n")
    {
        var message = server.Incoming(Mail(from: TestStore.Agent, to: Second, id: messageId, headers: headers, body: body), TestStore.Agent, IPAddress.Loopback, Second);
        return server.Receiver.AcceptAsync(
            message with
            {
                Session = message.Session with { Role = DoorRole.Local, User = TestStore.Agent },
                LocalHandOff = new LocalHandOff(server.Store.WorkspaceId, delivery, "worker", 1, TestStore.Agent),
            },
            CancellationToken.None);
    }

    private static async Task<TestReceiver> WithTwoInboxesAsync(bool cold = true)
    {
        var server = await OpenAsync();
        await server.Store.AddInboxAsync(Second, cold);
        return server;
    }
}
