using AgentMta.Protocol.Mime;
using AgentMta.Protocol.Reports;
using AgentMta.Server.Model;
using AgentMta.Server.Store;

namespace AgentMta.Server.Outbound;

/// <summary>Tells senders who came by SMTP submission what became of their mail (RFC 3461 5.2, RFC 3464): into their inbox, header only. API senders read events instead, strangers get nothing.</summary>
internal sealed class StatusNotifier(MessageIds ids, OutboundOptions options, TimeProvider time)
{
    /// <summary>Whether the sender is told of this outcome (RFC 3461 4.1).</summary>
    public static bool IsCalledFor(DeliveryOutcome outcome, AttemptTrace trace)
    {
        var delivery = outcome.Delivery;
        // RFC 3464 2: never about mail from the null reverse-path.
        if (!delivery.Options.Submitted || delivery.ReversePath.Length == 0)
            return false;
        return outcome.State switch
        {
            DeliveryState.Bounced => Asks(delivery.Options.Notify, "FAILURE", unasked: true),
            DeliveryState.Delivered => !trace.NotifiesItself && Asks(delivery.Options.Notify, "SUCCESS", unasked: false),
            _ => false,
        };
    }

    /// <summary>Whether the sender is told by mail that it waits.</summary>
    public static bool IsCalledForDelay(DeliveryOutcome outcome) =>
        outcome.Delivery.Options.Submitted && outcome.Delivery.ReversePath.Length > 0 && Asks(outcome.Delivery.Options.Notify, "DELAY", unasked: true);

    /// <summary>Stores one notification about outcomes of one message, in their transaction.</summary>
    /// <param name="original">The message as it was sent.</param>
    public void Notify(WriteSession session, IReadOnlyList<DeliveryOutcome> outcomes, AttemptTrace trace, ReadOnlyMemory<byte> original)
    {
        var delivery = outcomes[0].Delivery;
        var domain = delivery.InboxId[(delivery.InboxId.LastIndexOf('@') + 1)..];
        var key = Ids.New(session.Time);
        var content = new DsnContent
        {
            From = $"mailer-daemon@{domain}",
            To = delivery.InboxId,
            MessageId = ids.Write(key, domain),
            Date = time.GetUtcNow(),
            ReportingMta = options.HostName,
            Recipients = [.. outcomes.Select(o => Recipient(o, trace))],
            Original = original,
            ArrivalDate = delivery.QueuedAt,
            EnvelopeId = delivery.Options.EnvelopeId is { } xtext && Protocol.Smtp.Xtext.TryDecode(xtext, out var decoded) ? decoded : null,
        };
        Store(session, delivery, content, key, DsnWriter.Write(content));
    }

    private static bool Asks(string? notify, string word, bool unasked) =>
        notify is null ? unasked : notify.Split(',').Contains(word, StringComparer.OrdinalIgnoreCase);

    private static ReportRecipient Recipient(DeliveryOutcome outcome, AttemptTrace trace)
    {
        var local = trace.Host == AttemptTrace.LocalHost;
        var action = outcome.State switch { DeliveryState.Bounced => "failed", DeliveryState.Deferred => "delayed", _ => local ? "delivered" : "relayed" };
        var original = outcome.Delivery.Options.OriginalRecipient;
        var semicolon = original?.IndexOf(';', StringComparison.Ordinal) ?? -1;
        var named = semicolon >= 0 && Protocol.Smtp.Xtext.TryDecode(original.AsSpan(semicolon + 1), out var decoded) ? decoded : null;
        BounceClass? bounce = outcome.State switch { DeliveryState.Bounced => ReplyClass.Of(outcome.Status, outcome.Reply), DeliveryState.Deferred => BounceClass.Soft, _ => null };
        return new ReportRecipient(outcome.Delivery.Recipient, named, action, outcome.Status, bounce, outcome.Cause, outcome.Reply, local ? null : trace.Host);
    }

    private static void Store(WriteSession session, LeasedDelivery delivery, DsnContent content, string key, byte[] bytes)
    {
        var mime = MimeMessage.Parse(bytes);
        var said = MessageContent.Read(mime);
        var rawId = Ids.New(session.Time);
        MessageStore.InsertRaw(session, new NewRaw(delivery.WorkspaceId, rawId, new RawContent(bytes), null, null, null, null));
        MessageStore.Insert(session, new NewMessage
        {
            Aligned = true,
            WorkspaceId = delivery.WorkspaceId,
            PodId = delivery.PodId,
            InboxId = delivery.InboxId,
            UseCaseId = delivery.UseCaseId,
            MessageKey = key,
            RawId = rawId,
            ThreadId = delivery.ThreadId,
            MessageId = content.MessageId,
            Direction = MessageDirection.In,
            Timestamp = content.Date,
            From = said.From[0].ToDisplay(),
            To = [delivery.InboxId],
            Subject = said.Subject,
            Preview = said.Preview,
            Labels = [Labels.Received, Labels.Unread, Labels.AutoReply],
            Attachments = StoredAttachments.Of(said, key),
            InReplyTo = delivery.MessageId,
            References = [delivery.MessageId],
            Size = bytes.Length,
            ContentHash = ContentHash.Compute(mime.Headers, bytes),
            EventType = EventTypes.Received,
        });
    }
}
