using AgentMta.Server.Tests.Support;
using static AgentMta.Server.Tests.Support.ApiBench;

namespace AgentMta.Server.Tests.Api;

/// <summary>The queue over real HTTP, with a smart host that takes nothing until the test lets it.</summary>
public sealed class QueueTests : IAsyncLifetime
{
    private readonly ScriptedSmtpServer _remote = NewRemote();
    private ApiBench _server = null!;
    private volatile bool _isDown = true;

    // What was refused at MAIL has no octets.
    private int Taken => _remote.Messages.Count(m => m.Data.Length > 0);

    public async Task InitializeAsync()
    {
        _remote.Reply = line => _isDown && line.StartsWith("MAIL", StringComparison.OrdinalIgnoreCase) ? "451 4.3.0 not now" : null;
        _server = await StartAsync(options => options.Relay = $"127.0.0.1:{_remote.Port}");
    }

    public async Task DisposeAsync()
    {
        await _server.DisposeAsync();
        await _remote.DisposeAsync();
    }

    [Fact]
    public async Task What_waits_is_listed_with_why_counted_and_flushed()
    {
        var id = await SendAsync("ann@people.test", "bob@others.test");
        await DeferredAsync(2);
        var list = Good(await _server.GetAsync("/v0/queue"));
        Assert.Equal(2, list.GetProperty("count").GetInt32());
        Assert.All(list.GetProperty("deliveries").EnumerateArray(), d => Assert.Contains("not now", d.GetProperty("last_reply").GetString(), StringComparison.Ordinal));
        Assert.Equal("ann@people.test", Assert.Single(Good(await _server.GetAsync("/v0/queue?destination=people.test")).GetProperty("deliveries").EnumerateArray()).GetProperty("recipient").GetString());
        Assert.Equal(1, Good(await _server.GetAsync("/v0/queue?limit=1")).GetProperty("count").GetInt32());
        _isDown = false;
        Assert.Equal(2, Good(await _server.PostAsync("/v0/queue/flush", new { all = true })).GetProperty("changed").GetInt32());
        await Eventually.TrueAsync(async () => Good(await _server.GetAsync("/v0/queue")).GetProperty("count").GetInt32() == 0);
        var deliveries = Good(await _server.GetAsync(Message(id) + "/deliveries")).GetProperty("deliveries").EnumerateArray().ToList();
        Assert.All(deliveries, d => Assert.Equal("delivered", d.GetProperty("state").GetString()));
        Assert.All(deliveries, d => Assert.Equal(["deferred", "delivered"], d.GetProperty("attempts").EnumerateArray().Select(a => a.GetProperty("outcome").GetString()!)));
    }

    [Fact]
    public async Task What_is_held_waits_until_it_is_released()
    {
        await SendAsync("ann@people.test", "bob@others.test");
        await DeferredAsync(2);
        Assert.Equal(1, Good(await _server.PostAsync("/v0/queue/hold", new { destination = "PEOPLE.test" })).GetProperty("changed").GetInt32());
        _isDown = false;
        Good(await _server.PostAsync("/v0/queue/flush", new { all = true }));
        await Eventually.TrueAsync(async () => Good(await _server.GetAsync("/v0/queue")).GetProperty("count").GetInt32() == 1);
        Assert.Equal(1, Taken);
        var held = Assert.Single(Good(await _server.GetAsync("/v0/queue")).GetProperty("deliveries").EnumerateArray());
        Assert.Equal(("held", "ann@people.test"), (held.GetProperty("state").GetString(), held.GetProperty("recipient").GetString()));
        var total = Assert.Single(Good(await _server.GetAsync("/v0/queue/totals")).GetProperty("totals").EnumerateArray());
        Assert.Equal(("held", 1), (total.GetProperty("state").GetString(), total.GetProperty("count").GetInt32()));
        Assert.Equal(1, Good(await _server.PostAsync("/v0/queue/release", new { delivery_id = held.GetProperty("delivery_id").GetString() })).GetProperty("changed").GetInt32());
        await Eventually.TrueAsync(() => Taken == 2);
    }

    [Fact]
    public async Task What_is_dropped_is_gone_and_told()
    {
        var id = await SendAsync("ann@people.test");
        await DeferredAsync(1);
        Assert.Equal(0, Good(await _server.PostAsync("/v0/queue/drop", new { destination = "elsewhere.test" })).GetProperty("changed").GetInt32());
        Assert.Equal(1, Good(await _server.PostAsync("/v0/queue/drop", new { destination = "people.test" })).GetProperty("changed").GetInt32());
        Assert.Equal(0, Good(await _server.GetAsync("/v0/queue")).GetProperty("count").GetInt32());
        Assert.Equal("dropped", Good(await _server.GetAsync(Message(id) + "/deliveries")).GetProperty("deliveries")[0].GetProperty("state").GetString());
        _isDown = false;
        Good(await _server.PostAsync("/v0/queue/flush", new { all = true }));
        Assert.Equal(0, Taken);
    }

    [Theory]
    [InlineData("hold")]
    [InlineData("release")]
    [InlineData("flush")]
    [InlineData("drop")]
    public async Task Without_saying_what_nothing_is_changed(string verb) => Assert.Equal(400, (await _server.PostAsync("/v0/queue/" + verb, new { })).Code);

    [Fact]
    public async Task A_key_of_one_inbox_changes_the_queue_of_that_inbox_alone()
    {
        var other = Good(await _server.PostAsync("/v0/inboxes", new { username = "other" })).GetProperty("inbox_id").GetString()!;
        using var key = _server.NewClient(Good(await _server.PostAsync($"/v0/inboxes/{Uri.EscapeDataString(other)}/api-keys")).GetProperty("api_key").GetString()!);
        await SendAsync("ann@people.test");
        await DeferredAsync(1);
        Assert.Equal(0, Good(await _server.GetAsync("/v0/queue", key)).GetProperty("count").GetInt32());
        Assert.Equal(0, Good(await _server.GetAsync("/v0/queue/totals", key)).GetProperty("count").GetInt32());
        Assert.Equal(0, Good(await _server.PostAsync("/v0/queue/drop", new { all = true }, key)).GetProperty("changed").GetInt32());
        Assert.Equal(1, Good(await _server.GetAsync("/v0/queue")).GetProperty("count").GetInt32());
    }

    private static ScriptedSmtpServer NewRemote() => new();

    private async Task<string> SendAsync(params string[] to) => Good(await _server.PostAsync(Inbox + "/messages/send", new { to, subject = "hello", text = "hello" })).GetProperty("message_id").GetString()!;

    private Task DeferredAsync(int count) => Eventually.TrueAsync(async () =>
        Good(await _server.GetAsync("/v0/queue")).GetProperty("deliveries").EnumerateArray().Count(d => d.GetProperty("state").GetString() == "deferred" && !d.GetProperty("in_flight").GetBoolean()) == count);
}
