using AgentMta.Protocol.Smtp;
using AgentMta.Server.Model;

namespace AgentMta.Server.Inbound;

/// <summary>The envelope: MAIL and RCPT.</summary>
internal sealed partial class Session
{
    private const int MaxGreylisted = 1000;

    private readonly List<IncomingRecipient> _recipients = [];
    private SmtpCommand _mail;
    private int _transactions;
    private int _unknownRecipients;
    private int _greylisted;

    private async ValueTask MailAsync(SmtpCommand command)
    {
        var reply = MailRefusal(command);
        reply ??= await AskAboutSenderAsync(command.Argument);
        if (reply is not null)
        {
            await RefuseAsync(SmtpVerb.Mail, command.Argument, reply);
            return;
        }

        _transactions++;
        _mail = command;
        _state = SessionState.MailGiven;
        Write(PreparedReply.SenderOk);
    }

    private bool HadAllMessages => _listener.Role == DoorRole.Mx && _options.MaxMessagesPerConnection > 0 && _transactions >= _options.MaxMessagesPerConnection;

    private SmtpReply? MailRefusal(SmtpCommand command)
    {
        if (_listener.Role == DoorRole.Submission && _credential is null)
            return OffersAuth ? Refusals.AuthRequired : Refusals.TlsRequired;
        if (HadAllMessages)
            return Refusals.TooManyMessages;
        if (_services.Time.GetTimestamp() >= SessionEnd)
            return Refusals.TooLong;
        var refusal = ParameterRefusal(command);
        if (refusal is not null)
            return refusal;
        if (command.Size > _options.MaxMessageSize) // RFC 1870 6.1
            return Refusals.TooLarge;
        return command.NonAscii && !command.Has(EsmtpParameters.SmtpUtf8) ? Refusals.AddressNeedsUtf8 : null; // RFC 6531 3.5
    }

    private async ValueTask RcptAsync(SmtpCommand command)
    {
        SmtpReply? reply;
        if (_recipients.Count >= _options.MaxRecipients)
            reply = Refusals.TooManyRecipients; // RFC 5321 4.5.3.1.10
        else if (ParameterRefusal(command) is { } refusal)
            reply = refusal;
        else if (command.NonAscii && !_mail.Has(EsmtpParameters.SmtpUtf8))
            reply = Refusals.AddressNeedsUtf8;
        else
            reply = await AskAboutRecipientAsync(command.Argument);

        if (reply is not null)
        {
            // "Later" is no fault of the client. It may name all of a list of any length before it sends the hundred that were taken (RFC 5321 4.5.3.1.10): a 421 would have it
            // name them all again each time, and none would ever get the message. That costs no look-up, and ends with the session's time. Greylisting (451) asks the store.
            if (reply == Refusals.TooManyRecipients || (reply.Code == 451 && ++_greylisted <= MaxGreylisted))
            {
                await DeferAsync(command.Argument, reply);
                return;
            }

            // Directory harvest: who keeps asking for addresses that are not there loses the connection.
            if (_listener.Role == DoorRole.Mx && reply is { IsPermanent: true, EnhancedStatus: "5.1.1" } && ++_unknownRecipients > _options.UnknownRecipientBudget)
                reply = Refusals.TooManyUnknown;
            await RefuseAsync(SmtpVerb.Rcpt, command.Argument, reply);
            return;
        }

        if (!IsKnown(command.Argument))
            _recipients.Add(new IncomingRecipient(command.Argument, command.Dsn?.Notify, command.Dsn?.OriginalRecipient));
        _state = SessionState.RcptGiven;
        Write(PreparedReply.RecipientOk);
    }

    // RFC 5321 4.1.1.11: parameters only of extensions that were offered, and so only after EHLO.
    private SmtpReply? ParameterRefusal(SmtpCommand command)
    {
        var offered = _extended ? EhloReply.Offered(_listener.Role, _tls is not null) : EsmtpParameters.None;
        return (command.Parameters & ~offered) == 0 ? null : Refusals.ParameterNotOffered;
    }

    // The same address twice is one recipient (RFC 5321 4.1.1.3 leaves that to us).
    private bool IsKnown(string address)
    {
        foreach (var recipient in _recipients)
        {
            if (recipient.Address == address)
                return true;
        }

        return false;
    }

    private async ValueTask<SmtpReply?> AskAboutSenderAsync(string sender)
    {
        try
        {
            // Within the try: a disk that cannot be asked throws what would be taken for the end of the connection.
            return _services.Spool.HasRoom() ? await _services.CheckSender(Info, sender, CancellationToken.None) : Refusals.DiskFull;
        }
        catch (Exception e)
        {
            return Failed(e);
        }
    }

    private async ValueTask<SmtpReply?> AskAboutRecipientAsync(string recipient)
    {
        try
        {
            return await _services.CheckRecipient(Info, _mail.Argument, recipient, _recipients.Count, CancellationToken.None);
        }
        catch (Exception e)
        {
            return Failed(e);
        }
    }

    /// <summary>A fault behind the door is temporary for the peer, never an acceptance.</summary>
    private SmtpReply Failed(Exception fault)
    {
        _services.Logger.LogError(fault, "Session {Session}: a check failed", _id);
        return Refusals.LocalError;
    }

    private void ResetTransaction()
    {
        _reception?.Dispose();
        _reception = null;
        _recipients.Clear();
        _mail = default;
        if (_state != SessionState.Connected)
            _state = SessionState.Greeted;
    }
}
