using AgentMta.Server.Tests.Support;
using static AgentMta.Server.Tests.Support.ApiBench;

namespace AgentMta.Server.Tests.Api;

/// <summary>What a list of messages can be narrowed to, and what stands in it, over real HTTP.</summary>
public sealed class MessageListTests : IAsyncLifetime
{
    private const string Messages = Inbox + "/messages";
    private ApiBench _server = null!;

    public async Task InitializeAsync()
    {
        _server = await StartAsync();
        await _server.ReceiveAsync("<order@sender.test>", "Order 7", text: "Where is my parcel?\n");
        await _server.ReceiveAsync("<umlaut@sender.test>", "=?utf-8?q?=C3=9Cber_uns?=", from: "=?utf-8?q?J=C3=B6rg?= <joerg@sender.test>", text: "Gr\u00fc\u00dfe\n", headers: "Content-Type: text/plain; charset=utf-8\n");
        await _server.ReceiveAsync("<plus@sender.test>", "Tagged", to: "agent+tag@agentmta.test");
        // sender.test does not stand behind this author: the list hides it unless it is asked for, as it is below.
        await _server.ReceiveAsync("<spoof@sender.test>", "Spoof", from: "boss@elsewhere.example");
    }

    public async Task DisposeAsync() => await _server.DisposeAsync();

    [Theory]
    [InlineData("q=PARCEL", "order")]
    [InlineData("q=order%207", "order")]
    [InlineData("q=%C3%BCber", "umlaut")]
    [InlineData("q=J%C3%96RG", "umlaut")]
    [InlineData("q=joerg%40SENDER", "umlaut")]
    [InlineData("q=100%25", "")]
    [InlineData("q=_rder", "")]
    [InlineData("subject=%C3%9CBER", "umlaut")]
    [InlineData("subject=tag&subject=GED", "plus")]
    [InlineData("subject=%5B%22tag%22%2C%22ged%22%5D", "plus")]
    [InlineData("subject=tag&subject=order", "")]
    [InlineData("from=j%C3%B6rg", "umlaut")]
    [InlineData("to=AGENT%2BTAG%40", "plus")]
    [InlineData("to=%5B%22agent%2Btag%40%22%5D", "plus")]
    [InlineData("verified_only=true&q=sender", "order plus umlaut")]
    [InlineData("q=boss", "spoof")]
    [InlineData("q=boss&verified_only=true", "")]
    [InlineData("q=boss&is_read=true", "")]
    [InlineData("labels=received&labels=unread&q=boss", "spoof")]
    [InlineData("labels=%5B%22received%22%2C%22unread%22%5D&q=boss", "spoof")]
    [InlineData("labels=%5B%5D&q=boss", "spoof")]
    [InlineData("labels=UNREAD&q=boss", "spoof")]
    public async Task A_filter_finds_exactly_what_it_says(string query, string expected) => Assert.Equal(expected, await NamesAsync(query));

    [Theory]
    [InlineData("q=", "q")]
    [InlineData("q=%20", "q")]
    [InlineData("is_read=maybe", "is_read")]
    [InlineData("limit=0", "limit")]
    [InlineData("limit=101", "limit")]
    [InlineData("before=yesterday", "before")]
    [InlineData("labels=%5B1%5D", "labels")]
    [InlineData("page_token=abc", "page_token")]
    public async Task A_filter_that_means_nothing_is_400_with_its_name(string query, string field)
    {
        var answer = await _server.GetAsync($"{Messages}?{query}");
        Assert.Equal((400, "validation_error", field), (answer.Code, answer.Fault, answer.Field));
    }

    [Theory]
    [InlineData("ü")]
    [InlineData("a+b")]
    [InlineData("\"quoted\" & <odd>")]
    [InlineData("100%")]
    [InlineData("a_b")]
    public async Task Any_label_is_found_alone_and_beside_others(string label)
    {
        Good(await _server.PatchAsync(Message("<order@sender.test>"), new { add_labels = new[] { label, "other" } }));
        Good(await _server.PatchAsync(Message("<plus@sender.test>"), new { add_labels = "axb" }));
        foreach (var labels in new string[][] { [label], ["other", label], [label, "other"] })
        {
            var query = "labels=" + Uri.EscapeDataString(System.Text.Json.JsonSerializer.Serialize(labels));
            Assert.Equal("order", await NamesAsync(query));
            Assert.Equal(1, Good(await _server.GetAsync($"{Inbox}/threads?{query}")).GetProperty("count").GetInt32());
        }
    }

    [Fact]
    public async Task Read_and_archived_are_set_counted_and_filtered_by()
    {
        Assert.Equal(3, await UnreadAsync());
        Good(await _server.PatchAsync(Message("<order@sender.test>"), new { read = true }));
        Assert.Equal("order", await NamesAsync("is_read=true"));
        Assert.Equal("plus spoof umlaut", await NamesAsync("is_read=false"));
        Good(await _server.PatchAsync(Message("<plus@sender.test>"), new { archived = true }));
        Assert.Equal(1, await UnreadAsync());
        Assert.Equal("order spoof umlaut", await NamesAsync(""));
        Assert.Equal("order plus spoof umlaut", await NamesAsync("include_archived=true"));
        Assert.Equal("plus", await NamesAsync("include_archived=true&q=tagged&is_read=false"));
        var again = await _server.PatchAsync(Message("<plus@sender.test>"), new { archived = true, add_labels = "never" });
        Assert.Equal((409, "conflict"), (again.Code, again.Fault));
        Assert.DoesNotContain("never", Good(await _server.GetAsync(Message("<plus@sender.test>"))).GetProperty("labels").ToString(), StringComparison.Ordinal);
        Good(await _server.PatchAsync(Message("<plus@sender.test>"), new { archived = false }));
        Good(await _server.PatchAsync(Message("<order@sender.test>"), new { read = false }));
        Assert.Equal(3, await UnreadAsync());
    }

    [Fact]
    public async Task Lists_and_messages_say_what_authentication_found()
    {
        var all = Good(await _server.GetAsync(Messages + "?include_unauthenticated=true")).GetProperty("messages").EnumerateArray().ToDictionary(m => m.GetProperty("message_id").GetString()!, m => m.GetProperty("authentication_results"));
        var good = all["<order@sender.test>"];
        Assert.Equal("pass", good.GetProperty("spf").GetProperty("result").GetString());
        Assert.Equal("sender.test", good.GetProperty("spf").GetProperty("domain").GetString());
        Assert.Equal("pass", good.GetProperty("dmarc").GetProperty("result").GetString());
        Assert.True(good.GetProperty("aligned").GetBoolean());
        Assert.Equal(0, good.GetProperty("dkim").GetArrayLength());
        Assert.False(all["<spoof@sender.test>"].GetProperty("aligned").GetBoolean());
        // One message has the same words, and the evidence.
        var one = Good(await _server.GetAsync(Message("<order@sender.test>"))).GetProperty("authentication_results");
        Assert.Equal(good.GetProperty("dmarc").GetProperty("result").GetString(), one.GetProperty("dmarc").GetProperty("result").GetString());
        Assert.NotEmpty(one.GetProperty("dns").GetProperty("lookups").EnumerateArray());
    }

    [Fact]
    public async Task Mail_between_inboxes_is_authenticated_by_its_credential()
    {
        var from = Good(await _server.PostAsync("/v0/inboxes", new { username = "colleague" })).GetProperty("inbox_id").GetString()!;
        Good(await _server.PostAsync($"/v0/inboxes/{Uri.EscapeDataString(from)}/messages/send", new { to = Agent, subject = "internal", text = "hello" }));
        await Eventually.TrueAsync(async () => await NamesAsync("subject=internal") != "");
        var got = Good(await _server.GetAsync(Messages + "?subject=internal")).GetProperty("messages")[0].GetProperty("authentication_results");
        Assert.Equal("pass", got.GetProperty("auth").GetProperty("result").GetString());
        Assert.True(got.GetProperty("aligned").GetBoolean());
    }

    [Fact]
    public async Task Pages_neither_skip_nor_repeat_while_mail_comes_in()
    {
        foreach (var order in new[] { "false", "true" })
        {
            var seen = new List<string>();
            var path = $"{Messages}?limit=1&ascending={order}&verified_only=true";
            for (string? token = null; ;)
            {
                var page = Good(await _server.GetAsync(token is null ? path : $"{path}&page_token={token}"));
                seen.AddRange(page.GetProperty("messages").EnumerateArray().Select(m => m.GetProperty("message_id").GetString()!));
                if (seen.Count == 2)
                    await _server.ReceiveAsync($"<new-{order}@sender.test>", "new");
                if (!page.TryGetProperty("next_page_token", out var next))
                    break;
                token = next.GetString();
            }

            Assert.Equal(seen.Count, seen.Distinct().Count());
            Assert.Superset(new HashSet<string> { "<order@sender.test>", "<umlaut@sender.test>", "<plus@sender.test>" }, seen.ToHashSet());
            // Newest first, what came in meanwhile lies before the pages; oldest first, behind them.
            Assert.Equal(order == "true", seen.Contains($"<new-{order}@sender.test>"));
        }
    }

    [Fact]
    public async Task A_token_belongs_to_the_list_and_the_order_that_gave_it()
    {
        var token = Good(await _server.GetAsync(Messages + "?limit=1")).GetProperty("next_page_token").GetString();
        foreach (var other in new[] { $"{Messages}?limit=1&ascending=true&page_token={token}", $"/v0/threads?page_token={token}", $"/v0/inboxes?page_token={token}" })
        {
            var answer = await _server.GetAsync(other);
            Assert.Equal((400, "page_token"), (answer.Code, answer.Field));
        }
    }

    [Theory]
    [InlineData("<a/b@sender.test>")]
    [InlineData("<a+b%2Fc@sender.test>")]
    [InlineData("<a=b$c!d?e#f&g@sender.test>")]
    public async Task A_message_id_may_hold_what_a_path_may_not(string id)
    {
        await _server.ReceiveAsync(id, "Odd");
        Assert.Equal(id, Good(await _server.GetAsync(Message(id))).GetProperty("message_id").GetString());
        Assert.Equal(id, Good(await _server.PatchAsync(Message(id), new { add_labels = new[] { "seen" } })).GetProperty("message_id").GetString());
        using var raw = new HttpRequestMessage(HttpMethod.Get, Message(id) + "/raw");
        raw.Headers.Add("Accept", "message/rfc822");
        using var answer = await _server.Client.SendAsync(raw);
        Assert.Equal("message/rfc822", answer.Content.Headers.ContentType!.MediaType);
        Assert.Contains($"Message-ID: {id}", await answer.Content.ReadAsStringAsync(), StringComparison.Ordinal);
        Assert.Equal(204, (await _server.DeleteAsync(Message(id))).Code);
        Assert.Equal(404, (await _server.GetAsync(Message(id))).Code);
    }

    [Fact]
    public async Task Labels_change_all_or_none()
    {
        var path = Message("<order@sender.test>");
        var before = Good(await _server.GetAsync(path)).GetProperty("labels").ToString();
        object[] wrong =
        [
            new { add_labels = new[] { "good", " " } }, new { add_labels = new[] { "good", "" } }, new { add_labels = new[] { "good", new string('x', 65) } }, new { add_labels = new[] { "good", "sent" } },
            new { add_labels = new[] { "good" }, remove_labels = new[] { "received" } }, new { add_labels = Enumerable.Range(0, 21).Select(i => $"l{i}") }, new { }, new { add_labels = 7 },
        ];
        foreach (var body in wrong)
        {
            var answer = await _server.PatchAsync(path, body);
            Assert.Equal((400, "validation_error"), (answer.Code, answer.Fault));
        }

        Assert.Equal(before, Good(await _server.GetAsync(path)).GetProperty("labels").ToString());
        Good(await _server.PatchAsync(path, new { add_labels = Enumerable.Range(0, 20).Select(i => $"L{i}") }));
        Assert.Equal(400, (await _server.PatchAsync(path, new { add_labels = "one-more" })).Code);
        // The server's own words do not count, and one may go while another comes.
        Good(await _server.PatchAsync(path, new { archived = true, add_labels = "other", remove_labels = "l0" }));
        Good(await _server.PatchAsync(path, new { add_labels = new string('x', 64), remove_labels = "l1" }));
    }

    private async Task<int> UnreadAsync() => Good(await _server.GetAsync(Inbox + "/unread-count")).GetProperty("count").GetInt32();

    // The local parts of the ids, in alphabetical order.
    private async Task<string> NamesAsync(string query) =>
        string.Join(' ', Good(await _server.GetAsync($"{Messages}?include_unauthenticated=true&{query}")).GetProperty("messages").EnumerateArray().Select(m => m.GetProperty("message_id").GetString()!.Split('@')[0][1..]).Order(StringComparer.Ordinal));
}
