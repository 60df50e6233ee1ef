using System.Buffers;
using System.IO.Pipelines;
using AgentMta.Protocol.Smtp;
using AgentMta.Server.Model;
using Microsoft.AspNetCore.Connections;

namespace AgentMta.Server.Inbound;

/// <summary>How a session answers: replies gather while commands wait (RFC 2920 3.2) and leave when it has nothing more to read.</summary>
internal sealed partial class Session
{
    private const int MaxRecordedRefusals = 20;

    private List<RefusedCommand>? _refused;
    private bool _unflushed;
    private int _commands;
    private int _refusals;
    private int _deferrals;
    private int _junk;
    private int _accepted;
    private int _rejected;
    private long _messageOctets;

    private void Write(PreparedReply reply) => Write(reply.Octets.Span);

    private void Write(ReadOnlySpan<byte> octets)
    {
        _writer.Write(octets);
        _unflushed = true;
    }

    private void Write(SmtpReply reply)
    {
        SmtpReplyWriter.Write(_writer, reply);
        _unflushed = true;
    }

    private ValueTask FlushAsync()
    {
        if (!_unflushed)
            return ValueTask.CompletedTask;
        _unflushed = false;
        var flush = _writer.FlushAsync();
        if (flush.IsCompletedSuccessfully)
        {
            CheckFlush(flush.Result);
            return ValueTask.CompletedTask;
        }

        return WaitForFlushAsync(flush);
    }

    // A peer that does not read its replies is held to the idle timeout too.
    private async ValueTask WaitForFlushAsync(ValueTask<FlushResult> flush)
    {
        _flushing = true;
        Arm(After(_options.IdleTimeout));
        var result = await flush;
        Volatile.Write(ref _deadline, long.MaxValue);
        _flushing = false;
        CheckFlush(result);
    }

    private static void CheckFlush(FlushResult result)
    {
        if (result.IsCompleted)
            throw new ConnectionAbortedException();
    }

    /// <summary>Refuses a command, counts that, and makes a stranger wait for it.</summary>
    private ValueTask RefuseAsync(SmtpVerb verb, string? argument, SmtpReply reply)
    {
        _refusals++;
        if (reply.Code != 421 && _refusals > _options.RefusalBudget)
            reply = Refusals.TooManyRefusals;
        Record(verb, argument, reply);
        if (reply.Code == 421)
            (_closing, _outcome) = (true, reply == Refusals.DiskFull ? "full" : "budget");
        if (!_exempt && _refusals > 1 && _options.TarpitDelay > TimeSpan.Zero)
            return TarpitAsync(_options.TarpitDelay, reply);
        Write(reply);
        return ValueTask.CompletedTask;
    }

    /// <summary>Puts a recipient off: recorded like a refusal, but nobody loses the connection for it.</summary>
    private ValueTask DeferAsync(string argument, SmtpReply reply)
    {
        _deferrals++;
        Record(SmtpVerb.Rcpt, argument, reply);
        if (!_exempt && reply.Code == 451 && _deferrals > 1 && _options.TarpitDelay > TimeSpan.Zero)
            return TarpitAsync(_options.TarpitDelay, reply);
        Write(reply);
        return ValueTask.CompletedTask;
    }

    private async ValueTask TarpitAsync(TimeSpan delay, SmtpReply reply)
    {
        await FlushAsync();
        await Task.Delay(delay, _services.Time, _connection.ConnectionClosed);
        Write(reply);
    }

    private void Record(SmtpVerb verb, string? argument, SmtpReply reply)
    {
        _door.Meter.CommandRefused(reply);
        _refused ??= [];
        if (_refused.Count < MaxRecordedRefusals && verb is SmtpVerb.Mail or SmtpVerb.Rcpt)
            SessionLog.Refused(_services.Logger, _id, _client, Name(verb), _mail.Argument, argument, reply);
        if (_refused.Count < MaxRecordedRefusals)
            _refused.Add(new RefusedCommand(Name(verb), verb is SmtpVerb.Mail or SmtpVerb.Rcpt ? argument : null, reply, _services.Time.GetUtcNow()));
    }

    /// <summary>Says a last reply.</summary>
    private void Close(SmtpReply reply, string outcome)
    {
        if (outcome == "protocol")
        {
            _refusals++;
            Record(SmtpVerb.Unknown, null, reply);
        }

        Write(reply);
        (_closing, _outcome) = (true, outcome);
    }

    // RFC 5321 3.8: a session that has to end says so, where it still can.
    private async ValueTask ApologiseAsync()
    {
        try
        {
            Write(Refusals.Broken);
            await FlushAsync();
        }
        catch (Exception e) when (e is IOException or OperationCanceledException or ObjectDisposedException or InvalidOperationException)
        {
            // It cannot.
        }
    }

    // A close with unread octets makes the kernel send a reset, which may overtake the last reply: read away what is there.
    private async ValueTask CloseAsync()
    {
        Volatile.Write(ref _deadline, After(LastWords));
        _reception?.Dispose(); // first: on a connection that was reset the reader throws, and half a message must not stay on the disk
        try
        {
            if (_underWay is { } read)
            {
                _reader.CancelPendingRead();
                _reader.AdvanceTo((await read).Buffer.Start);
            }

            while (_reader.TryRead(out var rest) && !rest.Buffer.IsEmpty && !rest.IsCompleted)
                _reader.AdvanceTo(rest.Buffer.End);
            if (_tls is not null)
                await _tls.ShutdownAsync();
        }
        catch (Exception e) when (e is IOException or OperationCanceledException or ObjectDisposedException or InvalidOperationException)
        {
            // The connection was already gone.
        }
        finally
        {
            if (_tls is not null)
                await _tls.DisposeAsync();
        }
    }

    private void Report()
    {
        var record = new SessionRecord
        {
            SessionId = _id,
            Role = _listener.Role,
            ClientAddress = _client,
            ClientPort = _clientPort,
            Helo = _helo,
            TlsProtocol = _tlsProtocol,
            TlsCipher = _tlsCipher,
            User = _user,
            StartedAt = _startedAt,
            Duration = _services.Time.GetElapsedTime(_startedTimestamp),
            Outcome = _outcome,
            Commands = _commands,
            MessagesAccepted = _accepted,
            MessagesRefused = _rejected,
            MessageOctets = _messageOctets,
            Refused = _refused ?? (IReadOnlyList<RefusedCommand>)[],
            RefusedCount = _refusals + _deferrals,
        };
        SessionLog.Ended(_services.Logger, record.SessionId, record.Role, record.ClientAddress, record.Helo, record.TlsProtocol ?? SessionLog.None, record.User ?? SessionLog.None, record.Outcome,
            record.Commands, record.RefusedCount, record.MessagesAccepted, record.MessagesRefused, record.MessageOctets, record.Duration.TotalMilliseconds);
        _services.RecordSession?.Invoke(record);
    }

    private static string Name(SmtpVerb verb) => verb.ToString().ToUpperInvariant();
}
