using System.Net.Http.Json;
using System.Text.Json;
using AgentMta.Server.Tests.Support;

namespace AgentMta.Server.Tests.Scenarios;

/// <summary>What a smart host accepted and could not deliver comes back as a report, and becomes the outcome of its delivery.</summary>
public sealed class BounceTests
{
    private const string Agent = "agent@agentmta.test";
    private const string Gone = "nobody@gone.test";

    [RequiresProgramFact("postfix")]
    public async Task A_bounce_from_the_smart_host_ends_the_delivery_and_suppresses_its_recipient_alone()
    {
        var port = PostfixServer.FreePort();
        await using var server = await ServerProcess.StartAsync("--relay", $"127.0.0.1:{port}");
        await using var postfix = await PostfixServer.StartAsync(
            "person.test", ["ann"], new Dictionary<string, int> { ["agentmta.test"] = server.Smtp.Port, ["gone.test"] = 0 }, port);
        using var api = server.Client();
        var inbox = $"/v0/inboxes/{Uri.EscapeDataString(Agent)}";

        var sent = await api.PostAsJsonAsync($"{inbox}/messages/send", new { to = new[] { Gone, "ann@person.test" }, subject = "Hello", text = "Is anybody there?" });
        Assert.True(sent.IsSuccessStatusCode, await sent.Content.ReadAsStringAsync());
        var id = (await sent.Content.ReadFromJsonAsync<JsonElement>()).GetProperty("message_id").GetString()!;
        var events = await Eventually.GetAsync<List<JsonElement>>(
            async () =>
            {
                var all = (await api.GetFromJsonAsync<JsonElement>("/v0/events?after=0&limit=100")).GetProperty("events").EnumerateArray().ToList();
                return all.Exists(e => e.GetProperty("event_type").GetString() == "message.bounced") ? all : null;
            },
            () => postfix.Log + server.Output);
        var bounced = events.Find(e => e.GetProperty("event_type").GetString() == "message.bounced");
        Assert.Equal(id, bounced.GetProperty("message_id").GetString());
        Assert.Contains(Gone, bounced.GetProperty("facts").GetRawText(), StringComparison.Ordinal);
        Assert.DoesNotContain("ann@person.test", bounced.GetProperty("facts").GetRawText(), StringComparison.Ordinal);

        var suppressed = (await api.GetFromJsonAsync<JsonElement>("/v0/suppressions")).GetProperty("suppressions").EnumerateArray().Select(s => s.GetProperty("address").GetString()).ToList();
        Assert.Equal([Gone], suppressed);
        var again = await api.PostAsJsonAsync($"{inbox}/messages/send", new { to = Gone, subject = "Hello again", text = "?" });
        Assert.Equal(403, (int)again.StatusCode);
        Assert.Equal("message_rejected", (await again.Content.ReadFromJsonAsync<JsonElement>()).GetProperty("code").GetString());
        // Postfix delivers to the other recipient in its own time, and makes the folder then.
        await Eventually.TrueAsync(() => Directory.Exists(postfix.Mailbox("ann@person.test")) && Directory.EnumerateFiles(postfix.Mailbox("ann@person.test")).Any(), () => postfix.Log);
    }
}
