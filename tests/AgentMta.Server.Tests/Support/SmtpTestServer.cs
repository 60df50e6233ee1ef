using System.Collections.Concurrent;
using System.Net;
using AgentMta.Protocol.Smtp;
using AgentMta.Server.Inbound;
using AgentMta.Server.Model;
using AgentMta.Server.Store;
using Microsoft.AspNetCore.Builder;
using Microsoft.AspNetCore.Hosting;
using Microsoft.AspNetCore.Server.Kestrel.Core;
using Microsoft.Extensions.Hosting;
using Microsoft.Extensions.Logging;
using Microsoft.Extensions.Logging.Abstractions;

namespace AgentMta.Server.Tests.Support;

/// <summary>A message as the fake receiver took it, with a copy of its octets.</summary>
internal sealed record TakenMessage(IncomingMessage Envelope, byte[] Octets, bool InFile);

/// <summary>The door on real sockets (loopback, ephemeral ports) with a fake behind it that takes every message.</summary>
internal sealed class SmtpTestServer : IAsyncDisposable
{
    private readonly WebApplication _app;
    private readonly List<ListenOptions> _listeners = [];

    private SmtpTestServer(InboundOptions options, TimeProvider time, ILogger logger, string folder, long freeSpaceFloor, Func<long>? freeSpace)
    {
        Folder = folder;
        Certificates = new CertificateStore(Path.Combine(Folder, "tls"), options.Certificates, options.HostName, time, logger);
        Spool = freeSpace is null
            ? new RawSpool(Path.Combine(Folder, "raws"), freeSpaceFloor, time)
            : new RawSpool(Path.Combine(Folder, "raws"), freeSpaceFloor, time) { FreeSpace = _ => freeSpace() };
        Door = new Door(new SessionServices
        {
            Options = options,
            Accept = (message, token) => Accept!(message, token),
            CheckRecipient = (session, sender, recipient, soFar, token) => CheckRecipient!(session, sender, recipient, soFar, token),
            CheckSender = (session, sender, token) => CheckSender(session, sender, token),
            CheckCredential = (user, secret, token) => CheckCredential(user, secret, token),
            Spool = Spool,
            Certificates = Certificates,
            Time = time,
            Logger = logger,
            RecordSession = Records.Enqueue,
        });
        Accept = TakeAsync;
        var builder = WebApplication.CreateSlimBuilder();
        builder.Logging.ClearProviders();
        builder.WebHost.UseSockets(SmtpListenOptions.BoundBuffers);
        builder.WebHost.ConfigureKestrel(kestrel =>
        {
            Listen(kestrel, DoorRole.Mx, implicitTls: false);
            Listen(kestrel, DoorRole.Submission, implicitTls: false);
            Listen(kestrel, DoorRole.Submission, implicitTls: true);
        });
        _app = builder.Build();
    }

    public string Folder { get; }

    public Door Door { get; }

    public CertificateStore Certificates { get; }

    public RawSpool Spool { get; }

    public ConcurrentQueue<TakenMessage> Messages { get; } = new();

    public ConcurrentQueue<SessionRecord> Records { get; } = new();

    public AcceptMessage Accept { get; set; }

    public CheckRecipient CheckRecipient { get; set; } = (_, _, recipient, _, _) =>
        ValueTask.FromResult(recipient.StartsWith("unknown", StringComparison.Ordinal) ? new SmtpReply(550, "5.1.1", "No such inbox") : null);

    public CheckSender CheckSender { get; set; } = (_, _, _) => ValueTask.FromResult<SmtpReply?>(null);

    public CheckCredential CheckCredential { get; set; } = (user, secret, _) =>
        ValueTask.FromResult(user == "agent@agentmta.test" && secret == "s3cret" ? new Credential(new Scope("w"), "key") : null);

    public IPEndPoint Mx => At(0);

    public IPEndPoint Submission => At(1);

    public IPEndPoint Submissions => At(2);

    public static async Task<SmtpTestServer> StartAsync(InboundOptions? options = null, TimeProvider? time = null, ILogger? logger = null, long freeSpaceFloor = 1, Func<long>? freeSpace = null)
    {
        var folder = Directory.CreateTempSubdirectory("door-").FullName;
        var server = new SmtpTestServer(options ?? new InboundOptions(), time ?? TimeProvider.System, logger ?? NullLogger.Instance, folder, freeSpaceFloor, freeSpace);
        await server._app.StartAsync();
        return server;
    }

    public Task StopAsync(CancellationToken cancellationToken = default) => _app.StopAsync(cancellationToken);

    /// <summary>The record of the next session that ends.</summary>
    public async Task<SessionRecord> RecordAsync()
    {
        var until = DateTime.UtcNow.AddSeconds(10);
        while (DateTime.UtcNow < until)
        {
            if (Records.TryDequeue(out var record))
                return record;
            await Task.Yield();
        }

        throw new TimeoutException("No session ended");
    }

    public async ValueTask DisposeAsync()
    {
        using var now = new CancellationTokenSource(TimeSpan.FromMilliseconds(500));
        await _app.StopAsync(now.Token);
        await _app.DisposeAsync();
        Door.Dispose();
        Spool.Dispose();
        Certificates.Dispose();
        Directory.Delete(Folder, recursive: true);
    }

    private Task<SmtpReply> TakeAsync(IncomingMessage message, CancellationToken cancellationToken)
    {
        Messages.Enqueue(new TakenMessage(message, message.Raw.Bytes.ToArray(), message.Raw.File is not null));
        return Task.FromResult(new SmtpReply(250, "2.0.0", "Stored as " + message.TransactionId));
    }

    private void Listen(KestrelServerOptions kestrel, DoorRole role, bool implicitTls) => kestrel.Listen(IPAddress.Loopback, 0, listen =>
    {
        _listeners.Add(listen);
        listen.UseSmtp(role, implicitTls, Door);
    });

    private IPEndPoint At(int index) => _listeners[index].IPEndPoint!;
}
