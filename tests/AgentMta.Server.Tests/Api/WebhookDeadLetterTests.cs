using System.Text.Json;
using AgentMta.Server.Tests.Support;
using static AgentMta.Server.Tests.Support.ApiBench;

namespace AgentMta.Server.Tests.Api;

/// <summary>What an endpoint did not take, over real HTTP: dead letters, switched off, replayed. The days after which an endpoint is given up are none here.</summary>
public sealed class WebhookDeadLetterTests : IAsyncLifetime
{
    private ApiBench _server = null!;
    private ScriptedEndpoint _endpoint = null!;
    private string _path = "";

    public async Task InitializeAsync()
    {
        _server = await StartAsync(options => (options.Webhooks.DisableAfter, options.Webhooks.Concurrency) = (TimeSpan.FromTicks(1), 1));
        _endpoint = await ScriptedEndpoint.StartAsync(503);
        var made = Good(await _server.PostAsync("/v0/webhooks", new { url = _endpoint.Url, event_types = new[] { "inbox.created" } }));
        _path = "/v0/webhooks/" + made.GetProperty("webhook_id").GetString();
    }

    public async Task DisposeAsync()
    {
        await _server.DisposeAsync();
        await _endpoint.DisposeAsync();
    }

    [Fact]
    public async Task An_endpoint_that_took_nothing_is_switched_off_and_its_event_is_a_dead_letter_with_its_tries()
    {
        await DieAsync("one");
        var letter = Assert.Single(Good(await _server.GetAsync(_path + "/dead-letters")).GetProperty("dead_letters").EnumerateArray());
        Assert.Equal(("inbox.created", "one@agentmta.test"), (letter.GetProperty("event_type").GetString(), letter.GetProperty("inbox_id").GetString()));
        Assert.Equal(503, letter.GetProperty("history")[0].GetProperty("status").GetInt32());
        Assert.Equal(_endpoint.Hooks.First().Id, letter.GetProperty("event_id").GetString());
    }

    [Fact]
    public async Task Dead_letters_are_replayed_by_id_and_keep_their_ids()
    {
        await DieAsync("one");
        var id = Good(await _server.GetAsync(_path + "/dead-letters")).GetProperty("dead_letters")[0].GetProperty("event_id").GetString();
        await ReviveAsync();
        Assert.Equal(1, Good(await _server.PostAsync(_path + "/replay", new { event_ids = new[] { id } })).GetProperty("replayed").GetInt32());
        await Eventually.TrueAsync(() => _endpoint.Hooks.Count == 1);
        Assert.Equal(id, _endpoint.Hooks.Single().Id);
        await Eventually.TrueAsync(async () => Good(await _server.GetAsync(_path + "/dead-letters")).GetProperty("count").GetInt32() == 0);
    }

    [Fact]
    public async Task A_range_replays_all_of_its_time_or_its_dead_letters_alone()
    {
        await DieAsync("one");
        await ReviveAsync();
        await _server.PostAsync("/v0/inboxes", new { username = "two" });
        await Eventually.TrueAsync(() => _endpoint.Hooks.Count == 1);
        Assert.Equal("two@agentmta.test", Named(_endpoint.Hooks.Single()));
        Assert.Equal(1, Good(await _server.PostAsync(_path + "/replay", new { dead_letters_only = true })).GetProperty("replayed").GetInt32());
        await Eventually.TrueAsync(() => _endpoint.Hooks.Count == 2);
        Assert.Equal("one@agentmta.test", Named(_endpoint.Hooks.Last()));
        Assert.Equal(0, Good(await _server.PostAsync(_path + "/replay", new { after = DateTimeOffset.UtcNow.AddHours(1) })).GetProperty("replayed").GetInt32());
        // Everything since before this test: also the inboxes of the first start, which this webhook would have wanted.
        var all = Good(await _server.PostAsync(_path + "/replay", new { after = DateTimeOffset.UtcNow.AddHours(-1) })).GetProperty("replayed").GetInt32();
        Assert.True(all >= 2, $"{all} events");
        await Eventually.TrueAsync(() => _endpoint.Hooks.Count == 2 + all);
    }

    [Theory]
    [InlineData("""{}""", 400)]
    [InlineData("""{"event_ids":["none"],"dead_letters_only":true}""", 400)]
    [InlineData("""{"event_ids":["none"]}""", 404)]
    public async Task A_replay_of_nothing_is_refused(string body, int status) => Assert.Equal(status, (await _server.PostAsync(_path + "/replay", body)).Code);

    private static string Named(ReceivedHook hook) => JsonElement.Parse(hook.Body).GetProperty("change").GetProperty("inbox_id").GetString()!;

    private async Task DieAsync(string inbox)
    {
        Good(await _server.PostAsync("/v0/inboxes", new { username = inbox }));
        await Eventually.TrueAsync(async () => !Good(await _server.GetAsync(_path)).GetProperty("enabled").GetBoolean());
    }

    private async Task ReviveAsync()
    {
        _endpoint.Answer = (_, _) => Task.CompletedTask;
        _endpoint.Hooks.Clear();
        Assert.True(Good(await _server.PatchAsync(_path, new { enabled = true })).GetProperty("enabled").GetBoolean());
    }
}
