using System.Net;
using System.Text;
using AgentMta.Protocol.Dns;
using AgentMta.Server.Model;
using AgentMta.Server.Store;
using AgentMta.Server.Webhooks;
using Microsoft.Extensions.Logging.Abstractions;

namespace AgentMta.Server.Tests.Support;

/// <summary>A store with the dispatcher running on a clock that the test moves; events are rendered as their type and id.</summary>
internal sealed class WebhookBench : IAsyncDisposable
{
    private readonly WebhookSender _sender;
    private readonly WebhookMeter _meter = new();
    private WebhookDispatcher _dispatcher;

    private WebhookBench(TestStore store, ManualTimeProvider time, bool loopback, IDnsLookup dns)
    {
        (Store, Time) = (store, time);
        Webhooks = new WebhookStore(store.Database, store.Keys);
        _sender = new WebhookSender(dns, new DestinationRules(address => loopback && IPAddress.IsLoopback(address)), Options, time);
        _dispatcher = NewDispatcher();
    }

    public TestStore Store { get; }

    public ManualTimeProvider Time { get; }

    public WebhookStore Webhooks { get; }

    public WebhookOptions Options { get; } = new();

    public static async Task<WebhookBench> StartAsync(bool loopback = true, IDnsLookup? dns = null)
    {
        var time = new ManualTimeProvider();
        var bench = new WebhookBench(await TestStore.OpenAsync(time), time, loopback, dns ?? new NoNames());
        await bench._dispatcher.StartAsync(CancellationToken.None);
        return bench;
    }

    /// <summary>Nothing is delivered any more by itself.</summary>
    public Task StopAsync() => _dispatcher.StopAsync(CancellationToken.None);

    /// <summary>Stops the dispatcher and starts another on the same store, as a restart does.</summary>
    public async Task RestartAsync()
    {
        await StopAsync();
        _dispatcher.Dispose();
        _dispatcher = NewDispatcher();
        await _dispatcher.StartAsync(CancellationToken.None);
    }

    public Task<Webhook> AddAsync(string url, params string[] types) => Store.Database.WriteAsync(session =>
    {
        var now = Clock.FromMicros(session.Now);
        var webhook = new Webhook(
            Store.WorkspaceId, "ep_" + Ids.New(Time), null, null, null, url, new EventFilter(types.Length == 0 ? [EventTypes.Received] : types, [], []),
            [new WebhookSecret(WebhookSigner.NewSecret())], new Dictionary<string, string> { ["X-Own"] = "secret value" }, Enabled: true, EventStore.Last(session, Store.WorkspaceId), null, now, now);
        Webhooks.Insert(session, webhook);
        return webhook;
    });

    public Task HappenAsync(string type = EventTypes.Received, int times = 1) => Store.Database.WriteAsync(session =>
    {
        for (var i = 0; i < times; i++)
            EventStore.Append(session, Store.WorkspaceId, new NewEvent(type, Store.PodId, TestStore.Agent, $"<{i}@x>", "t"));
    });

    public async Task<Webhook> ReadAsync(Webhook webhook) => (await Webhooks.GetAsync(new Scope(Store.WorkspaceId), webhook.WebhookId, CancellationToken.None))!;

    /// <summary>Waits until so many tries have failed, and are written down.</summary>
    public Task FailedAsync(int attempts) =>
        Eventually.TrueAsync(async () => await Store.CountAsync("SELECT COUNT(*) FROM webhook_attempts") >= attempts, () => $"{attempts} failed tries");

    public async ValueTask DisposeAsync()
    {
        await _dispatcher.StopAsync(CancellationToken.None);
        _dispatcher.Dispose();
        _sender.Dispose();
        _meter.Dispose();
        await Store.DisposeAsync();
    }

    /// <summary>What a dispatcher or worker is made of.</summary>
    public WebhookServices Services => new()
    {
        Database = Store.Database,
        Webhooks = Webhooks,
        Feed = new EventFeed(Store.Database, new EventStore(Store.Database)),
        Render = (stored, _) => ValueTask.FromResult<ReadOnlyMemory<byte>>(Encoding.UTF8.GetBytes($$"""{"event_type":"{{stored.Type}}","event_id":"{{stored.EventId}}"}""")),
        Sender = _sender,
        Options = Options,
        Chance = () => 0,
        Meter = _meter,
        Time = Time,
        Log = NullLogger.Instance,
    };

    private WebhookDispatcher NewDispatcher() => new(Services);

    private sealed class NoNames : IDnsLookup
    {
        public ValueTask<DnsAnswer> LookupAsync(string name, DnsRecordType type, CancellationToken cancellationToken) => throw new InvalidOperationException($"{name} was asked for.");
    }
}
