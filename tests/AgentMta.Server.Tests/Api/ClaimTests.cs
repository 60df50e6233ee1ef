using System.Text.Json;
using AgentMta.Server.Tests.Support;
using static AgentMta.Server.Tests.Support.ApiBench;

namespace AgentMta.Server.Tests.Api;

/// <summary>Claims over real HTTP.</summary>
public sealed class ClaimTests
{
    private const string Claim = Inbox + "/messages/claim";

    [Fact]
    public async Task A_message_is_claimed_in_full_acked_and_gone()
    {
        await using var server = await StartAsync();
        await server.ReceiveAsync("<a/b+c@sender.test>", text: "Where is order 7?\n");
        // No body at all is one message for five minutes.
        var claimed = Assert.Single(Good(await server.PostAsync(Claim)).GetProperty("messages").EnumerateArray());
        Assert.Equal("<a/b+c@sender.test>", claimed.GetProperty("message_id").GetString());
        Assert.StartsWith("Where is order 7?", claimed.GetProperty("extracted_text").GetString(), StringComparison.Ordinal);
        var lease = claimed.GetProperty("lease");
        Assert.Equal(1, lease.GetProperty("attempt").GetInt32());
        Assert.Equal(0, Good(await server.PostAsync(Claim, new { limit = 50 })).GetProperty("count").GetInt32());
        var open = Assert.Single(Good(await server.GetAsync(Inbox + "/turns")).GetProperty("turns").EnumerateArray());
        Assert.Equal("leased", open.GetProperty("state").GetString());

        var ack = Message("<a/b+c@sender.test>") + "/ack";
        for (var again = 0; again < 2; again++)
            Assert.Equal("done", Good(await server.PostAsync(ack, new { lease = Token(claimed), add_labels = "answered" })).GetProperty("state").GetString());
        var after = Good(await server.GetAsync(Message("<a/b+c@sender.test>")));
        Assert.Equal(["answered", "received"], after.GetProperty("labels").EnumerateArray().Select(l => l.GetString()!).Order());
        Assert.False(after.TryGetProperty("lease", out _));
        Assert.Equal(0, Good(await server.GetAsync(Inbox + "/turns")).GetProperty("count").GetInt32());
        Assert.Equal(0, Good(await server.GetAsync(Inbox + "/unread-count")).GetProperty("count").GetInt32());
    }

    [Fact]
    public async Task A_lease_that_is_not_the_newest_is_409_for_all_that_needs_it()
    {
        await using var server = await StartAsync();
        await server.ReceiveAsync("<1@sender.test>");
        var first = Good(await server.PostAsync(Claim)).GetProperty("messages")[0];
        Good(await server.PostAsync(Message("<1@sender.test>") + "/release", new { lease = Token(first), reason = "not mine" }));
        var second = Good(await server.PostAsync(Claim)).GetProperty("messages")[0];
        Assert.Equal(2, second.GetProperty("lease").GetProperty("attempt").GetInt32());
        foreach (var verb in new[] { "/ack", "/release", "/renew" })
        {
            var answer = await server.PostAsync(Message("<1@sender.test>") + verb, new { lease = Token(first) });
            Assert.Equal((409, "lease_lost"), (answer.Code, answer.Fault));
        }

        Assert.Equal("leased", Good(await server.PostAsync(Message("<1@sender.test>") + "/renew", new { lease = Token(second), lease_seconds = 3600 })).GetProperty("state").GetString());
        await server.DeleteAsync(Message("<1@sender.test>"));
        Assert.Equal(404, (await server.PostAsync(Message("<1@sender.test>") + "/ack", new { lease = Token(second) })).Code);
    }

    [Theory]
    [InlineData("/messages/claim", """{"limit":0}""", "limit")]
    [InlineData("/messages/claim", """{"limit":51}""", "limit")]
    [InlineData("/messages/claim", """{"lease_seconds":43201}""", "lease_seconds")]
    [InlineData("/messages/claim?wait=51", "{}", "wait")]
    [InlineData("/messages/%3C1%40sender.test%3E/ack", "{}", "lease")]
    [InlineData("/messages/%3C1%40sender.test%3E/ack", """{"lease":"mine"}""", "lease")]
    [InlineData("/messages/%3C1%40sender.test%3E/release", """{"lease":"00000000000000000000000000.1","delay_seconds":-1}""", "delay_seconds")]
    [InlineData("/messages/%3C1%40sender.test%3E/ack", """{"lease":"00000000000000000000000000.1","add_labels":["sent"]}""", "add_labels")]
    public async Task A_wrong_field_is_named(string path, string body, string field)
    {
        await using var server = await StartAsync();
        await server.ReceiveAsync("<1@sender.test>");
        var answer = await server.PostAsync(Inbox + path, body);
        Assert.Equal((400, "validation_error", field), (answer.Code, answer.Fault, answer.Field));
    }

    [Fact]
    public async Task Too_many_labels_at_the_ack_leave_the_lease_as_it_was()
    {
        await using var server = await StartAsync();
        await server.ReceiveAsync("<1@sender.test>");
        var claimed = Good(await server.PostAsync(Claim)).GetProperty("messages")[0];
        var answer = await server.PostAsync(Message("<1@sender.test>") + "/ack", new { lease = Token(claimed), add_labels = Enumerable.Range(0, 21).Select(i => $"label{i}") });
        Assert.Equal((400, "add_labels"), (answer.Code, answer.Field));
        Assert.Equal("leased", Good(await server.GetAsync(Inbox + "/turns")).GetProperty("turns")[0].GetProperty("state").GetString());
        Assert.Contains("unread", Good(await server.GetAsync(Message("<1@sender.test>"))).GetProperty("labels").ToString(), StringComparison.Ordinal);
    }

    [Fact]
    public async Task Spam_is_claimed_only_by_a_key_that_asks_for_it_and_may_read_it()
    {
        await using var server = await StartAsync();
        await server.ReceiveAsync("<1@sender.test>");
        Good(await server.PatchAsync(Message("<1@sender.test>"), new { add_labels = "spam" }));
        var made = Good(await server.PostAsync(Inbox + "/api-keys", new { permissions = new { message_read = true, message_update = true } }));
        using var blind = server.NewClient(made.GetProperty("api_key").GetString()!);
        Assert.Equal(0, Good(await server.PostAsync(Claim, new { include_spam = true }, blind)).GetProperty("count").GetInt32());
        Assert.Equal(0, Good(await server.PostAsync(Claim)).GetProperty("count").GetInt32());
        Assert.Equal(1, Good(await server.PostAsync(Claim, new { include_spam = true })).GetProperty("count").GetInt32());
    }

    [Theory]
    [InlineData("message_read")]
    [InlineData("message_update")]
    public async Task Claiming_needs_both_permissions(string only)
    {
        await using var server = await StartAsync();
        var made = Good(await server.PostAsync(Inbox + "/api-keys", new { permissions = new Dictionary<string, bool> { [only] = true } }));
        using var client = server.NewClient(made.GetProperty("api_key").GetString()!);
        var answer = await server.PostAsync(Claim, null, client);
        Assert.Equal((403, "missing_permission"), (answer.Code, answer.Fault));
    }

    [Fact]
    public async Task A_claim_that_waits_is_answered_by_the_message_that_comes()
    {
        await using var server = await StartAsync();
        var waiting = server.PostAsync(Claim + "?wait=50");
        await server.ReceiveAsync("<1@sender.test>");
        Assert.Equal(1, Good(await waiting).GetProperty("count").GetInt32());
    }

    [Fact]
    public async Task Two_hundred_agents_over_http_answer_each_message_once()
    {
        const int Mails = 120;
        await using var server = await StartAsync(options => options.Api.RequestsPerSecond = 0);
        for (var i = 0; i < Mails; i++)
            await server.ReceiveAsync($"<{i}@sender.test>");
        var answered = await Task.WhenAll(Enumerable.Range(0, 200).Select(_ => Task.Run(async () =>
        {
            var mine = new List<string>();
            while (Good(await server.PostAsync(Claim)).GetProperty("messages").EnumerateArray().FirstOrDefault() is { ValueKind: JsonValueKind.Object } claimed)
            {
                var id = claimed.GetProperty("message_id").GetString()!;
                Good(await server.PostAsync(Message(id) + "/ack", new { lease = Token(claimed) }));
                mine.Add(id);
            }

            return mine;
        })));
        Assert.Equal(Enumerable.Range(0, Mails).Select(i => $"<{i}@sender.test>").Order(), answered.SelectMany(m => m).Order());
    }

    private static string Token(JsonElement claimed) => claimed.GetProperty("lease").GetProperty("token").GetString()!;
}
