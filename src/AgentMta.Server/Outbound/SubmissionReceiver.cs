using System.Security.Cryptography;
using System.Text;
using AgentMta.Protocol.Addresses;
using AgentMta.Protocol.Mime;
using AgentMta.Protocol.Smtp;
using AgentMta.Server.Model;
using AgentMta.Server.Store;

namespace AgentMta.Server.Outbound;

/// <summary>Takes mail of our own users on the submission ports (RFC 6409): checks that the sender is the inbox that logged in, then stores and queues it like any send.</summary>
internal sealed class SubmissionReceiver(
    ApiKeyStore keys, SubmissionStore store, SendPolicy policy, OutboxWriter outbox, MessageIds ids, OutboundOptions options, OutboundMeter meter, TimeProvider time)
{
    private const int MaxReceived = 50;

    private static readonly SmtpReply NotYours = new(550, "5.7.1", "The sender must be the inbox that logged in");
    // RFC 4954 6: 530 is for any command that needs an authentication which is not in force, and 535 for AUTH alone. Section 4 has no second AUTH in a session.
    private static readonly SmtpReply KeyGone = new(530, "5.7.0", "Authentication required: the API key was revoked or has expired; connect again with another");
    // Who it is, is still known; what the key may do is what changed (RFC 3463 X.7.1).
    private static readonly SmtpReply MayNotSend = new(550, "5.7.1", "The API key may no longer send");
    private static readonly SmtpReply BadFrom = new(550, "5.7.1", "From must be the inbox that logged in, and nobody else");
    private static readonly SmtpReply Loop = new(554, "5.4.6", "The message runs in a loop");
    private static readonly SmtpReply BadAddress = new(553, "5.1.3", "This is no address that mail can be sent to");
    private static readonly SmtpReply NotStored = new(452, "4.3.1", "The message cannot be stored now; try again later");
    private static readonly SmtpReply OtherContent = new(554, "5.6.0", "This idempotency key was used for another message");

    /// <summary>The <see cref="Model.CheckCredential"/> of the submission ports: an inbox address, and an API key that covers it and may send.</summary>
    public async ValueTask<Credential?> CheckCredentialAsync(string user, string secret, CancellationToken cancellationToken)
    {
        if (await keys.FindAsync(secret, cancellationToken).ConfigureAwait(false) is not { } credential || !credential.May(SendPolicy.Permission))
            return null;
        var inboxId = InboxId(user, credential);
        return inboxId is not null && await store.SenderAsync(credential.Scope.ToInbox(inboxId), inboxId, cancellationToken).ConfigureAwait(false) is not null ? credential : null;
    }

    /// <summary>The <see cref="Model.CheckSender"/>: the inbox itself, or the null reverse-path of receipts.</summary>
    public async ValueTask<SmtpReply?> CheckSenderAsync(SessionInfo session, string reversePath, CancellationToken cancellationToken)
    {
        if (await CheckKeyAsync(session, cancellationToken).ConfigureAwait(false) is { } refusal)
            return refusal;
        if (await SenderAsync(session, cancellationToken).ConfigureAwait(false) is not { } sender || (reversePath.Length > 0 && AddressParts.Normalise(reversePath) != sender.Address))
            return NotYours;
        return await policy.CheckSenderAsync(sender, cancellationToken).ConfigureAwait(false) is { } fault ? Reply(fault) : null;
    }

    /// <summary>The <see cref="Model.CheckRecipient"/>: what the API would refuse is refused here, recipient by recipient.</summary>
    public async ValueTask<SmtpReply?> CheckRecipientAsync(SessionInfo session, string reversePath, string recipient, int recipientsSoFar, CancellationToken cancellationToken)
    {
        if (await SenderAsync(session, cancellationToken).ConfigureAwait(false) is not { } sender)
            return NotYours;
        if (Mailbox.Parse(recipient) is not { } mailbox)
            return BadAddress;
        var address = new MailAddress("", mailbox.LocalPart, mailbox.Domain);
        return await policy.CheckRecipientsAsync(sender, [address], cancellationToken, recipientsSoFar).ConfigureAwait(false) is { } fault ? Reply(fault) : null;
    }

    /// <summary>The <see cref="AcceptMessage"/> of the submission ports: header checked and completed, then one transaction, then 250.</summary>
    public async Task<SmtpReply> AcceptAsync(IncomingMessage message, CancellationToken cancellationToken)
    {
        if (await CheckKeyAsync(message.Session, cancellationToken).ConfigureAwait(false) is { } refusal)
            return refusal;
        if (await SenderAsync(message.Session, cancellationToken).ConfigureAwait(false) is not { } sender)
            return NotYours;
        var headers = HeaderList.Parse(message.Raw.Bytes);
        if (headers.All("Received").Count() > MaxReceived)
            return Loop;
        if (!IsFrom(headers, sender.Address))
            return BadFrom;
        try
        {
            var ready = Ready(message, headers, sender);
            var (messageId, _, isConflict) = await outbox.WriteAsync(ready, "smtp", cancellationToken).ConfigureAwait(false);
            return isConflict ? OtherContent : new SmtpReply(250, "2.0.0", $"Queued as {messageId}");
        }
        catch (InboxGoneException)
        {
            return NotYours;
        }
        catch (KeyGoneException)
        {
            return await CheckKeyAsync(message.Session, cancellationToken).ConfigureAwait(false) ?? KeyGone;
        }
        catch (StoreException)
        {
            meter.Refused("service_unavailable");
            return NotStored;
        }
    }

    private static string? InboxId(string? user, Credential credential) => string.IsNullOrEmpty(user) ? credential.Scope.InboxId : AddressParts.Normalise(user);

    private static SmtpReply Reply(SubmitFault fault) =>
        fault.Status is 429 or 503 ? new SmtpReply(451, "4.7.1", fault.Message) : new SmtpReply(550, "5.7.1", fault.Message);

    // Exactly one author, who is the inbox; no other sender beside it. None at all is completed.
    private static bool IsFrom(HeaderList headers, string address)
    {
        var authors = headers.All("From").SelectMany(f => AddressParser.ParseList(f.RawValue.Span)).ToList();
        var senders = headers.All("Sender").SelectMany(f => AddressParser.ParseList(f.RawValue.Span)).ToList();
        return (authors.Count == 1 || (authors.Count == 0 && !headers.Contains("From"))) && authors.Concat(senders).All(a => AddressText.Key(a) == address);
    }

    // A session may last half an hour longer than its key: that is asked for at MAIL, at the end of data, which may be ten minutes later, and in the transaction.
    private async ValueTask<SmtpReply?> CheckKeyAsync(SessionInfo session, CancellationToken cancellationToken)
    {
        if (session.Credential is not { } given)
            return NotYours;
        var credential = await keys.RenewAsync(given, cancellationToken).ConfigureAwait(false);
        return credential is null ? KeyGone : credential.May(SendPolicy.Permission) ? null : MayNotSend;
    }

    private async ValueTask<SenderProfile?> SenderAsync(SessionInfo session, CancellationToken cancellationToken)
    {
        if (session.Credential is not { } credential || InboxId(session.User, credential) is not { } inboxId)
            return null;
        return await store.SenderAsync(credential.Scope.ToInbox(inboxId), inboxId, cancellationToken).ConfigureAwait(false);
    }

    private ReadyMessage Ready(IncomingMessage message, HeaderList headers, SenderProfile sender)
    {
        var key = Ids.New(time);
        var own = ids.Write(key, sender.Domain);
        // A client's own id stays: its replies refer to it, and it is a row like ours (design.md, Proof of a reply).
        var messageId = MessageIdParser.Parse(headers.First("Message-ID")?.Text) ?? own;
        var from = new MailAddress(sender.Inbox.DisplayName ?? "", sender.Address[..sender.Address.LastIndexOf('@')], sender.Domain);
        var bytes = SubmittedHeader.Rewrite(headers, message.Raw.Bytes.Span, Received(message), from.ToString(), own, message.ReceivedAt, sender.UseCase.Unsubscribable);
        var references = ReadIds(headers, "References");
        var inReplyTo = ReadIds(headers, "In-Reply-To");
        var shown = Shown(headers);
        return new ReadyMessage
        {
            Sender = sender,
            MessageKey = key,
            MessageId = messageId,
            FallbackId = own,
            Bytes = bytes,
            Recipients = [.. message.Recipients.Select(r => new EnvelopeRecipient(Mailbox.Parse(r.Address)!, r.Notify, r.OriginalRecipient))],
            Bcc = [.. message.Recipients.Select(r => r.Address).Where(a => !shown.Contains(AddressParts.Normalise(a)))],
            Ancestors = ThreadRules.Ancestors(references, inReplyTo, messageId),
            InReplyTo = inReplyTo.Count > 0 ? inReplyTo[0] : null,
            References = references,
            NullReversePath = message.ReversePath.Length == 0,
            Options = new DeliveryOptions
            {
                Submitted = true,
                Utf8 = message.SmtpUtf8,
                EightBit = !Ascii.IsValid(bytes),
                RequireTls = message.RequireTls,
                Return = message.DsnReturn,
                EnvelopeId = message.DsnEnvelopeId,
            },
            IdempotencyKey = headers.First(SubmittedHeader.IdempotencyKey)?.Text.Trim() is { Length: > 0 and <= 256 } given ? given : null,
            RequestHash = RequestHash(message, headers, sender),
            Credential = message.Session.Credential,
        };
    }

    // The same key stands for the same message: who, to whom, and what, whatever Date and Message-ID a retry wears.
    private static byte[] RequestHash(IncomingMessage message, HeaderList headers, SenderProfile sender)
    {
        using var hash = IncrementalHash.CreateHash(HashAlgorithmName.SHA256);
        var envelope = string.Join('\n', message.Recipients.Select(r => AddressParts.Normalise(r.Address)).Order(StringComparer.Ordinal));
        hash.AppendData(Encoding.UTF8.GetBytes($"smtp\n{sender.Address}\n{envelope}\n{headers.Value("Subject")}\n"));
        hash.AppendData(message.Raw.Bytes.Span[Math.Min(headers.BodyOffset, message.Raw.Bytes.Length)..]);
        return hash.GetHashAndReset();
    }

    private static HashSet<string> Shown(HeaderList headers) =>
        [.. headers.All("To").Concat(headers.All("Cc")).SelectMany(f => AddressParser.ParseList(f.RawValue.Span)).Select(a => AddressParts.Normalise(a.Address))];

    private static List<string> ReadIds(HeaderList headers, string name) => [.. headers.All(name).SelectMany(f => MessageIdParser.ParseList(f.Text))];

    // RFC 5321 4.4, without the client's address: where a user sits is nobody's business.
    private string Received(IncomingMessage message)
    {
        var with = (message.SmtpUtf8 ? "UTF8SMTP" : "ESMTP") + (message.Session.TlsProtocol is null ? "A" : "SA");
        return $"Received: by {options.HostName} with {with} id {message.TransactionId};\r\n {SubmittedHeader.Date(message.ReceivedAt)}";
    }
}
