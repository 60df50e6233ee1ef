using AgentMta.Server.Tests.Support;
using static AgentMta.Server.Tests.Support.ApiBench;

namespace AgentMta.Server.Tests.Api;

/// <summary>What docs/api.md tells of cases that its examples do not run.</summary>
public sealed class ToldBehaviourTests : IAsyncLifetime
{
    private ApiBench _server = null!;

    public async Task InitializeAsync() => _server = await StartAsync();

    public async Task DisposeAsync() => await _server.DisposeAsync();

    [Fact]
    public async Task One_suppressed_recipient_of_several_refuses_the_whole_send()
    {
        Good(await _server.PostAsync("/v0/suppressions", new { address = "eve@example.net" }));
        var refused = await _server.PostAsync(Inbox + "/messages/send", new { to = new[] { Agent, "eve@example.net" }, text = "x" });
        Assert.Equal((403, "message_rejected"), (refused.Code, refused.Fault));
        Assert.Contains("eve@example.net", refused.Text("message"), StringComparison.Ordinal);
        Assert.Equal(0, Count(await _server.GetAsync(Inbox + "/messages")));
    }

    [Fact]
    public async Task A_schedule_that_is_past_is_now()
    {
        Good(await _server.PostAsync(Inbox + "/drafts", new { to = new[] { Agent }, subject = "Late", text = "x", send_at = "2020-01-01T00:00:00Z" }));
        await Eventually.TrueAsync(async () => Count(await _server.GetAsync(Inbox + "/drafts")) == 0);
        Assert.Equal(1, Count(await _server.GetAsync(Inbox + "/messages?subject=Late&labels=sent&wait=30")));
    }

    [Fact]
    public async Task A_message_with_html_alone_goes_out_with_html_alone()
    {
        var sent = Good(await _server.PostAsync(Inbox + "/messages/send", new { to = Agent, html = "<p>Only <b>this</b></p>" })).GetProperty("message_id").GetString()!;
        var raw = await _server.Client.SendAsync(new HttpRequestMessage(HttpMethod.Get, Message(sent) + "/raw") { Headers = { { "Accept", "message/rfc822" } } });
        var text = await raw.Content.ReadAsStringAsync();
        Assert.Contains("text/html", text, StringComparison.Ordinal);
        Assert.DoesNotContain("text/plain", text, StringComparison.Ordinal);
        var read = Good(await _server.GetAsync(Message(sent)));
        Assert.Equal("Only this", read.GetProperty("text").GetString()!.Trim());
        Assert.Equal("Only this", read.GetProperty("preview").GetString());
    }

    [Fact]
    public async Task A_batch_counts_what_it_found_and_leaves_out_what_it_did_not()
    {
        var sent = Good(await _server.PostAsync(Inbox + "/messages/send", new { to = "ann@sender.test", text = "x" })).GetProperty("message_id").GetString()!;
        var ids = new[] { sent, "<nothing@here>" };
        var changed = Good(await _server.PostAsync(Inbox + "/messages/batch-update", new { message_ids = ids, add_labels = new[] { "seen" } }));
        Assert.Equal((2, 1), (changed.GetProperty("limit").GetInt32(), changed.GetProperty("count").GetInt32()));
        Assert.Equal(sent, Assert.Single(changed.GetProperty("updates").EnumerateArray()).GetProperty("message_id").GetString());
        Assert.Equal(1, Count(await _server.PostAsync(Inbox + "/messages/batch-get", new { message_ids = ids })));
    }

    [Fact]
    public async Task A_cursor_beyond_the_end_of_events_is_answered_with_itself_and_nothing()
    {
        var answer = Good(await _server.GetAsync("/v0/events?after=1000000"));
        Assert.Equal((0, 1_000_000), (answer.GetProperty("count").GetInt32(), answer.GetProperty("cursor").GetInt64()));
    }

    [Fact]
    public async Task An_inline_image_is_named_by_its_content_id_and_its_declared_name_stands_in_the_raw()
    {
        var parts = "--b\nContent-Type: text/html\n\n<img src=\"cid:logo@x\">\n--b\nContent-Type: image/png\nContent-Disposition: inline; filename=\"logo.png\"\nContent-ID: <logo@x>\nContent-Transfer-Encoding: base64\n\niVBORw==\n--b--\n";
        await _server.ReceiveAsync("<inline@sender.test>", headers: "MIME-Version: 1.0\nContent-Type: multipart/related; boundary=b\n", text: parts);
        var attachment = Good(await _server.GetAsync(Message("<inline@sender.test>"))).GetProperty("attachments")[0];
        Assert.Equal(("logo@x", "inline", "logo@x"), (attachment.GetProperty("filename").GetString(), attachment.GetProperty("content_disposition").GetString(), attachment.GetProperty("content_id").GetString()!.Trim('<', '>')));
        var raw = await _server.Client.SendAsync(new HttpRequestMessage(HttpMethod.Get, Message("<inline@sender.test>") + "/raw") { Headers = { { "Accept", "message/rfc822" } } });
        Assert.Contains("filename=\"logo.png\"", await raw.Content.ReadAsStringAsync(), StringComparison.Ordinal);
    }

    private static int Count(ApiAnswer answer) => Good(answer).GetProperty("count").GetInt32();
}
