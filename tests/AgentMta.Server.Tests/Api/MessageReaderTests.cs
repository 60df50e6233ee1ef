using AgentMta.Server.Api;
using AgentMta.Server.Model;
using AgentMta.Server.Store;
using AgentMta.Server.Tests.Support;
using static AgentMta.Server.Tests.Support.ApiBench;

namespace AgentMta.Server.Tests.Api;

/// <summary>What a message costs who reads it: a large one many times its octets, so that few are decoded at once.</summary>
public sealed class MessageReaderTests
{
    private static readonly string Page = "<p>" + string.Concat(Enumerable.Repeat("Hello agent.\n", 10_000)) + "</p>\n";

    [Fact]
    public async Task Large_messages_wait_for_a_slot_and_small_ones_do_not()
    {
        await using var server = await TestReceiver.OpenAsync();
        Assert.Equal(250, (await server.AcceptAsync(TestReceiver.Mail(id: "<large@sender.test>", headers: "Content-Type: text/html\n", body: Page))).Code);
        Assert.Equal(250, (await server.AcceptAsync(TestReceiver.Mail(id: "<small@sender.test>"))).Code);
        var messages = new MessageStore(server.Store.Database);
        var slots = new ParseSlots(2);
        var reader = new MessageReader(messages, server.Spool, slots);
        using var leaves = new CancellationTokenSource();
        Task<MessageResponse>[] waiting;
        Task<MessageResponse> left;
        using (await slots.EnterAsync("test", default))
        {
            Assert.NotNull((await ReadAsync("<large@sender.test>")).Html); // one is free
            using (await slots.EnterAsync("test", default))
            {
                Assert.NotNull((await ReadAsync("<small@sender.test>")).Text);
                waiting = [.. Enumerable.Range(0, 8).Select(_ => ReadAsync("<large@sender.test>"))];
                left = ReadAsync("<large@sender.test>", leaves.Token);
                await Eventually.TrueAsync(() => slots.Waiting == 9, () => $"{slots.Waiting} wait");
                await leaves.CancelAsync();
                await Assert.ThrowsAnyAsync<OperationCanceledException>(() => left);
                Assert.DoesNotContain(waiting, task => task.IsCompleted);
            }
        }

        Assert.All(await Task.WhenAll(waiting), message => Assert.Contains("Hello agent.", message.ExtractedHtml, StringComparison.Ordinal));
        Assert.Equal(0, slots.Waiting);

        async Task<MessageResponse> ReadAsync(string id, CancellationToken cancellationToken = default) =>
            await reader.ReadAsync(server.Store.Scope, (await messages.GetAsync(server.Store.Scope, TestStore.Agent, id, default))!, cancellationToken);
    }

    [Fact]
    public async Task Webhooks_that_have_a_hundred_large_messages_to_tell_of_hold_up_no_reader_and_readers_no_webhook()
    {
        await using var server = await TestReceiver.OpenAsync();
        await server.AcceptAsync(TestReceiver.Mail(id: "<large@sender.test>", headers: "Content-Type: text/html\n", body: Page));
        var messages = new MessageStore(server.Store.Database);
        var message = (await messages.GetAsync(server.Store.Scope, TestStore.Agent, "<large@sender.test>", default))!;
        var slots = new ParseSlots(1);
        var webhooks = new MessageReader(messages, server.Spool, slots, "webhooks ");
        var api = new MessageReader(messages, server.Spool, slots);
        Assert.True(await OthersDoneFirstAsync(webhooks, api) <= 2);
        Assert.True(await OthersDoneFirstAsync(api, webhooks) <= 2);

        async Task<int> OthersDoneFirstAsync(MessageReader busy, MessageReader late)
        {
            var done = 0;
            Task[] many;
            Task<int> one;
            using (await slots.EnterAsync("test", default))
            {
                many = [.. Enumerable.Range(0, 100).Select(async _ =>
                {
                    await busy.ReadAsync(server.Store.Scope, message, default);
                    Interlocked.Increment(ref done);
                })];
                one = LateAsync();
                await Eventually.TrueAsync(() => slots.Waiting == 101, () => $"{slots.Waiting} wait");
            }

            await Task.WhenAll(many);
            return await one;

            async Task<int> LateAsync()
            {
                await late.ReadAsync(server.Store.Scope, message, default);
                return Volatile.Read(ref done);
            }
        }
    }

    [Fact]
    public async Task A_page_of_a_thread_ends_where_its_messages_are_too_much_for_one_answer()
    {
        await using var server = await StartAsync();
        var body = string.Concat(Enumerable.Repeat(new string('x', 990) + "\n", 12_000)); // 12 MB
        await server.ReceiveAsync("<0@sender.test>", text: body);
        for (var i = 1; i < 4; i++)
            await server.ReceiveAsync($"<{i}@sender.test>", text: body, headers: $"References: <{i - 1}@sender.test>\n");
        var thread = Good(await server.GetAsync(Message("<0@sender.test>"))).GetProperty("thread_id").GetString()!;

        var first = Good(await server.GetAsync($"{ApiBench.Inbox}/threads/{thread}"));
        var second = Good(await server.GetAsync($"{ApiBench.Inbox}/threads/{thread}?page_token={Uri.EscapeDataString(first.GetProperty("next_page_token").GetString()!)}"));

        Assert.Equal(["<2@sender.test>", "<3@sender.test>"], Ids(first));
        Assert.Equal(["<0@sender.test>", "<1@sender.test>"], Ids(second));
        Assert.False(second.TryGetProperty("next_page_token", out _));

        static IEnumerable<string?> Ids(System.Text.Json.JsonElement page) => page.GetProperty("messages").EnumerateArray().Select(m => m.GetProperty("message_id").GetString());
    }
}
