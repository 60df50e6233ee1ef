using System.Net.Http.Json;
using System.Text.Json;
using AgentMta.Server.Tests.Support;

namespace AgentMta.Server.Tests.Scenarios;

/// <summary>The queue in the hands of an operator at the command line, beside the running server.</summary>
public sealed class QueueCommandTests
{
    private const string Soon = "A running server tries within 2 seconds.";

    [Fact]
    public async Task What_waits_is_held_released_flushed_and_dropped_by_destination_or_id()
    {
        await using var server = await ServerProcess.StartAsync("--relay", $"127.0.0.1:{PostfixServer.FreePort()}");
        using var api = server.Client();
        var sent = await api.PostAsJsonAsync("/v0/inboxes/agent%40agentmta.test/messages/send", new { to = new[] { "bob@far.test", "carl@far.test" }, subject = "Wait", text = "Hello." });
        Assert.True(sent.IsSuccessStatusCode, await sent.Content.ReadAsStringAsync());
        await Eventually.TrueAsync(async () => await EntriesAsync(server) is { Count: 2 } all && all.TrueForAll(e => Text(e, "state") == "deferred"), () => server.Output);
        var id = Text((await EntriesAsync(server))[0], "delivery_id");

        Assert.Equal("Held: 0 deliveries.", await ChangeAsync(server, "hold", "--destination", "near.test"));
        Assert.Equal("Held: 2 deliveries.", await ChangeAsync(server, "hold", "--destination", "FAR.test"));
        Assert.All(await EntriesAsync(server), e => Assert.Equal("held", Text(e, "state")));
        Assert.Equal("Made due: 0 deliveries.", await ChangeAsync(server, "flush", "--all"));
        Assert.Equal("Dropped: 1 delivery.", await ChangeAsync(server, "drop", "--delivery", id));
        Assert.Equal("held", Text(Assert.Single(await EntriesAsync(server)), "state"));

        var gone = await Shell.AgentMtaAsync("queue", "drop", "--delivery", id, "--data", server.Data);
        Assert.Equal(66, gone.ExitCode);
        Assert.Contains(id, gone.Output, StringComparison.Ordinal);
        var events = await api.GetFromJsonAsync<JsonElement>("/v0/events");
        Assert.Contains(events.GetProperty("events").EnumerateArray(), e => e.GetProperty("event_type").GetString() == "message.rejected");
        Assert.Equal($"Released: 1 delivery. {Soon}", await ChangeAsync(server, "release", "--all"));
    }

    [Fact]
    public async Task What_is_flushed_beside_the_server_is_tried_when_the_command_says()
    {
        await using var server = await ServerProcess.StartAsync("--relay", $"127.0.0.1:{PostfixServer.FreePort()}");
        using var api = server.Client();
        var sent = await api.PostAsJsonAsync("/v0/inboxes/agent%40agentmta.test/messages/send", new { to = "bob@far.test", subject = "Wait", text = "Hello." });
        Assert.True(sent.IsSuccessStatusCode, await sent.Content.ReadAsStringAsync());
        await Eventually.TrueAsync(async () => await AttemptsAsync(api) == 1, () => server.Output);

        Assert.Equal($"Made due: 1 delivery. {Soon}", await ChangeAsync(server, "flush", "--all"));
        var since = TimeProvider.System.GetTimestamp();
        await Eventually.TrueAsync(async () => await AttemptsAsync(api) == 2, () => server.Output);

        // Two seconds are the promise; the rest is for a machine that is busy.
        Assert.True(TimeProvider.System.GetElapsedTime(since) < TimeSpan.FromSeconds(15), TimeProvider.System.GetElapsedTime(since).ToString());
    }

    [Theory]
    [InlineData("drop")]
    [InlineData("hold", "--all", "--destination", "far.test")]
    public async Task A_change_says_of_what_and_only_once(params string[] arguments)
    {
        var refused = await Shell.AgentMtaAsync(["queue", .. arguments, "--data", "/nonexistent"]);

        Assert.Equal(64, refused.ExitCode);
        Assert.Contains("--destination DOMAIN, --delivery ID or --all", refused.Output, StringComparison.Ordinal);
    }

    private static async Task<string> ChangeAsync(ServerProcess server, params string[] arguments)
    {
        var done = await Shell.AgentMtaAsync(["queue", .. arguments, "--data", server.Data]);
        Assert.True(done.ExitCode == 0, done.Output);
        return done.StandardOutput.Trim();
    }

    private static async Task<int> AttemptsAsync(HttpClient api)
    {
        var queue = (await api.GetFromJsonAsync<JsonElement>("/v0/queue")).GetProperty("deliveries");
        return queue.GetArrayLength() == 1 && !queue[0].GetProperty("in_flight").GetBoolean() ? queue[0].GetProperty("attempt_count").GetInt32() : -1;
    }

    private static async Task<List<JsonElement>> EntriesAsync(ServerProcess server)
    {
        var listed = await Shell.AgentMtaAsync("queue", "list", "--json", "--data", server.Data);
        Assert.True(listed.ExitCode == 0, listed.Output);
        return [.. listed.StandardOutput.Split('\n', StringSplitOptions.RemoveEmptyEntries).Select(line => JsonSerializer.Deserialize<JsonElement>(line))];
    }

    private static string Text(JsonElement entry, string name) => entry.GetProperty(name).GetString()!;
}
