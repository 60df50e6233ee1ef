using System.Net;
using AgentMta.Protocol.Dns;
using AgentMta.Protocol.MailAuth.Dkim;
using AgentMta.Protocol.Smtp;
using AgentMta.Server.Model;
using AgentMta.Server.Outbound;
using AgentMta.Server.Store;
using Microsoft.Extensions.Logging.Abstractions;

namespace AgentMta.Server.Tests.Support;

/// <summary>The outbound half of a server on a store of its own: submission, queue and worker, with a zone that leads to a scripted remote server.</summary>
internal sealed class OutboundBench : IAsyncDisposable
{
    public const string Selector = "test";

    private readonly LeaseTable _leases;
    private QueueWorker? _worker;

    private OutboundBench(TestStore store, OutboundOptions options, ScriptedSmtpServer remote, AcceptMessage? accept)
    {
        Store = store;
        Remote = remote;
        Options = options;
        var time = store.Time;
        var meter = new OutboundMeter();
        _leases = new LeaseTable(meter);
        Tokens = new AddressTokens(store.Keys);
        Deliveries = new DeliveryStore(store.Database);
        Suppressions = new SuppressionStore(store.Database);
        DkimKeys = new DkimKeyStore(store.Database, store.Keys);
        Submissions = new SubmissionStore(store.Database);
        Spool = new RawSpool(Path.Combine(store.Folder, "raws"), 0, time);
        Raws = new RawReader(Deliveries, Spool);
        ApiKeys = new ApiKeyStore(store.Database, time);
        Policy = new SendPolicy(Submissions, store.Directory, new ListStore(store.Database), options, time);
        Unsubscribe = new UnsubscribeFields(Tokens, options);
        Outbox = new OutboxWriter(store.Database, new MessageSigner(DkimKeys, time), store.Directory, Spool, Tokens, Unsubscribe, options, meter, time, NullLogger.Instance);
        Submitter = new Submitter(Submissions, Raws, Slots, Policy, new Composer(new MessageIds(store.Keys), options, time), Outbox, options, meter, time);
        Submission = new SubmissionReceiver(ApiKeys, Submissions, Policy, Outbox, new MessageIds(store.Keys), options, meter, time);
        Zone = new ZoneOverlay(
        [
            new MxRecord("example.net", 60, 10, "mx.example.net"), new AddressRecord("mx.example.net", 60, IPAddress.Loopback),
            new MxRecord("nomail.example.net", 60, 0, ""), new AddressRecord("implicit.example.net", 60, IPAddress.Loopback),
        ]);
        Accept = accept ?? ((_, _) => Task.FromResult(new SmtpReply(550, "5.1.1", "no such inbox")));
        var notifier = new StatusNotifier(new MessageIds(store.Keys), options, time);
        Delays = new DelayTeller(store.Database, Deliveries, Raws, notifier, options, time);
        Outcomes = new OutcomeWriter(store.Database, Raws, notifier, meter);
        Run = new DeliveryRun(Deliveries, Raws, new OutcomePolicy(options, () => 0.5), Outcomes, _leases, time, Log);
        Rules = new DestinationRules(IPAddress.IsLoopback);
        Meter = meter;
    }

    public TestStore Store { get; }

    /// <summary>What the attempts leave in the log.</summary>
    public LineLog Log { get; } = new();

    public ScriptedSmtpServer Remote { get; }

    public OutboundOptions Options { get; }

    public AddressTokens Tokens { get; }

    public DeliveryStore Deliveries { get; }

    public SuppressionStore Suppressions { get; }

    public DkimKeyStore DkimKeys { get; }

    public SubmissionStore Submissions { get; }

    public RawReader Raws { get; }

    public RawSpool Spool { get; }

    /// <summary>What may be decoded at once of what is forwarded.</summary>
    public ParseSlots Slots { get; } = new(1);

    public ApiKeyStore ApiKeys { get; }

    public SubmissionReceiver Submission { get; }

    public SendPolicy Policy { get; }

    public UnsubscribeFields Unsubscribe { get; }

    public OutboxWriter Outbox { get; }

    public Submitter Submitter { get; }

    public ZoneOverlay Zone { get; }

    public AcceptMessage Accept { get; set; }

    /// <summary>MTA-STS policy files by domain.</summary>
    public Dictionary<string, string> StsFiles { get; } = [];

    public OutcomeWriter Outcomes { get; }

    public DelayTeller Delays { get; }

    public DeliveryRun Run { get; }

    public DestinationRules Rules { get; set; }

    public OutboundMeter Meter { get; }

    /// <summary>A key of the whole workspace.</summary>
    public required Credential Credential { get; init; }

    public static async Task<OutboundBench> OpenAsync(Func<OutboundOptions, OutboundOptions>? change = null, AcceptMessage? accept = null, TimeProvider? time = null, bool keys = true)
    {
        var store = await TestStore.OpenAsync(time);
        var remote = new ScriptedSmtpServer();
        var options = new OutboundOptions { HostName = "mail.agentmta.test", MxPort = remote.Port, IdleConnection = TimeSpan.FromMilliseconds(200) };
        var scope = store.Scope with { PodId = null };
        var key = await store.Database.WriteAsync(session => ApiKeyStore.Create(session, scope, "bench", null).Key);
        var bench = new OutboundBench(store, change?.Invoke(options) ?? options, remote, accept) { Credential = new Credential(scope, key.ApiKeyId) };
        if (keys)
        {
            using var rsa = DkimKey.GenerateRsa();
            using var ed25519 = DkimKey.GenerateEd25519();
            await store.Database.WriteAsync(session =>
            {
                foreach (var (selector, key) in new[] { (Selector + "r", rsa), (Selector + "e", ed25519) })
                    bench.DkimKeys.Insert(session, new StoredDkimKey(store.WorkspaceId, TestStore.Domain, selector, key.Algorithm, key.ToPkcs8Pem(), key.PublicRecord, default, null));
            });
            bench.Zone.Replace("keys", [Text(Selector + "r", rsa), Text(Selector + "e", ed25519)]);

            static DnsRecord Text(string selector, DkimKey key) => new TxtRecord($"{selector}._domainkey.{TestStore.Domain}", 60, key.PublicRecord);
        }

        return bench;
    }

    /// <summary>Starts the queue's worker.</summary>
    public async Task<QueueWorker> StartAsync()
    {
        var connector = new MxConnector(Zone, Options, Rules, new TlsPolicies(Zone), Store.Time);
        var local = new LocalRoute((m, c) => Accept(m, c), Store.Directory, Deliveries, Spool, Run, Options);
        _worker = new QueueWorker(
            Store.Database, Deliveries, Run, _leases, new Router(Zone, new StsPolicies(Zone, (domain, _) => Task.FromResult(StsFiles.GetValueOrDefault(domain)), Store.Time), Options, () => 0.5), connector, local, Delays, Options, Meter, Store.Time, NullLogger<QueueWorker>.Instance);
        await _worker.StartAsync(CancellationToken.None);
        return _worker;
    }

    /// <summary>Sends from the agent's inbox.</summary>
    public Task<SubmitResult> SendAsync(string[] to, Func<Submission, Submission>? change = null)
    {
        var submission = new Submission { Credential = Credential, InboxId = TestStore.Agent, Kind = SubmissionKind.Send, To = to, Subject = "Hello", Text = "Good morning.\n" };
        return Submitter.SubmitAsync(change?.Invoke(submission) ?? submission, CancellationToken.None);
    }

    /// <summary>Types of all message events so far, in order.</summary>
    public Task<List<string>> EventsAsync() => Store.RowsAsync("SELECT event_type FROM events WHERE event_type LIKE 'message.%' ORDER BY cursor");

    /// <summary>Waits for an event of a type.</summary>
    public Task HappensAsync(string type, int times = 1) => Eventually.TrueAsync(
        async () => (await EventsAsync()).Count(t => t == type) >= times,
        () => $"{type} {times} times; events: {string.Join(", ", EventsAsync().GetAwaiter().GetResult())}; commands: {string.Join(" | ", Remote.Commands)}; attempts: {string.Join(" | ", Store.RowsAsync("SELECT outcome, reply, dialogue FROM attempts").GetAwaiter().GetResult())}");

    public async ValueTask DisposeAsync()
    {
        if (_worker is not null)
        {
            await _worker.StopAsync(CancellationToken.None);
            _worker.Dispose();
        }

        await Remote.DisposeAsync();
        await Store.DisposeAsync();
    }
}
