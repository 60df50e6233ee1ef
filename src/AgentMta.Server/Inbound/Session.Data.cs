using AgentMta.Protocol.Smtp;
using AgentMta.Server.Model;

namespace AgentMta.Server.Inbound;

/// <summary>The message: DATA and BDAT, and what happens at its end.</summary>
internal sealed partial class Session
{
    private Reception? _reception;
    private bool _answering;

    private async ValueTask DataAsync()
    {
        Write(PreparedReply.StartData);
        var reception = _reception = Begin(chunked: false);
        while (!reception.Ended)
        {
            var result = await ReadAsync(Math.Min(After(_options.IdleTimeout), reception.Deadline));
            if (reception.MaySpill(result.Buffer.Length))
                await PoolThread.Enter(); // the disk may take its time
            var taken = reception.Take(result.Buffer);
            _reader.AdvanceTo(result.Buffer.GetPosition(taken));
            if (reception.Ended)
                break;
            if (!CanReadOn(result.IsCanceled, result.IsCompleted, reception.Deadline))
                return;
        }

        await FinishAsync(reception);
    }

    /// <summary>RFC 3030 2. The octets of a refused chunk are read all the same: the next command begins behind them.</summary>
    private async ValueTask BdatAsync(SmtpCommand command, SmtpReply? refusal)
    {
        if (command.Fault is not null)
        {
            Close(command.Fault, "protocol"); // without its size nobody knows where the chunk ends
            return;
        }

        var reception = refusal is null ? _reception ??= Begin(chunked: true) : null;
        var deadline = reception?.Deadline ?? After(_options.DataTimeout);
        for (var left = command.Size; left > 0;)
        {
            var result = await ReadAsync(Math.Min(After(_options.IdleTimeout), deadline));
            if (reception?.MaySpill(result.Buffer.Length) == true)
                await PoolThread.Enter();
            var chunk = result.Buffer.Slice(0, Math.Min(left, result.Buffer.Length));
            reception?.Take(chunk);
            left -= chunk.Length;
            _reader.AdvanceTo(chunk.End);
            if (left > 0 && !CanReadOn(result.IsCanceled, result.IsCompleted, deadline))
                return;
        }

        if (reception is null)
        {
            await RefuseAsync(SmtpVerb.Bdat, null, refusal!);
        }
        else if (command.Last || reception.Refusal is not null)
        {
            await FinishAsync(reception);
        }
        else
        {
            _state = SessionState.Chunking;
            Write(PreparedReply.Ok);
        }
    }

    private Reception Begin(bool chunked) => new(_services.Spool, _options.MaxMessageSize, chunked,
        repair: _options.RepairLineEndsOf.Count > 0 && InboundOptions.Contains(_options.RepairLineEndsOf, _client), After(_options.DataTimeout));

    private bool CanReadOn(bool cancelled, bool completed, long deadline)
    {
        if (cancelled && _expired)
            Close(Refusals.Idle, "timeout");
        else if (_services.Time.GetTimestamp() >= deadline)
            Close(Refusals.Idle, "timeout");
        else if (completed)
            _closing = true; // gone within the message: nothing is kept, nobody is left to tell
        return !_closing;
    }

    private async ValueTask FinishAsync(Reception reception)
    {
        var ended = _services.Time.GetTimestamp();
        var repaired = _options.RepairLineEndsOf.Count > 0 && InboundOptions.Contains(_options.RepairLineEndsOf, _client);
        // A message that is cheap to check is checked where it came in: a switch between threads would cost as much as the checks.
        if (_listener.Role != DoorRole.Mx || reception.Octets > CheapMessage.Limit)
            await PoolThread.Enter();
        var content = await reception.CompleteAsync(repaired, _options.StrictLines);
        var inPlace = content is not null && !PoolThread.IsCurrent && CheapMessage.Is(content.Bytes.Span);
        if (!inPlace)
            await PoolThread.Enter();
        var reply = content is null ? reception.Refusal! : await AcceptAsync(content, inPlace);
        // The receiver has a line for each message that it saw; submission has none for what it refuses.
        if (!reply.IsPositive && (content is null || _listener.Role == DoorRole.Submission) && (_refused?.Count ?? 0) < MaxRecordedRefusals)
            SessionLog.MessageRefused(_services.Logger, _id, _client, _mail.Argument, _recipients.Count, reception.Octets, reply);
        ResetTransaction();
        _messageOctets += reception.Octets;
        _door.Meter.Message(_listener.Role, reply, reception.Octets, _services.Time.GetElapsedTime(ended));
        if (reply.IsPositive)
        {
            _accepted++;
            _junk = 0;
            Write(reply);
        }
        else
        {
            _rejected++;
            await RefuseAsync(SmtpVerb.Data, null, reply);
        }

        // This may be the store's thread, or one that has others to answer, for which a reply is nothing. What was sent without waiting for it (BDAT behind BDAT), and the
        // end of a session, take longer; RunCommandsAsync looks again, since inside TLS nothing is seen before it is asked for.
        _answering = !(_closing || _stopRequested || HasInput());
        if (!_answering)
            await PoolThread.Queue();
    }

    /// <summary>
    /// Hands the message over. The receiver is waited for whatever the peer does meanwhile: its answer alone says whether the octets are still
    /// needed, so they are given back only behind it.
    /// </summary>
    private async ValueTask<SmtpReply> AcceptAsync(RawContent content, bool inPlace)
    {
        var reply = Refusals.LocalError;
        var message = new IncomingMessage
        {
            TransactionId = Ids.New(_services.Time),
            InPlace = inPlace,
            AnswersAtOnce = true,
            Session = Info,
            ReversePath = _mail.Argument,
            Recipients = [.. _recipients],
            Raw = content,
            ReceivedAt = _services.Time.GetUtcNow(),
            SmtpUtf8 = _mail.Has(EsmtpParameters.SmtpUtf8),
            EightBit = _mail.EightBit,
            RequireTls = _mail.Has(EsmtpParameters.RequireTls),
            DsnReturn = _mail.Dsn?.Return,
            DsnEnvelopeId = _mail.Dsn?.EnvelopeId,
        };
        try
        {
            reply = await _services.Accept(message, CancellationToken.None);
        }
        catch (Exception e)
        {
            _services.Logger.LogError(e, "Session {Session}: transaction {Transaction} failed", _id, message.TransactionId);
        }
        finally
        {
            content.Dispose();
            if (!reply.IsPositive && content.File is not null)
                _services.Spool.Delete(content.File);
        }

        return reply;
    }
}
