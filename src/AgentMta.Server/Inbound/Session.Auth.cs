using System.Buffers;
using System.Net;
using System.Text;
using AgentMta.Protocol.Smtp;
using AgentMta.Server.Model;

namespace AgentMta.Server.Inbound;

/// <summary>AUTH (RFC 4954): only for submission, only where the secret cannot be overheard.</summary>
internal sealed partial class Session
{
    // RFC 7628 3.2.2, base64 of {"status":"invalid_token","schemes":"bearer"}
    private static readonly SmtpReply BearerError = new(334, null, Convert.ToBase64String("{\"status\":\"invalid_token\",\"schemes\":\"bearer\"}"u8));
    private static readonly SmtpReply AskAgain = new(334, null, "");
    private static readonly SmtpReply AskUser = new(334, null, "VXNlcm5hbWU6");
    private static readonly SmtpReply AskPassword = new(334, null, "UGFzc3dvcmQ6");
    private static readonly SmtpReply Welcome = new(235, "2.7.0", "Authenticated");

    private int _authFailures;

    // A balancer on this machine is loopback too, but whom it speaks for is not.
    private bool OffersAuth => _listener.Role == DoorRole.Submission && (_tls is not null || (_listener.PlainAuth && !_isProxied && IPAddress.IsLoopback(_client)));

    private async ValueTask AuthAsync(SmtpCommand command)
    {
        SmtpReply? refusal =
            _listener.Role != DoorRole.Submission ? Refusals.NotOffered
            : !OffersAuth ? Refusals.AuthNeedsTls
            : _credential is not null ? Refusals.AuthTwice
            : _door.AuthFailures.IsBlocked(_client) ? Refusals.TooManyAuthFailures
            : null;
        if (refusal is not null)
        {
            await RefuseAsync(SmtpVerb.Auth, null, refusal);
            return;
        }

        var (reply, user, secret) = command.Argument switch
        {
            "PLAIN" => await PlainAsync(command.InitialResponse),
            "LOGIN" => await LoginAsync(command.InitialResponse),
            "OAUTHBEARER" => await BearerAsync(command.InitialResponse),
            _ => (Refusals.AuthMechanism, "", ""),
        };
        if (_closing)
            return;
        if (reply is not null)
        {
            if (reply == Refusals.AuthFailed)
                await FailAsync();
            else
                await RefuseAsync(SmtpVerb.Auth, null, reply);
            return;
        }

        Credential? credential;
        try
        {
            credential = await _services.CheckCredential(user, secret, CancellationToken.None);
        }
        catch (Exception e)
        {
            _services.Logger.LogError(e, "Session {Session}: checking a credential failed", _id);
            await RefuseAsync(SmtpVerb.Auth, null, Refusals.AuthUnavailable);
            return;
        }

        // Asked again, since sessions beside this one may have used up the guesses meanwhile: then not even the right answer counts.
        if (credential is not null && _door.AuthFailures.IsBlocked(_client))
        {
            await RefuseAsync(SmtpVerb.Auth, null, Refusals.TooManyAuthFailures);
            return;
        }

        if (credential is not null)
        {
            (_credential, _user, _info) = (credential, user, null);
            _door.Meter.Authentication(passed: true);
            Write(Welcome);
            return;
        }

        if (command.Argument == "OAUTHBEARER")
        {
            // RFC 7628 3.2.3: the client answers the error with a dummy before it hears the 535.
            Write(BearerError);
            if (await ReadAuthLineAsync() is null)
                return;
        }

        await FailAsync();
    }

    private async ValueTask FailAsync()
    {
        _authFailures++;
        _refusals++;
        _door.AuthFailures.Count(_client);
        _door.Meter.Authentication(passed: false);
        var last = _authFailures >= _options.AuthFailureBudget;
        var reply = last ? Refusals.TooManyAuthFailures : Refusals.AuthFailed;
        Record(SmtpVerb.Auth, null, reply);
        if (last)
            (_closing, _outcome) = (true, "budget");
        if (_exempt || _options.TarpitDelay == TimeSpan.Zero)
            Write(reply);
        else
            await TarpitAsync(_options.TarpitDelay * (1 << Math.Min(_authFailures, 5)), reply);
    }

    private async ValueTask<(SmtpReply? Refusal, string User, string Secret)> PlainAsync(string? initial)
    {
        var message = await AnswerAsync(initial, AskAgain);
        if (message.Octets is null)
            return (message.Refusal, "", "");
        if (!SaslMessage.TryPlain(message.Octets, out var authorize, out var user, out var secret))
            return (Refusals.AuthSyntax, "", "");
        // RFC 4616 2: nobody acts for another here.
        return authorize.Length == 0 || authorize == user ? (null, user, secret) : (Refusals.AuthFailed, "", "");
    }

    private async ValueTask<(SmtpReply? Refusal, string User, string Secret)> LoginAsync(string? initial)
    {
        var user = await AnswerAsync(initial, AskUser);
        if (user.Octets is null)
            return (user.Refusal, "", "");
        var secret = await AnswerAsync(null, AskPassword);
        if (secret.Octets is null)
            return (secret.Refusal, "", "");
        return System.Text.Unicode.Utf8.IsValid(user.Octets) && System.Text.Unicode.Utf8.IsValid(secret.Octets)
            ? (null, Encoding.UTF8.GetString(user.Octets), Encoding.UTF8.GetString(secret.Octets)) : (Refusals.AuthSyntax, "", "");
    }

    private async ValueTask<(SmtpReply? Refusal, string User, string Secret)> BearerAsync(string? initial)
    {
        var message = await AnswerAsync(initial, AskAgain);
        if (message.Octets is null)
            return (message.Refusal, "", "");
        return SaslMessage.TryOAuthBearer(message.Octets, out var user, out var token) ? (null, user, token) : (Refusals.AuthSyntax, "", "");
    }

    private async ValueTask<(byte[]? Octets, SmtpReply? Refusal)> AnswerAsync(string? initial, SmtpReply challenge)
    {
        byte[]? line;
        if (initial is not null)
        {
            line = Encoding.ASCII.GetBytes(initial);
        }
        else
        {
            Write(challenge);
            line = await ReadAuthLineAsync();
            if (line is null)
                return (null, null);
            if (line.AsSpan().SequenceEqual("*"u8)) // RFC 4954 4
                return (null, Refusals.AuthCancelled);
        }

        return SaslMessage.TryBase64(line, out var octets) ? (octets, null) : (null, Refusals.AuthSyntax);
    }

    /// <summary>One line of the exchange; null where the session is over.</summary>
    private async ValueTask<byte[]?> ReadAuthLineAsync()
    {
        var deadline = Math.Min(After(_options.IdleTimeout), SessionEnd);
        while (!_closing)
        {
            if (_stopRequested)
            {
                Close(Refusals.ShuttingDown, "shutdown");
                break;
            }

            var result = await ReadAsync(deadline);
            var buffer = result.Buffer;
            var outcome = TakeLine(ref buffer, _options.MaxAuthLine, out var line);
            var octets = outcome == LineOutcome.Command ? line.ToArray() : null;
            _reader.AdvanceTo(buffer.Start, outcome == LineOutcome.More ? buffer.End : buffer.Start);
            if (octets is not null)
                return octets;
            if (outcome == LineOutcome.TooLong)
                Close(Refusals.AuthLineTooLong, "protocol");
            else if (outcome == LineOutcome.BareLineEnd)
                Close(Refusals.BareLineEnd, "protocol");
            else if (result.IsCanceled && (_expired || _stopRequested))
                Close(_expired ? DeadlineReply() : Refusals.ShuttingDown, _expired ? "timeout" : "shutdown");
            else if (result.IsCompleted)
                _closing = true;
        }

        return null;
    }
}
