using System.Buffers;
using System.Globalization;
using AgentMta.Protocol.Smtp;

namespace AgentMta.Server.Outbound;

/// <summary>The envelope and bytes of one transaction.</summary>
/// <param name="Prefix">Header fields of these recipients alone.</param>
/// <param name="EnvelopeId">ENVID as the submitter wrote it, in xtext (RFC 3461 4.4).</param>
internal sealed record OutboundTransaction(
    string ReversePath, IReadOnlyList<OutboundRecipient> Recipients, ReadOnlyMemory<byte> Prefix, ReadOnlyMemory<byte> Content, bool Utf8 = false, bool EightBit = false,
    bool RequireTls = false, string? Return = null, string? EnvelopeId = null)
{
    /// <summary>Octets as SIZE counts them.</summary>
    public long Size => (long)Prefix.Length + Content.Length;
}

/// <summary>A RCPT with its parameters of RFC 3461.</summary>
internal sealed record OutboundRecipient(string Address, string? Notify = null, string? OriginalRecipient = null);

/// <summary>How the server decided on one recipient.</summary>
/// <param name="Reply">The reply that decided; null where the conversation broke first.</param>
/// <param name="Fault">What broke it.</param>
/// <param name="TryAgainNow">Too many recipients for one transaction, not too many at all (RFC 5321 4.5.3.1.10).</param>
internal sealed record RecipientResult(SmtpReply? Reply, SmtpFault? Fault = null, bool TryAgainNow = false);

/// <content>One transaction: MAIL, RCPT, DATA.</content>
internal sealed partial class SmtpClient
{
    private const int BlockSize = 64 * 1024;

    private bool _needsReset;

    /// <summary>Whether the present transaction got as far as its content: from there on a broken connection leaves its end open.</summary>
    public bool ContentSent { get; private set; }

    /// <summary>
    /// Hands a message to its recipients; gives a result for each, in their order. Never throws for the remote's doing.
    /// 1 what the server cannot carry is refused here → 2 MAIL, RCPT…, DATA, in one group where it pipelines → 3 content → 4 the final reply counts for each accepted RCPT.
    /// </summary>
    public async Task<IReadOnlyList<RecipientResult>> SendAsync(OutboundTransaction transaction, CancellationToken cancellationToken)
    {
        var results = new RecipientResult?[transaction.Recipients.Count];
        Transactions++;
        ContentSent = false;
        if (Unable(transaction) is { } unable)
        {
            Transcript.Note(unable.ToString());
            return Fill(results, new RecipientResult(unable));
        }

        try
        {
            await ConverseAsync(transaction, results, cancellationToken).ConfigureAwait(false);
            return results!;
        }
        catch (SmtpFault fault)
        {
            // RFC 5321 4.5.4.1, 6.1: no reply to the end of data leaves open whether the server has it; a second copy is better than none.
            _broken = true;
            Transcript.Note($"{fault.Status} {fault.Message}");
            return Fill(results, new RecipientResult(null, fault));
        }
        catch
        {
            _broken = true;
            throw;
        }
    }

    private static RecipientResult[] Fill(RecipientResult?[] results, RecipientResult rest)
    {
        for (var i = 0; i < results.Length; i++)
            results[i] ??= rest;
        return results!;
    }

    // Refused before a word is said, with the codes that the remote would have to use.
    private SmtpReply? Unable(OutboundTransaction transaction)
    {
        if (Features.MaxSize > 0 && transaction.Size > Features.MaxSize)
            return new SmtpReply(552, "5.3.4", $"the message has {transaction.Size} octets, {Target.Host} takes {Features.MaxSize}");
        if (transaction.Utf8 && !Features.SmtpUtf8)
            return new SmtpReply(553, "5.6.7", $"{Target.Host} does not take addresses beyond ASCII (SMTPUTF8)");
        if (transaction.EightBit && !Features.EightBitMime)
            return new SmtpReply(554, "5.6.3", $"{Target.Host} does not take 8-bit messages (8BITMIME)");
        if (transaction.RequireTls && !(Features.RequireTls && IsVerified))
            return new SmtpReply(550, "5.7.30", $"{Target.Host} cannot promise TLS all the way (REQUIRETLS)");
        return null;
    }

    private async Task ConverseAsync(OutboundTransaction transaction, RecipientResult?[] results, CancellationToken cancellationToken)
    {
        var commands = new List<string>(transaction.Recipients.Count + 2);
        if (_needsReset)
            await CommandAsync("RSET", _timeouts.Command, cancellationToken).ConfigureAwait(false);
        _needsReset = true;
        commands.Add(MailCommand(transaction));
        commands.AddRange(transaction.Recipients.Select(RecipientCommand));
        commands.Add("DATA");
        if (Features.Pipelining)
            await WriteGroupAsync(commands, cancellationToken).ConfigureAwait(false);

        var mail = await NextAsync(commands[0], _timeouts.Command, cancellationToken).ConfigureAwait(false);
        if (!mail.IsPositive)
            Fill(results, new RecipientResult(mail));
        if (!mail.IsPositive && !Features.Pipelining)
            return;
        var accepted = 0;
        for (var i = 0; i < transaction.Recipients.Count && !_broken; i++)
        {
            var reply = await NextAsync(commands[i + 1], _timeouts.Command, cancellationToken).ConfigureAwait(false);
            if (results[i] is null && !reply.IsPositive)
                results[i] = new RecipientResult(reply, TryAgainNow: reply.Code == 452 && accepted > 0);
            if (results[i] is null)
                accepted++;
        }

        if (_broken || (accepted == 0 && !Features.Pipelining))
        {
            Fill(results, new RecipientResult(null, new SmtpFault("4.3.2", "the remote server ended the connection")));
            return;
        }

        var data = await NextAsync("DATA", _timeouts.DataStart, cancellationToken).ConfigureAwait(false);
        if (data.Code != 354)
        {
            Fill(results, new RecipientResult(data));
            return;
        }

        // RFC 2920 3.1: a server that wants data for no recipient gets an empty message, and refuses it.
        if (accepted == 0)
        {
            await _wire.WriteAsync(".\r\n"u8.ToArray(), _timeouts.Command, cancellationToken).ConfigureAwait(false);
            await ReadAsync(_timeouts.Command, cancellationToken).ConfigureAwait(false);
            return;
        }

        await WriteContentAsync(transaction, cancellationToken).ConfigureAwait(false);
        var final = await ReadAsync(_timeouts.DataEnd, cancellationToken).ConfigureAwait(false);
        Fill(results, new RecipientResult(final));
        _needsReset = !final.IsPositive;
    }

    private async Task WriteGroupAsync(List<string> commands, CancellationToken cancellationToken)
    {
        foreach (var command in commands)
            Transcript.Sent(command);
        await _wire.WriteLinesAsync(commands, _timeouts.Command, cancellationToken).ConfigureAwait(false);
    }

    // The reply to a command: already on its way where the server pipelines, else asked for now.
    private Task<SmtpReply> NextAsync(string command, TimeSpan timeout, CancellationToken cancellationToken) =>
        Features.Pipelining ? ReadAsync(timeout, cancellationToken) : CommandAsync(command, timeout, cancellationToken);

    private async Task WriteContentAsync(OutboundTransaction transaction, CancellationToken cancellationToken)
    {
        Transcript.Note($"{transaction.Size} octets of content");
        var encoder = default(DataEncoder);
        var block = new ArrayBufferWriter<byte>(BlockSize + 4096);
        ContentSent = true;
        encoder = await WritePartAsync(encoder, transaction.Prefix, block, cancellationToken).ConfigureAwait(false);
        encoder = await WritePartAsync(encoder, transaction.Content, block, cancellationToken).ConfigureAwait(false);
        encoder.Finish(block);
        await FlushAsync(block, cancellationToken).ConfigureAwait(false);
    }

    private async Task<DataEncoder> WritePartAsync(DataEncoder encoder, ReadOnlyMemory<byte> part, ArrayBufferWriter<byte> block, CancellationToken cancellationToken)
    {
        for (var offset = 0; offset < part.Length; offset += BlockSize)
        {
            encoder.Encode(part.Span.Slice(offset, Math.Min(BlockSize, part.Length - offset)), block);
            if (block.WrittenCount >= BlockSize)
                await FlushAsync(block, cancellationToken).ConfigureAwait(false);
        }

        return encoder;
    }

    private async Task FlushAsync(ArrayBufferWriter<byte> block, CancellationToken cancellationToken)
    {
        await _wire.WriteAsync(block.WrittenMemory, _timeouts.DataBlock, cancellationToken).ConfigureAwait(false);
        block.ResetWrittenCount();
    }

    private string MailCommand(OutboundTransaction transaction)
    {
        var command = $"MAIL FROM:<{transaction.ReversePath}>";
        if (Features.Size)
            command += string.Create(CultureInfo.InvariantCulture, $" SIZE={transaction.Size}");
        if (transaction.EightBit)
            command += " BODY=8BITMIME";
        if (transaction.Utf8)
            command += " SMTPUTF8";
        if (transaction.RequireTls)
            command += " REQUIRETLS";
        if (Features.Dsn && transaction.Return is not null)
            command += $" RET={transaction.Return}";
        if (Features.Dsn && transaction.EnvelopeId is not null)
            command += $" ENVID={transaction.EnvelopeId}";
        return command;
    }

    private string RecipientCommand(OutboundRecipient recipient)
    {
        var command = $"RCPT TO:<{recipient.Address}>";
        if (Features.Dsn && recipient.Notify is not null)
            command += $" NOTIFY={recipient.Notify}";
        if (Features.Dsn && recipient.OriginalRecipient is not null)
            command += $" ORCPT={recipient.OriginalRecipient}";
        return command;
    }
}
