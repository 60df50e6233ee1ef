using System.Net;
using System.Text;
using AgentMta.Protocol.Smtp;

namespace AgentMta.Server.Outbound;

/// <summary>Where to connect and how.</summary>
/// <param name="Host">The name that TLS and logs use.</param>
internal sealed record ClientTarget(string Host, IPAddress Address, int Port, TlsPolicy Tls, bool ImplicitTls = false, string? User = null, string? Password = null);

/// <summary>A conversation with one remote server: opened once, used for many transactions.</summary>
internal sealed partial class SmtpClient : IAsyncDisposable
{
    private readonly SmtpWire _wire;
    private readonly string _hostName;
    private readonly ClientTimeouts _timeouts;
    private bool _broken;
    private bool _closed;

    private SmtpClient(SmtpWire wire, ClientTarget target, OutboundOptions options)
    {
        _wire = wire;
        Target = target;
        _hostName = options.HostName;
        _timeouts = options.Timeouts;
    }

    /// <summary>Where it is connected.</summary>
    public ClientTarget Target { get; }

    /// <summary>What the server can do, after TLS where there is TLS.</summary>
    public ServerFeatures Features { get; private set; } = ServerFeatures.None;

    /// <summary>What was said since the last <see cref="StartTranscript"/>.</summary>
    public SmtpTranscript Transcript { get; private set; } = new();

    /// <summary>Transactions so far.</summary>
    public int Transactions { get; private set; }

    /// <summary>For instance "TLSv1.3 TLS_AES_256_GCM_SHA384 (dane)"; null for plain text.</summary>
    public string? TlsState { get; private set; }

    /// <summary>Whether the TLS that is up was verified, as REQUIRETLS asks.</summary>
    public bool IsVerified => TlsState is not null && Target.Tls.Level == TlsLevel.Verified;

    /// <summary>Whether another transaction may follow.</summary>
    public bool IsUsable => !_broken && !_wire.IsStale;

    /// <summary>
    /// Connects, greets and secures: banner → EHLO → STARTTLS → EHLO → AUTH. Throws <see cref="SmtpFault"/>.
    /// </summary>
    public static async Task<SmtpClient> OpenAsync(ClientTarget target, OutboundOptions options, TimeProvider time, SmtpTranscript transcript, CancellationToken cancellationToken)
    {
        transcript.Note($"connect {target.Host} [{target.Address}]:{target.Port}");
        var wire = await SmtpWire.ConnectAsync(target.Address, target.Port, options.Timeouts.Connect, time, cancellationToken).ConfigureAwait(false);
        var client = new SmtpClient(wire, target, options) { Transcript = transcript };
        try
        {
            if (target.ImplicitTls)
                await client.SecureAsync(cancellationToken).ConfigureAwait(false);
            var banner = await client.ReadAsync(options.Timeouts.Banner, cancellationToken).ConfigureAwait(false);
            if (!banner.IsPositive)
                throw new SmtpFault(banner.EnhancedStatus ?? "4.3.0", "the server greets with a refusal", banner);
            await client.GreetAsync(cancellationToken).ConfigureAwait(false);
            if (client.TlsState is null)
                await client.UpgradeAsync(cancellationToken).ConfigureAwait(false);
            if (target.User is not null)
                await client.AuthenticateAsync(target.User, target.Password ?? "", cancellationToken).ConfigureAwait(false);
            return client;
        }
        catch
        {
            await client.DisposeAsync().ConfigureAwait(false);
            throw;
        }
    }

    /// <summary>Begins a new record, for the next attempt over this connection.</summary>
    public void StartTranscript()
    {
        Transcript = new();
        Transcript.Note($"reuse connection to {Target.Host} [{Target.Address}]:{Target.Port}");
    }

    /// <summary>True for the one who is to close it.</summary>
    public bool TryClose() => !_closed && (_closed = true);

    /// <summary>Says goodbye; faults do not matter any more.</summary>
    public async Task QuitAsync(CancellationToken cancellationToken)
    {
        if (_broken)
            return;
        _broken = true;
        try
        {
            await _wire.WriteLinesAsync(["QUIT"], _timeouts.Quit, cancellationToken).ConfigureAwait(false);
            await _wire.ReadReplyAsync(_timeouts.Quit, cancellationToken).ConfigureAwait(false);
        }
        catch (Exception e) when (e is SmtpFault or OperationCanceledException)
        {
            // RFC 5321 4.1.1.10: the mail is delivered or not; the goodbye changes nothing.
        }
    }

    /// <inheritdoc/>
    public ValueTask DisposeAsync() => _wire.DisposeAsync();

    private async Task GreetAsync(CancellationToken cancellationToken)
    {
        var reply = await CommandAsync($"EHLO {_hostName}", _timeouts.Command, cancellationToken).ConfigureAwait(false);
        if (reply.IsPositive)
        {
            Features = ServerFeatures.Read(reply);
            return;
        }

        // RFC 5321 3.2: a server that does not know EHLO is greeted in the old way.
        Features = ServerFeatures.None;
        if (reply.IsPermanent && TlsState is null)
            reply = await CommandAsync($"HELO {_hostName}", _timeouts.Command, cancellationToken).ConfigureAwait(false);
        if (!reply.IsPositive)
            throw new SmtpFault(reply.EnhancedStatus ?? "4.3.0", "the server refuses our greeting", reply);
    }

    private async Task UpgradeAsync(CancellationToken cancellationToken)
    {
        if (Target.Tls.Level == TlsLevel.None)
            return;
        if (!Features.StartTls)
        {
            // RFC 8461 5, RFC 7672 2.2: no TLS where a policy asks for it is an attack until the contrary is known; the mail waits.
            if (Target.Tls.NeverFallsBack)
                throw new SmtpFault("4.7.4", $"{Target.Tls.Source} requires TLS, which the server does not offer");
            return;
        }

        var reply = await CommandAsync("STARTTLS", _timeouts.Command, cancellationToken).ConfigureAwait(false);
        if (reply.Code != 220)
            throw new SmtpFault("4.7.4", "the server offers TLS and refuses it", reply, tlsFailed: true);
        await SecureAsync(cancellationToken).ConfigureAwait(false);
        // RFC 3207 4.2: what was learnt before is forgotten.
        await GreetAsync(cancellationToken).ConfigureAwait(false);
    }

    private async Task SecureAsync(CancellationToken cancellationToken)
    {
        await _wire.StartTlsAsync(Target.Tls.ToOptions(Target.Host), _timeouts.TlsHandshake, cancellationToken).ConfigureAwait(false);
        var tls = _wire.Tls!;
        var protocol = tls.SslProtocol == System.Security.Authentication.SslProtocols.Tls13 ? "TLSv1.3" : "TLSv1.2";
        TlsState = $"{protocol} {tls.NegotiatedCipherSuite} ({Target.Tls.Source})";
        Transcript.Note(TlsState);
    }

    private async Task AuthenticateAsync(string user, string password, CancellationToken cancellationToken)
    {
        // RFC 4954 4: a password is worth nothing once it crossed a network in the clear.
        if (TlsState is null && !IPAddress.IsLoopback(Target.Address))
            throw new SmtpFault("4.7.11", "the relay offers no TLS, without which no password is sent");
        SmtpReply reply;
        if (Features.AuthMechanisms.Contains("PLAIN"))
        {
            reply = await SecretAsync("AUTH PLAIN " + Convert.ToBase64String(Encoding.UTF8.GetBytes($"\0{user}\0{password}")), "AUTH PLAIN ***", cancellationToken).ConfigureAwait(false);
        }
        else if (Features.AuthMechanisms.Contains("LOGIN"))
        {
            reply = await SecretAsync("AUTH LOGIN", "AUTH LOGIN", cancellationToken).ConfigureAwait(false);
            if (reply.Code == 334)
                reply = await SecretAsync(Convert.ToBase64String(Encoding.UTF8.GetBytes(user)), "***", cancellationToken).ConfigureAwait(false);
            if (reply.Code == 334)
                reply = await SecretAsync(Convert.ToBase64String(Encoding.UTF8.GetBytes(password)), "***", cancellationToken).ConfigureAwait(false);
        }
        else
        {
            throw new SmtpFault("4.7.0", "the relay offers neither AUTH PLAIN nor LOGIN");
        }

        if (!reply.IsPositive)
            throw new SmtpFault("4.7.8", "the relay refuses our credentials", reply);
    }

    private async Task<SmtpReply> SecretAsync(string line, string shown, CancellationToken cancellationToken)
    {
        Transcript.Sent(shown);
        await _wire.WriteLinesAsync([line], _timeouts.Command, cancellationToken).ConfigureAwait(false);
        return await ReadAsync(_timeouts.Command, cancellationToken).ConfigureAwait(false);
    }

    private async Task<SmtpReply> CommandAsync(string line, TimeSpan timeout, CancellationToken cancellationToken)
    {
        Transcript.Sent(line);
        await _wire.WriteLinesAsync([line], timeout, cancellationToken).ConfigureAwait(false);
        return await ReadAsync(timeout, cancellationToken).ConfigureAwait(false);
    }

    private async Task<SmtpReply> ReadAsync(TimeSpan timeout, CancellationToken cancellationToken)
    {
        var reply = await _wire.ReadReplyAsync(timeout, cancellationToken).ConfigureAwait(false);
        Transcript.Received(reply.ToString());
        // RFC 5321 3.8: 421 announces the end of the connection, whenever it comes.
        if (reply.Code == 421)
            _broken = true;
        return reply;
    }
}
