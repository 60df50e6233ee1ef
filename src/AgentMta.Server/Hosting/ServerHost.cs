using AgentMta.Server.Agents;
using AgentMta.Server.Api;
using AgentMta.Server.Hosting.Metrics;
using AgentMta.Server.Inbound;
using AgentMta.Server.Model;
using AgentMta.Server.Search;
using AgentMta.Server.Store;
using AgentMta.Server.Store.Sqlite;
using AgentMta.Server.Webhooks;
using Microsoft.AspNetCore.Hosting.Server;
using Microsoft.AspNetCore.Server.Kestrel.Core;
using Microsoft.Extensions.Hosting;

namespace AgentMta.Server.Hosting;

/// <summary>One running server: opened from its options, started, stopped, and let go of in the opposite order.</summary>
internal sealed class ServerHost : IAsyncDisposable
{
    private readonly List<object> _owned = [];
    private WebApplication? _app;

    private ServerHost(ServerOptions options) => Options = options;

    public ServerOptions Options { get; }

    /// <summary>What was made, where the data folder was empty.</summary>
    public FirstStartResult? FirstStart { get; private set; }

    /// <summary>The sockets, once started.</summary>
    public BoundListeners Bound { get; private set; } = new([], [], [], [], []);

    /// <summary>Full path of the data folder.</summary>
    public string Data { get; private set; } = "";

    /// <summary>
    /// 1 own the data folder → 2 open store and keys → 3 make what a first start needs → 4 DNS → 5 the receiving side → 6 the sending side →
    /// 7 listeners and HTTP → 8 up. What fails lets go of all that was opened.
    /// </summary>
    /// <exception cref="ConfigurationException">The options cannot be used here.</exception>
    public static async Task<ServerHost> StartAsync(ServerOptions options, CancellationToken cancellationToken)
    {
        var host = new ServerHost(options);
        try
        {
            await host.OpenAsync(cancellationToken).ConfigureAwait(false);
            return host;
        }
        catch
        {
            await host.DisposeAsync().ConfigureAwait(false);
            throw;
        }
    }

    /// <summary>Completes when SIGTERM or SIGINT came and everything in flight is finished.</summary>
    public Task WaitAsync(CancellationToken cancellationToken) => _app!.WaitForShutdownAsync(cancellationToken);

    /// <inheritdoc/>
    public async ValueTask DisposeAsync()
    {
        if (_app is not null)
        {
            await _app.StopAsync().ConfigureAwait(false);
            await _app.DisposeAsync().ConfigureAwait(false);
        }

        for (var i = _owned.Count - 1; i >= 0; i--)
        {
            if (_owned[i] is IAsyncDisposable asynchronous)
                await asynchronous.DisposeAsync().ConfigureAwait(false);
            else if (_owned[i] is IDisposable plain)
                plain.Dispose();
        }
    }

    private T Own<T>(T part)
        where T : class
    {
        _owned.Add(part);
        return part;
    }

    private async Task OpenAsync(CancellationToken cancellationToken)
    {
        var time = TimeProvider.System;
        var output = Own(new LogOutput(Console.OpenStandardOutput(), time)); // the factory does not dispose what it is given
        var logs = Own(LoggerFactory.Create(logging => logging.SetMinimumLevel(Options.LogLevel)
            .AddFilter("Microsoft", LogLevel.Warning)
            .AddProvider(output)));
        var metrics = Own(new MetricsListener(logs.CreateLogger<MetricsListener>())); // before there is anything to count

        // 1–3
        var folder = Own(DataFolder.Own(Options.Data));
        Data = folder.Path;
        var database = Own(SqliteDatabase.Open(folder.Database, time, logs.CreateLogger<SqliteDatabase>()));
        var keys = await MasterKeyFile.OpenAsync(folder, database, cancellationToken).ConfigureAwait(false);
        var resolver = Own(DomainZone.Open(Options, logs.CreateLogger<Resolver.DnsResolver>()));
        var domains = Wiring.SendingDomains(Options, database, keys, resolver);
        FirstStart = await new FirstStart(Options, folder, database, domains).RunAsync(cancellationToken).ConfigureAwait(false);

        // 4
        await DomainZone.PublishAsync(resolver, Options, database, keys, cancellationToken).ConfigureAwait(false);
        if (FirstStart is { IsDevelopment: true } made)
            await domains.VerifyAsync(new Scope((await new WorkspaceStore(database).AllAsync(cancellationToken).ConfigureAwait(false))[0].WorkspaceId), made.Domain, cancellationToken).ConfigureAwait(false);

        // 5
        var directory = new DirectoryStore(database);
        var spool = Own(new RawSpool(folder.Raws, Options.FreeSpaceFloor, time) { Log = logs.CreateLogger<RawSpool>() });
        await SweepAsync(database, spool, logs).ConfigureAwait(false);
        var evidence = Own(SqliteDatabase.OwnEvidence(folder.Evidence, time, logs.CreateLogger<SqliteDatabase>()));
        var refusals = Own(new RefusalStore(evidence, time, logs.CreateLogger<RefusalStore>()));
        var sessions = Own(new SessionStore(evidence, time, logs.CreateLogger<SessionStore>()));
        var search = Own(SqliteSearchIndex.Open(folder.Search, time, logs.CreateLogger<SqliteDatabase>()));
        var indexer = new Indexer(database, search, spool, Own(new SearchMeter()), time, logs.CreateLogger<Indexer>());
        var meter = Own(new ReceiverMeter());
        var receiving = ReceiverServices.Create(Options.ReceiverOptions(), database, evidence, spool, refusals, directory, resolver, keys, meter, time, logs);
        var receiver = new Receiver(receiving);

        // 6
        var destinations = await PermittedDestinations.CreateAsync(Options, resolver, cancellationToken).ConfigureAwait(false);
        var apiKeys = new ApiKeyStore(database, time);
        var slots = new ParseSlots(Environment.ProcessorCount);
        var sending = OutboundParts.Create(Options.OutboundOptions(), destinations, database, directory, keys, resolver, receiver.AcceptAsync, spool, slots, apiKeys, time, logs);
        Own(sending.Meter);
        Own(sending.Sts);

        // 7
        var certificates = Own(OpenCertificates(folder, logs));
        var door = Own(new Door(new SessionServices
        {
            Options = Options.InboundOptions(),
            Accept = (message, token) => message.Session.Role == DoorRole.Submission ? sending.Submission.AcceptAsync(message, token) : receiver.AcceptAsync(message, token),
            CheckRecipient = (session, sender, recipient, sofar, token) => session.Role == DoorRole.Submission
                ? sending.Submission.CheckRecipientAsync(session, sender, recipient, sofar, token) : receiving.Recipients.CheckAsync(session, sender, recipient, sofar, token),
            CheckSender = (session, sender, token) => session.Role == DoorRole.Submission
                ? sending.Submission.CheckSenderAsync(session, sender, token) : receiving.Recipients.CheckSenderAsync(session, sender, token),
            CheckCredential = sending.Submission.CheckCredentialAsync,
            RecordSession = sessions.Record,
            Spool = spool,
            Certificates = certificates,
            Time = time,
            Logger = logs.CreateLogger<Session>(),
        }));
        var schedules = new ScheduleWorker(database, new DraftSender(database, sending.Submitter.SubmitAsync), time, logs.CreateLogger<ScheduleWorker>());
        var http = Own(Resolver.PublicHttp.Create(resolver, destinations.Http));
        var api = new ApiServices
        {
            Database = database,
            Keys = keys,
            Spool = spool,
            Refusals = refusals,
            AuthFailures = door.AuthFailures,
            Search = search,
            Submit = sending.Submitter.SubmitAsync,
            Fetch = new UrlFetcher(http, 25 * 1024 * 1024, time).FetchAsync,
            OptOut = sending.OptOut,
            Domains = domains,
            Feed = new EventFeed(database, new EventStore(database)),
            Destinations = destinations.Http,
            Slots = slots,
            Options = Options.ApiOptions(),
            Time = time,
            Log = logs,
        };
        var webhooks = Own(new WebhookSender(resolver, destinations.Http, Options.Webhooks, time));
        _app = BuildApplication(door, certificates, sending, [schedules, indexer, Wiring.Webhooks(Options, api, webhooks, Own(new WebhookMeter())), new CertificateWorker(certificates, time, logs.CreateLogger<CertificateWorker>())], logs);
        HealthEndpoint.Map(_app, database, spool, certificates, receiving.Scanners);
        MetricsEndpoint.Map(_app, Options.Metrics, Options.PublicUrl is not null, metrics, Own(new ServerMeter(database, spool, Options.FreeSpaceFloor, folder.StoreFiles, time, logs.CreateLogger<ServerMeter>())));
        ApiModule.Map(_app, api);
        await _app.StartAsync(cancellationToken).ConfigureAwait(false);

        // 8
        Bound = Listeners.Bound(_app.Services.GetRequiredService<IServer>(), Options);
        TellCommands(folder, logs);
        _app.Lifetime.ApplicationStopping.Register(ServiceNotifier.Stopping);
        ServiceNotifier.Ready();
    }

    private void TellCommands(DataFolder folder, ILoggerFactory logs)
    {
        try
        {
            ServerFacts.Of(Options, Bound).Write(folder);
        }
        catch (Exception e) when (e is IOException or UnauthorizedAccessException)
        {
            // A full disk is no reason not to serve what can be served.
            logs.CreateLogger<ServerHost>().LogError(e, "DATA/server.json could not be written; commands beside this server may take it for what it was before");
        }
    }

    private CertificateStore OpenCertificates(DataFolder folder, ILoggerFactory logs)
    {
        try
        {
            return new CertificateStore(folder.Tls, Options.Inbound.Certificates, Options.EffectiveHostName(), TimeProvider.System, logs.CreateLogger<CertificateStore>());
        }
        catch (CertificateException e)
        {
            throw new ConfigurationException([$"Inbound:Certificates: {e.Message}"]);
        }
        catch (Exception e) when (e is IOException or UnauthorizedAccessException or System.Security.Cryptography.CryptographicException)
        {
            throw new ConfigurationException([$"{folder.Tls}: the self-signed certificate cannot be read or made: {e.Message} Make the folder writable, or name certificates in Inbound:Certificates."]);
        }
    }

    private WebApplication BuildApplication(Door door, CertificateStore certificates, OutboundParts sending, IReadOnlyList<IHostedService> workers, ILoggerFactory logs)
    {
        // The host would watch its content root for new settings files, and be woken at each write to the database that lies there.
        var builder = WebApplication.CreateSlimBuilder(new WebApplicationOptions { Args = ["--hostBuilder:reloadConfigOnChange=false"], ContentRootPath = Data });
        builder.Services.AddSingleton(logs);
        builder.Services.Configure<HostOptions>(host => host.ShutdownTimeout = Options.StopTimeout);
        builder.Services.AddHostedService(_ => sending.Queue);
        builder.Services.AddHostedService(_ => sending.Outcomes);
        foreach (var worker in workers)
            builder.Services.AddSingleton(worker);
        builder.Services.AddSingleton<Microsoft.AspNetCore.Connections.IMemoryPoolFactory<byte>, SocketBuffers.Factory>();
        builder.WebHost.UseKestrelHttpsConfiguration();
        builder.WebHost.UseSockets(SmtpListenOptions.BoundBuffers);
        builder.WebHost.UseSockets(sockets => Listeners.Separate(sockets, Options));
        builder.WebHost.ConfigureKestrel(kestrel =>
        {
            kestrel.AddServerHeader = false;
            // By itself it is content with 240 octets a second: 40 MiB would be held for two days. SMTP has deadlines of its own.
            kestrel.Limits.MinResponseDataRate = kestrel.Limits.MinRequestBodyDataRate = new MinDataRate(bytesPerSecond: 8 * 1024, gracePeriod: TimeSpan.FromSeconds(10));
            Listeners.Open(kestrel, Options, door, certificates);
        });
        return builder.Build();
    }

    /// <summary>Files that a crash left behind before any row named them.</summary>
    private static async Task SweepAsync(Database database, RawSpool spool, ILoggerFactory logs)
    {
        var swept = 0;
        foreach (var name in spool.Folders()) // one by one: there may be millions of files
        {
            var known = await database.ReadAsync(session => MessageStore.Files(session, name)).ConfigureAwait(false);
            swept += spool.DeleteOrphans(name, known.ToHashSet(StringComparer.Ordinal));
        }

        if (swept > 0)
            logs.CreateLogger<ServerHost>().LogInformation("Removed {Count} files of messages that were never accepted", swept);
    }
}
