using System.Text.Json;
using AgentMta.Server.Tests.Support;
using static AgentMta.Server.Tests.Support.ApiBench;

namespace AgentMta.Server.Tests.Api;

/// <summary>Drafts over real HTTP.</summary>
public sealed class DraftTests
{
    private const string Drafts = Inbox + "/drafts";

    [Fact]
    public async Task A_page_of_large_drafts_ends_early_and_leads_on()
    {
        await using var server = await StartAsync();
        for (var i = 0; i < 3; i++)
            await MadeAsync(server, new { subject = $"{i}", text = new string('x', 3_000_000) });
        var first = Good(await server.GetAsync(Drafts));
        var second = Good(await server.GetAsync($"{Drafts}?page_token={Uri.EscapeDataString(first.GetProperty("next_page_token").GetString()!)}"));
        Assert.Equal((2, 1), (first.GetProperty("count").GetInt32(), second.GetProperty("count").GetInt32()));
    }

    [Fact]
    public async Task A_draft_gets_no_more_attachments_than_a_message_can_have_however_they_come()
    {
        await using var server = await StartAsync();
        object[] few = [.. Enumerable.Range(0, 60).Select(i => new { filename = $"{i}.txt", content = "eA==" })];
        object[] large = [new { filename = "l.bin", content = Convert.ToBase64String(new byte[13 * 1024 * 1024]) }];
        var draft = await MadeAsync(server, new { subject = "s", attachments = few });
        Assert.Equal(400, (await server.PatchAsync(draft, new { add_attachments = few })).Code);
        Good(await server.PatchAsync(draft, new { add_attachments = large }));
        Assert.Equal(413, (await server.PatchAsync(draft, new { add_attachments = large })).Code);
        Assert.Equal(61, Good(await server.GetAsync(draft)).GetProperty("attachments").GetArrayLength());
    }

    [Fact]
    public async Task A_scheduled_draft_survives_a_restart_and_goes_once()
    {
        await using var server = await StartAsync();
        var draft = Good(await server.PostAsync(Drafts, new { to = new[] { Agent }, subject = "later", text = "hello", send_at = DateTimeOffset.UtcNow.AddHours(1) }));
        Assert.Equal("scheduled", draft.GetProperty("send_status").GetString());
        Assert.Equal("scheduled", draft.GetProperty("labels")[0].GetString());
        await server.StartAgainAsync();
        Assert.Equal(1, Good(await server.GetAsync(Drafts + "?labels=scheduled")).GetProperty("count").GetInt32());
        Good(await server.PatchAsync($"{Drafts}/{draft.GetProperty("draft_id").GetString()}", new { send_at = DateTimeOffset.UtcNow }));
        await ReceivedAsync(server, "later");
        await server.StartAgainAsync();
        Assert.Equal(0, Good(await server.GetAsync("/v0/drafts")).GetProperty("count").GetInt32());
        Assert.Equal(1, Good(await server.GetAsync(Inbox + "/messages?subject=later")).GetProperty("count").GetInt32());
    }

    [Fact]
    public async Task Null_clears_absent_keeps_and_null_as_time_unschedules()
    {
        await using var server = await StartAsync();
        var path = await MadeAsync(server, new { to = new[] { "a@sender.test" }, cc = new[] { "b@sender.test" }, subject = "s", text = "t", html = "<p>t</p>", labels = new[] { "mine" }, send_at = "2027-06-01T00:00:00.000Z" });
        var changed = Good(await server.PatchAsync(path, """{"cc":[],"html":null,"subject":"new","send_at":null,"add_labels":["more"],"remove_labels":["mine"]}"""));
        Assert.Equal("a@sender.test", changed.GetProperty("to")[0].GetString());
        Assert.Equal(("new", "t"), (changed.GetProperty("subject").GetString(), changed.GetProperty("text").GetString()));
        Assert.False(changed.TryGetProperty("html", out _));
        Assert.False(changed.TryGetProperty("send_at", out _));
        Assert.False(changed.TryGetProperty("send_status", out _));
        Assert.True(!changed.TryGetProperty("cc", out var cc) || cc.GetArrayLength() == 0);
        Assert.Equal("more", Assert.Single(changed.GetProperty("labels").EnumerateArray()).GetString());
    }

    [Fact]
    public async Task Reply_and_forward_drafts_keep_what_they_answer()
    {
        await using var server = await StartAsync();
        await server.ReceiveAsync("<1@sender.test>", "Question");
        await server.ReceiveAsync("<2@sender.test>", "Other");
        var reply = await MadeAsync(server, new { in_reply_to = "<1@sender.test>", text = "answer" });
        var refused = await server.PatchAsync(reply, new { in_reply_to = "<2@sender.test>" });
        Assert.Equal((400, "in_reply_to"), (refused.Code, refused.Field));
        Assert.Equal(400, (await server.PostAsync(Drafts, new { in_reply_to = "<1@sender.test>", forward_of = "<1@sender.test>" })).Code);
        Assert.Equal(404, (await server.PostAsync(Drafts, new { forward_of = "<none@sender.test>" })).Code);
        var sent = Good(await server.PostAsync(reply + "/send", new { }));
        var message = Good(await server.GetAsync(Message(sent.GetProperty("message_id").GetString()!)));
        Assert.Equal("Re: Question", message.GetProperty("subject").GetString());
        Assert.Equal("<1@sender.test>", message.GetProperty("in_reply_to").GetString());
        Assert.Equal(404, (await server.GetAsync(reply)).Code);

        var forward = await MadeAsync(server, new { forward_of = "<2@sender.test>", to = new[] { Agent } });
        var forwarded = Good(await server.PostAsync(forward + "/send", new { add_labels = new[] { "passed-on" } }));
        var stored = Good(await server.GetAsync(Message(forwarded.GetProperty("message_id").GetString()!)));
        Assert.Equal("Fwd: Other", stored.GetProperty("subject").GetString());
        Assert.Contains("passed-on", stored.GetProperty("labels").ToString(), StringComparison.Ordinal);
        Assert.Contains("Hello agent", stored.GetProperty("text").GetString(), StringComparison.Ordinal);
    }

    [Fact]
    public async Task The_same_key_gives_the_same_answer_after_the_draft_is_gone()
    {
        await using var server = await StartAsync();
        var path = await MadeAsync(server, new { to = new[] { Agent }, text = "once" });
        var first = await server.CallAsync(HttpMethod.Post, path + "/send", new { }, header: ("Idempotency-Key", "draft-key"));
        var again = await server.CallAsync(HttpMethod.Post, path + "/send", new { }, header: ("Idempotency-Key", "draft-key"));
        Assert.Equal(Good(first).ToString(), Good(again).ToString());
        var other = await server.CallAsync(HttpMethod.Post, path + "/send", new { add_labels = new[] { "x" } }, header: ("Idempotency-Key", "draft-key"));
        Assert.Equal((409, "conflict"), (other.Code, other.Fault));
        Assert.Equal(404, (await server.PostAsync(path + "/send", new { })).Code);
    }

    [Fact]
    public async Task What_cannot_be_sent_stays_with_its_fault()
    {
        await using var server = await StartAsync();
        var path = await MadeAsync(server, new { text = "to nobody" });
        Assert.Equal(422, (await server.PostAsync(path + "/send", new { })).Code);
        var left = Good(await server.GetAsync(path));
        Assert.False(left.TryGetProperty("send_status", out _));
        Assert.Contains("no recipient", left.GetProperty("fault").GetString(), StringComparison.Ordinal);
        Good(await server.PatchAsync(path, new { to = new[] { Agent } }));
        Good(await server.PostAsync(path + "/send"));
    }

    [Fact]
    public async Task A_client_id_makes_one_draft()
    {
        await using var server = await StartAsync();
        var path = await MadeAsync(server, new { client_id = "mine", subject = "first" });
        Assert.Equal(path, await MadeAsync(server, new { client_id = "mine", subject = "second" }));
        Assert.Equal("first", Good(await server.GetAsync(path)).GetProperty("subject").GetString());
    }

    [Fact]
    public async Task Attachments_of_a_draft_come_go_and_are_downloaded()
    {
        await using var server = await StartAsync();
        var path = await MadeAsync(server, new { to = new[] { Agent }, text = "x", attachments = new[] { new { filename = "a.txt", content = Convert.ToBase64String("aaa"u8) } } });
        var first = Good(await server.GetAsync(path)).GetProperty("attachments")[0].GetProperty("attachment_id").GetString();
        var changed = Good(await server.PatchAsync(path, new { add_attachments = new[] { new { filename = "b.txt", content = Convert.ToBase64String("bbb"u8) } }, remove_attachments = new[] { first } }));
        var left = Assert.Single(changed.GetProperty("attachments").EnumerateArray());
        Assert.Equal("b.txt", left.GetProperty("filename").GetString());
        var link = Good(await server.GetAsync($"{path}/attachments/{left.GetProperty("attachment_id").GetString()}"));
        using var anybody = new HttpClient();
        Assert.Equal("bbb", await anybody.GetStringAsync(link.GetProperty("download_url").GetString()));
        Assert.Equal(404, (await server.GetAsync($"{path}/attachments/{first}")).Code);
    }

    private static async Task<string> MadeAsync(ApiBench server, object body) => $"{Drafts}/{Good(await server.PostAsync(Drafts, body)).GetProperty("draft_id").GetString()}";

    private static Task ReceivedAsync(ApiBench server, string subject) => Eventually.TrueAsync(async () =>
        Good(await server.GetAsync($"{Inbox}/messages?labels=received&subject={subject}")).GetProperty("count").GetInt32() == 1 && Good(await server.GetAsync("/v0/drafts")) is { ValueKind: JsonValueKind.Object } drafts
        && drafts.GetProperty("count").GetInt32() == 0);
}
