using System.Text;
using System.Text.Json;
using AgentMta.Protocol.Addresses;
using AgentMta.Protocol.MailAuth.Dkim;
using AgentMta.Protocol.Mime;
using AgentMta.Server.Model;
using AgentMta.Server.Store;

namespace AgentMta.Server.Outbound;

/// <summary>One recipient of the envelope.</summary>
internal sealed record EnvelopeRecipient(Mailbox Mailbox, string? Notify = null, string? OriginalRecipient = null);

/// <summary>A message that is ready but for signature and queue: header and body with CRLF line ends, without Bcc.</summary>
internal sealed record ReadyMessage
{
    public required SenderProfile Sender { get; init; }

    public required string MessageKey { get; init; }

    public required string MessageId { get; init; }

    public required byte[] Bytes { get; init; }

    public required IReadOnlyList<EnvelopeRecipient> Recipients { get; init; }

    /// <summary>Shown on the sender's copy alone.</summary>
    public IReadOnlyList<string> Bcc { get; init; } = [];

    public string? ThreadId { get; init; }

    public string? InReplyTo { get; init; }

    /// <summary>The whole chain; the message itself carries a part of it.</summary>
    public IReadOnlyList<string> References { get; init; } = [];

    public IReadOnlyList<string> Labels { get; init; } = [];

    /// <summary>Key of the message that it answers.</summary>
    public string? ResolvedKey { get; init; }

    /// <summary>Where the thread is to be found by what the message refers to, parent first; null where <see cref="ThreadId"/> says it.</summary>
    public IReadOnlyList<string>? Ancestors { get; init; }

    /// <summary>The id of the row where the inbox has another message under <see cref="MessageId"/> already.</summary>
    public string? FallbackId { get; init; }

    /// <summary>Sent without a return address: nobody is told of a bounce (RFC 5321 4.5.5).</summary>
    public bool NullReversePath { get; init; }

    /// <summary>What all its deliveries ask of the transport.</summary>
    public DeliveryOptions Options { get; init; } = new();

    public string? IdempotencyKey { get; init; }

    /// <summary>Must hold in the transaction that stores it: a message that is long on its way outlives its key's last look.</summary>
    public Credential? Credential { get; init; }

    public byte[]? RequestHash { get; init; }
}

/// <summary>Signs a message and stores it with its thread, copies, key and event in one transaction: from then on it will be sent.</summary>
internal sealed class OutboxWriter(Database database, MessageSigner signer, DirectoryStore directory, RawSpool spool, AddressTokens tokens,
    UnsubscribeFields unsubscribe, OutboundOptions options, OutboundMeter meter, TimeProvider time, ILogger log)
{
    /// <summary>The ids of the stored message, or of the one sent before under the same idempotency key.</summary>
    /// <exception cref="StoreException">There is no room for it, or the store cannot keep it now; nothing was stored.</exception>
    public async Task<(string MessageId, string ThreadId, bool IsConflict)> WriteAsync(ReadyMessage ready, string via, CancellationToken cancellationToken)
    {
        try
        {
            // The floor of the door (421 4.3.1): what is left belongs to mail that was accepted, and to its outcome.
            if (!spool.HasRoom())
                throw new StoreException("The disk has less free space than FreeSpaceFloor; no mail is taken until it has more.");
            return await StoreAsync(ready, via, cancellationToken).ConfigureAwait(false);
        }
        catch (StoreException e)
        {
            log.LogWarning(e.InnerException, "A message of {Inbox} was not taken: {Reason}", ready.Sender.Address, e.Message);
            throw;
        }
    }

    private async Task<(string MessageId, string ThreadId, bool IsConflict)> StoreAsync(ReadyMessage ready, string via, CancellationToken cancellationToken)
    {
        var sender = ready.Sender;
        var keys = await signer.KeysAsync(sender.WorkspaceId, sender.Domain, cancellationToken).ConfigureAwait(false);
        // A copy of its own for each recipient who can opt out (design.md, Outbound order): its fields and signature stand in front of the shared bytes.
        var ownCopies = sender.UseCase.Unsubscribable;
        var content = ownCopies ? ready.Bytes : [.. signer.Sign(ready.Bytes, keys), .. ready.Bytes];
        var deliveries = Deliveries(ready, content, ownCopies ? keys : []);
        var message = Message(ready, content);
        var inbox = await directory.InboxAsync(sender.Address, cancellationToken).ConfigureAwait(false) ?? throw new InboxGoneException(sender.Address);
        using var kept = content.Length > RawContent.InlineLimit ? await spool.CopyAsync(content).ConfigureAwait(false) : new RawContent(content);
        var raw = new NewRaw(sender.WorkspaceId, message.RawId, kept, BccField(ready.Bcc), null, null, null);
        var stored = false;
        try
        {
            var result = await database.WriteAsync(session => Write(session, ready, inbox, message, raw, deliveries), cancellationToken).ConfigureAwait(false);
            stored = result.IsNew;
            if (stored)
                meter.Submitted(deliveries.Count, via);
            return (result.MessageId, result.ThreadId, result.IsConflict);
        }
        catch (UnsureException) when (kept.File is not null)
        {
            spool.Keep(kept.File);
            throw;
        }
        finally
        {
            if (!stored && kept.File is { } file)
                spool.Delete(file);
        }
    }

    private Written Write(WriteSession session, ReadyMessage ready, LocalInbox inbox, NewMessage message, NewRaw raw, List<NewDelivery> deliveries)
    {
        if (ready.Credential is { } credential && ApiKeyStore.Renew(session, credential, session.Now)?.May(SendPolicy.Permission) != true)
            throw new KeyGoneException(credential.ApiKeyId);
        var since = time.GetUtcNow() - options.IdempotencyLifetime;
        if (ready.IdempotencyKey is { } key && SubmissionStore.FindKey(session, inbox.WorkspaceId, key, since) is { } before)
            return new Written(before.MessageId, before.ThreadId, IsNew: false, IsConflict: !before.RequestHash.AsSpan().SequenceEqual(ready.RequestHash));
        if (ready.FallbackId is not null && MessageStore.FindId(session, inbox, ready.MessageId) is { IsMessage: true } known)
        {
            if (known is { MessageKey: { } sentKey, Direction: "out" } && known.ContentHash.AsSpan().SequenceEqual(message.ContentHash))
                return AddRecipients(session, message, sentKey, known.ThreadId, deliveries);
            message = message with { MessageId = ready.FallbackId };
        }

        IReadOnlyList<string> unknown = [];
        if (ready.Ancestors is { Count: > 0 } ancestors)
            (message, unknown) = Place(session, inbox, message, ancestors);
        MessageStore.InsertRaw(session, raw);
        var threadId = MessageStore.Insert(session, message);
        ThreadStore.Expect(session, inbox, threadId, unknown);
        DeliveryStore.Enqueue(session, message, threadId, deliveries, time.GetUtcNow(), options.Lifetime);
        if (ready.IdempotencyKey is not null)
            SubmissionStore.InsertKey(session, inbox.WorkspaceId, ready.IdempotencyKey, new SentBefore(ready.RequestHash ?? [], message.MessageId, threadId), since);
        return new Written(message.MessageId, threadId, IsNew: true, IsConflict: false);
    }

    // A client that hands over the same message again: a retry is answered alike, and a further recipient (Bcc by itself, say) gets a copy of what is stored.
    private Written AddRecipients(WriteSession session, NewMessage message, string messageKey, string threadId, List<NewDelivery> deliveries)
    {
        var missing = deliveries.Where(d => !DeliveryStore.HasRecipient(session, message.WorkspaceId, messageKey, d.Recipient)).ToList();
        if (missing.Count > 0 && SubmissionStore.RawId(session, message.WorkspaceId, messageKey) is { } rawId)
        {
            var domain = message.InboxId[(message.InboxId.LastIndexOf('@') + 1)..];
            var sent = message with { MessageKey = messageKey, RawId = rawId };
            var copies = missing.Select(d => d with { ReversePath = d.ReversePath.Length == 0 ? "" : tokens.Write(TokenKind.Bounce, messageKey, domain) }).ToList();
            DeliveryStore.Enqueue(session, sent, threadId, copies, time.GetUtcNow(), options.Lifetime);
            SubmissionStore.AddRecipients(session, sent, [.. copies.Select(c => AddressParts.Normalise(c.Recipient))]);
            EventStore.Append(session, sent.WorkspaceId, new NewEvent(
                EventTypes.Queued, sent.PodId, sent.InboxId, sent.MessageId, threadId,
                JsonSerializer.Serialize(new RecipientFacts([.. copies.Select(c => c.Recipient)]), DeliveryJson.Default.RecipientFacts)));
        }

        return new Written(message.MessageId, threadId, IsNew: false, IsConflict: false);
    }

    private static (NewMessage Message, IReadOnlyList<string> Unknown) Place(WriteSession session, LocalInbox inbox, NewMessage message, IReadOnlyList<string> ancestors)
    {
        var placement = ThreadRules.Place(ancestors, null, id => ThreadStore.Find(session, inbox, id));
        var threadId = placement.Merge.Count > 0 ? ThreadStore.Merge(session, inbox, [placement.ThreadId!, .. placement.Merge]) : placement.ThreadId;
        return (message with { ThreadId = threadId }, placement.Unknown);
    }

    private List<NewDelivery> Deliveries(ReadyMessage ready, byte[] content, IReadOnlyList<DkimSigningKey> ownKeys)
    {
        var domain = ready.Sender.Domain;
        var reversePath = ready.NullReversePath ? "" : tokens.Write(TokenKind.Bounce, ready.MessageKey, domain);
        var deliveries = new List<NewDelivery>(ready.Recipients.Count);
        foreach (var recipient in ready.Recipients)
        {
            var id = Ids.New(time);
            byte[]? prefix = null;
            if (ready.Sender.UseCase.Unsubscribable)
            {
                var fields = unsubscribe.Write(id, domain);
                prefix = [.. signer.Sign((byte[])[.. fields, .. content], ownKeys), .. fields];
            }

            deliveries.Add(new NewDelivery(
                id, reversePath, recipient.Mailbox.Address, recipient.Mailbox.Domain.ToLowerInvariant(),
                ready.Options with { Utf8 = ready.Options.Utf8 || recipient.Mailbox.NeedsSmtpUtf8, Notify = recipient.Notify, OriginalRecipient = recipient.OriginalRecipient }, prefix));
        }

        return deliveries;
    }

    private NewMessage Message(ReadyMessage ready, byte[] content)
    {
        var sender = ready.Sender;
        var mime = MimeMessage.Parse(content);
        var said = MessageContent.Read(mime, RowBounds.Content);
        var recipients = ready.Recipients.Select(r => AddressParts.Normalise(r.Mailbox.Address)).ToList();
        return new NewMessage
        {
            Aligned = true,
            WorkspaceId = sender.WorkspaceId,
            PodId = sender.Inbox.PodId,
            InboxId = sender.Address,
            UseCaseId = sender.UseCase.UseCaseId,
            MessageKey = ready.MessageKey,
            RawId = Ids.New(time),
            ThreadId = ready.ThreadId,
            MessageId = ready.MessageId,
            Direction = MessageDirection.Out,
            Timestamp = time.GetUtcNow(),
            From = RowBounds.Author(said.From) ?? sender.Address,
            To = RowBounds.People(said.To),
            Cc = RowBounds.People(said.Cc),
            Bcc = ready.Bcc,
            ReplyTo = RowBounds.People(said.ReplyTo),
            Subject = RowBounds.Subject(said.Subject),
            BaseSubject = Subjects.Base(RowBounds.Subject(said.Subject)).Base.ToLowerInvariant(),
            Preview = said.Preview.Length == 0 ? null : said.Preview,
            Labels = [Labels.Sent, .. ready.Labels],
            Attachments = StoredAttachments.Of(said, ready.MessageKey),
            InReplyTo = ready.InReplyTo,
            References = RowBounds.References(ready.References),
            Size = content.Length,
            ContentHash = ContentHash.Compute(mime.Headers, content),
            ResolvedKey = ready.ResolvedKey,
            EnvelopeRecipients = recipients,
            EventType = EventTypes.Queued,
            EventFacts = JsonSerializer.Serialize(new RecipientFacts(recipients), DeliveryJson.Default.RecipientFacts),
        };
    }

    // Put in front of the sender's own copy, and of no other.
    private static byte[]? BccField(IReadOnlyList<string> bcc) =>
        bcc.Count == 0 ? null : Encoding.UTF8.GetBytes($"Bcc: {string.Join(",\r\n ", bcc.Select(b => AddressText.Parse(b)?.ToString() ?? b))}\r\n");

    private sealed record Written(string MessageId, string ThreadId, bool IsNew, bool IsConflict);
}
