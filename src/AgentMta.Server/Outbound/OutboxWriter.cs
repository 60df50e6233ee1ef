using System.Security.Cryptography;
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

    /// <summary>A Message-ID that the submitting client chose beside ours.</summary>
    public string? Alias { get; init; }

    /// <summary>What all its deliveries ask of the transport.</summary>
    public DeliveryOptions Options { get; init; } = new();

    public string? IdempotencyKey { get; init; }

    public byte[]? RequestHash { get; init; }
}

/// <summary>Signs a message and stores it with its thread, copies, key and event in one transaction: from then on it will be sent.</summary>
internal sealed class OutboxWriter(Database database, MessageSigner signer, AddressTokens tokens, UnsubscribeFields unsubscribe, OutboundOptions options, OutboundMeter meter, TimeProvider time)
{
    /// <summary>The ids of the stored message, or of the one sent before under the same idempotency key.</summary>
    public async Task<(string MessageId, string ThreadId, bool IsConflict)> WriteAsync(ReadyMessage ready, string via, CancellationToken cancellationToken)
    {
        var sender = ready.Sender;
        var keys = await signer.KeysAsync(sender.WorkspaceId, sender.Domain, cancellationToken).ConfigureAwait(false);
        // A copy of its own for each recipient who can opt out (design.md, Outbound order): its fields and signature stand in front of the shared bytes.
        var ownCopies = sender.UseCase.Unsubscribable;
        var content = ownCopies ? ready.Bytes : [.. signer.Sign(ready.Bytes, keys), .. ready.Bytes];
        var deliveries = Deliveries(ready, content, ownCopies ? keys : []);
        var message = Message(ready, content);
        var raw = new NewRaw(sender.WorkspaceId, message.RawId, new RawContent(content), BccField(ready.Bcc), null, null, null);
        var since = time.GetUtcNow() - options.IdempotencyLifetime;
        var result = await database.WriteAsync(
            session =>
            {
                if (ready.IdempotencyKey is { } key && SubmissionStore.FindKey(session, sender.WorkspaceId, key, since) is { } before)
                    return (before.MessageId, before.ThreadId, !before.RequestHash.AsSpan().SequenceEqual(ready.RequestHash));
                MessageStore.InsertRaw(session, raw);
                var threadId = MessageStore.Insert(session, message);
                if (ready.Alias is not null)
                {
                    MessageStore.InsertId(
                        session, sender.WorkspaceId, sender.Address, ready.Alias, ready.MessageKey, threadId, sender.UseCase.UseCaseId, MessageDirection.Out, message.EnvelopeRecipients, message.ContentHash);
                }

                DeliveryStore.Enqueue(session, message, threadId, deliveries, time.GetUtcNow(), options.Lifetime);
                if (ready.IdempotencyKey is not null)
                    SubmissionStore.InsertKey(session, sender.WorkspaceId, ready.IdempotencyKey, new SentBefore(ready.RequestHash ?? [], ready.MessageId, threadId), since);
                return (ready.MessageId, threadId, false);
            },
            cancellationToken).ConfigureAwait(false);
        meter.Submitted(deliveries.Count, via);
        return result;
    }

    private List<NewDelivery> Deliveries(ReadyMessage ready, byte[] content, IReadOnlyList<DkimSigningKey> ownKeys)
    {
        var domain = ready.Sender.Domain;
        var reversePath = tokens.Write(TokenKind.Bounce, ready.MessageKey, domain);
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
        var said = MessageContent.Read(MimeMessage.Parse(content));
        var recipients = ready.Recipients.Select(r => AddressParts.Normalise(r.Mailbox.Address)).ToList();
        return new NewMessage
        {
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
            From = said.From.Count > 0 ? said.From[0].ToDisplay() : sender.Address,
            To = Show(said.To),
            Cc = Show(said.Cc),
            Bcc = ready.Bcc,
            ReplyTo = Show(said.ReplyTo),
            Subject = said.Subject.Length == 0 ? null : said.Subject,
            BaseSubject = Subjects.Base(said.Subject).Base.ToLowerInvariant(),
            Preview = said.Preview.Length == 0 ? null : said.Preview,
            Labels = [Labels.Sent, .. ready.Labels],
            Attachments = [.. said.Attachments.Select((a, i) => new StoredAttachment(
                $"{i + 1:0000}", a.FileName, a.ContentType, a.Size, a.Inline, a.ContentId, a.Offset, a.Length, EncodingName(a.Encoding)))],
            InReplyTo = ready.InReplyTo,
            References = ready.References,
            Size = content.Length,
            ContentHash = SHA256.HashData(content),
            ResolvedKey = ready.ResolvedKey,
            EnvelopeRecipients = recipients,
            EventType = EventTypes.Queued,
            EventFacts = JsonSerializer.Serialize(new RecipientFacts(recipients), DeliveryJson.Default.RecipientFacts),
        };
    }

    private static List<string> Show(IReadOnlyList<MailAddress> addresses) => [.. addresses.Select(a => a.ToDisplay())];

    private static string EncodingName(TransferEncoding encoding) => encoding switch
    {
        TransferEncoding.Base64 => "base64",
        TransferEncoding.QuotedPrintable => "quoted-printable",
        _ => "8bit",
    };

    // Put in front of the sender's own copy, and of no other.
    private static byte[]? BccField(IReadOnlyList<string> bcc) =>
        bcc.Count == 0 ? null : Encoding.UTF8.GetBytes($"Bcc: {string.Join(",\r\n ", bcc.Select(b => AddressText.Parse(b)?.ToString() ?? b))}\r\n");
}
