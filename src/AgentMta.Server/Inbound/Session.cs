using System.IO.Pipelines;
using System.Net;
using System.Net.Security;
using AgentMta.Protocol.Smtp;
using AgentMta.Server.Model;
using Microsoft.AspNetCore.Connections;

namespace AgentMta.Server.Inbound;

/// <summary>
/// One SMTP session, from the first octet to the last. It reads one command at a time, asks the delegates of <see cref="SessionServices"/>
/// for what it cannot know, and holds no buffer while it waits.
/// </summary>
internal sealed partial class Session
{
    private readonly Door _door;
    private readonly SessionServices _services;
    private readonly InboundOptions _options;
    private readonly SmtpListener _listener;
    private readonly ConnectionContext _connection;
    private readonly string _id;
    private readonly DateTimeOffset _startedAt;
    private readonly long _startedTimestamp;

    private PipeReader _reader;
    private PipeWriter _writer;
    private SslStream? _tls;
    private string? _tlsProtocol;
    private string? _tlsCipher;
    private IPAddress _client = IPAddress.None;
    private int _clientPort;
    private bool _exempt;
    private bool _isProxied;
    private string _helo = "";
    private bool _extended;
    private Credential? _credential;
    private string? _user;
    private SessionInfo? _info;
    private SessionState _state;
    private string _outcome = "closed";
    private bool _closing;
    private volatile bool _stopRequested;

    public Session(Door door, SmtpListener listener, ConnectionContext connection)
    {
        (_door, _services, _options) = (door, door.Services, door.Services.Options);
        (_listener, _connection) = (listener, connection);
        (_reader, _writer) = (connection.Transport.Input, connection.Transport.Output);
        _id = Ids.New(_services.Time);
        _startedAt = _services.Time.GetUtcNow();
        _startedTimestamp = _services.Time.GetTimestamp();
        if (connection.RemoteEndPoint is IPEndPoint remote)
            SetClient(remote);
    }

    /// <summary>
    /// The flow of a session:
    /// 1. PROXY header, where the peer is a load balancer · 2. limits of the client's networks · 3. TLS, where it comes first ·
    /// 4. banner, unless the client talks before it · 5. commands until QUIT, a 421 or the end of input · 6. the record of it all.
    /// </summary>
    /// <param name="full">The global cap is reached: say so and close.</param>
    public async Task RunAsync(bool full)
    {
        var counted = false;
        try
        {
            if (full)
            {
                await TurnAwayAsync(Refusals.Busy, "cap");
                return;
            }

            if (!await ReadProxyHeaderAsync())
                return;
            if (!_exempt && !(counted = _door.Connections.TryEnter(_client)))
            {
                await TurnAwayAsync(Refusals.TooManyConnections, "network");
                return;
            }

            if (_listener.ImplicitTls && !await StartTlsAsync())
                return;
            if (await GreetAsync())
                await RunCommandsAsync();
            await FlushAsync();
        }
        catch (Exception e) when (e is IOException or OperationCanceledException or ObjectDisposedException)
        {
            // The peer is gone, or was cut off by a deadline: nothing can be said to it any more.
            _outcome = _expired ? "timeout" : _outcome;
        }
        catch (Exception e)
        {
            _outcome = "error";
            _services.Logger.LogError(e, "Session {Session} of {Client} failed", _id, _client);
            await ApologiseAsync();
        }
        finally
        {
            if (counted)
                _door.Connections.Leave(_client);
            await CloseAsync();
            Report();
        }
    }

    /// <summary>The server stops: a session that waits for a command gets its 421, one within data finishes that first.</summary>
    public void RequestStop()
    {
        _stopRequested = true;
        _reader.CancelPendingRead();
    }

    /// <summary>Says one reply in place of the banner.</summary>
    private async ValueTask TurnAwayAsync(SmtpReply reply, string reason)
    {
        _door.Meter.Rejected(reason);
        _outcome = "refused";
        if (_listener.ImplicitTls)
            return; // a plain reply means nothing to a client that expects a handshake
        Write(reply);
        await FlushAsync();
    }

    private SessionInfo Info => _info ??= new SessionInfo
    {
        SessionId = _id,
        Role = _listener.Role,
        ClientAddress = _client,
        ClientPort = _clientPort,
        Helo = _helo,
        Extended = _extended,
        TlsProtocol = _tlsProtocol,
        TlsCipher = _tlsCipher,
        Credential = _credential,
        User = _user,
    };

    private async Task RunCommandsAsync()
    {
        while (!_closing)
        {
            // Others wait for this thread, and the peer does not wait for its replies. The switch is made here and in no method that is awaited from here: the pool could end
            // that method before its caller looks at it, who would then go on on the very thread that was to be left.
            if (_answering || _readsInARow >= MaxReadsInARow)
            {
                await FlushAsync();
                if (InputIsThere(out _))
                    await PoolThread.Queue();
                (_answering, _readsInARow) = (false, 0);
            }

            var (line, command) = await ReadCommandAsync();
            switch (line)
            {
                case LineOutcome.Command:
                    await ExecuteAsync(command);
                    break;
                case LineOutcome.End:
                    return;
                case LineOutcome.Interrupted:
                    Close(_expired ? DeadlineReply() : Refusals.ShuttingDown, _expired ? "timeout" : "shutdown");
                    break;
                case LineOutcome.TooLong:
                    Close(Refusals.LineTooLong, "protocol");
                    break;
                case LineOutcome.AuthTooLong:
                    Close(Refusals.AuthLineTooLong, "protocol");
                    break;
                case LineOutcome.BareLineEnd:
                    Close(Refusals.BareLineEnd, "protocol");
                    break;
                case LineOutcome.NotSmtp:
                    Close(Refusals.NotSmtp, "protocol");
                    break;
            }
        }
    }

    private async ValueTask ExecuteAsync(SmtpCommand command)
    {
        _commands++;
        // smtp.md: these end a group; octets already behind them were sent without waiting for the reply (RFC 2920 3.1).
        if (command.Verb is SmtpVerb.Ehlo or SmtpVerb.Helo or SmtpVerb.StartTls or SmtpVerb.Auth or SmtpVerb.Data && await HasInputAsync())
        {
            Close(command.Verb == SmtpVerb.StartTls ? Refusals.TlsInjection : Refusals.OutOfStep, "protocol");
            return;
        }

        // What leads to no message is free to ask, but not for ever: it would keep us busy for nothing.
        if (_credential is null && IsJunk(command) && ++_junk > _options.JunkCommandBudget)
        {
            await RefuseAsync(command.Verb, null, Refusals.TooMuchJunk);
            return;
        }

        var refusal = CommandOrder.Refusal(_state, command.Verb) ?? command.Fault;
        if (refusal is not null && command.Verb != SmtpVerb.Bdat)
        {
            await RefuseAsync(command.Verb, command.Argument, refusal);
            return;
        }

        switch (command.Verb)
        {
            case SmtpVerb.Mail:
                await MailAsync(command);
                break;
            case SmtpVerb.Rcpt:
                await RcptAsync(command);
                break;
            case SmtpVerb.Data:
                await DataAsync();
                break;
            case SmtpVerb.Bdat:
                await BdatAsync(command, refusal);
                break;
            case SmtpVerb.Ehlo or SmtpVerb.Helo:
                Hello(command);
                break;
            case SmtpVerb.Rset:
                ResetTransaction();
                // Postfix asks so before it keeps a connection for the next message: told now, it opens another; told at MAIL, it puts that message off for minutes.
                if (HadAllMessages)
                    await RefuseAsync(SmtpVerb.Rset, null, Refusals.TooManyMessages);
                else
                    Write(PreparedReply.Ok);
                break;
            case SmtpVerb.Noop:
                Write(PreparedReply.Ok);
                break;
            case SmtpVerb.Vrfy: // RFC 5321 3.5.3, 7.3: who exists is told at RCPT, where it is counted
                Write(PreparedReply.CannotVerify);
                break;
            case SmtpVerb.Help:
                Write(PreparedReply.Help);
                break;
            case SmtpVerb.Quit:
                Write(PreparedReply.Bye);
                (_closing, _outcome) = (true, "quit");
                break;
            case SmtpVerb.StartTls:
                await StartTlsCommandAsync();
                break;
            case SmtpVerb.Auth:
                await AuthAsync(command);
                break;
            default:
                await RefuseAsync(command.Verb, null, Refusals.NotOffered);
                break;
        }
    }

    private bool IsJunk(SmtpCommand command) => command.Verb switch
    {
        SmtpVerb.Noop or SmtpVerb.Rset or SmtpVerb.Vrfy or SmtpVerb.Help => true,
        SmtpVerb.Ehlo or SmtpVerb.Helo => _state != SessionState.Connected,
        SmtpVerb.Rcpt => IsKnown(command.Argument),
        SmtpVerb.Bdat => command is { Size: 0, Last: false },
        _ => false,
    };

    private void Hello(SmtpCommand command)
    {
        // RFC 5321 4.1.4: EHLO resets the transaction; the authentication stays.
        ResetTransaction();
        (_helo, _extended, _info) = (command.Argument, command.Verb == SmtpVerb.Ehlo, null);
        _state = SessionState.Greeted;
        if (_extended)
            Write(_door.Ehlo.Encoded(_listener.Role, _tls is not null, OffersAuth));
        else
            Write(new SmtpReply(250, null, _options.HostName));
    }

    private async ValueTask<bool> GreetAsync()
    {
        if (_listener.Role == DoorRole.Mx)
        {
            if (!_exempt && _options.BannerDelay > TimeSpan.Zero)
                await Task.Delay(_options.BannerDelay, _services.Time, _connection.ConnectionClosed);
            if (HasInput())
            {
                Close(Refusals.EarlyTalker, "protocol");
                return false;
            }
        }

        Write(new SmtpReply(220, null, _options.HostName + " ESMTP AgentMta"));
        return true;
    }

    private void SetClient(IPEndPoint endpoint)
    {
        _client = endpoint.Address.IsIPv4MappedToIPv6 ? endpoint.Address.MapToIPv4() : endpoint.Address;
        _clientPort = endpoint.Port;
        _exempt = _options.IsExempt(_client);
        _info = null;
    }
}
