using AgentMta.Protocol.Mime;
using AgentMta.Server.Model;
using AgentMta.Server.Store;

namespace AgentMta.Server.Inbound;

/// <summary>
/// Writes the copies of one message for one workspace within the transaction: who it is (identity), where it belongs (thread), then the rows.
/// The raw is written with the first copy that needs it.
/// </summary>
internal sealed class CopyWriter(WriteSession session, Arrival arrival, NewRaw raw)
{
    private const int HashOctetsInId = 20;

    /// <summary>Whether a row names the raw.</summary>
    public bool RawIsUsed { get; private set; }

    /// <summary>Writes one copy, or finds that the inbox has it.</summary>
    public StoredCopy Write(InboundCopy copy)
    {
        if (copy.Report is { } report)
            return Report(copy.Target, report);
        var inbox = copy.Target.Inbox;
        var key = Ids.New(session.Time);
        var original = arrival.MessageId;
        var known = original is null ? null : MessageStore.FindId(session, inbox, original);
        if (known is { IsMessage: true } same && same.ContentHash.AsSpan().SequenceEqual(arrival.ContentHash))
            return Duplicate(copy.Target, original!, same);

        // RFC 5322 3.6.4: an id is unique. Another message under a known one keeps it in its header and gets an id of ours, the same on each retry; so does one whose id is too long.
        var messageId = original ?? $"<{key}.received@{inbox.Domain}>";
        if (known is { IsMessage: true } || arrival.IsMessageIdTooLong)
        {
            messageId = $"<{Base32.Encode(arrival.ContentHash.AsSpan(0, HashOctetsInId))}.received@{inbox.Domain}>";
            if (MessageStore.FindId(session, inbox, messageId) is { IsMessage: true } again)
                return Duplicate(copy.Target, messageId, again);
        }

        var placement = Place(inbox, known);
        var threadId = placement.ThreadId ?? BySubject(copy);
        UseRaw();
        var stored = MessageStore.Insert(session, Row(copy, key, messageId, threadId));
        ThreadStore.Expect(session, inbox, stored, placement.Unknown);
        if (copy.NewContact is { } contact)
            CorrespondentStore.AddContact(session, inbox, contact);
        if (copy.ListDomains.Count > 0)
            CorrespondentStore.AddList(session, inbox, arrival.ListId!, copy.ListDomains);
        return new StoredCopy(copy.Target, CopyOutcome.Stored, messageId, stored) { Labels = copy.Labels };
    }

    private ThreadPlacement Place(LocalInbox inbox, KnownMessageId? known)
    {
        // What waits for this id waits for this message; a message that has it already is only the last resort.
        var waiting = known is { IsMessage: false } ? new KnownId(known.ThreadId, false) : null;
        var placement = ThreadRules.Place(arrival.Ancestors, waiting, id => ThreadStore.Find(session, inbox, id));
        if (placement.Merge.Count > 0)
            return placement with { ThreadId = ThreadStore.Merge(session, inbox, [placement.ThreadId!, .. placement.Merge]) };
        return placement.ThreadId is null && known is { IsMessage: true } ? placement with { ThreadId = known.ThreadId } : placement;
    }

    private string? BySubject(InboundCopy copy)
    {
        var subject = BaseSubject(arrival.Content);
        if (!subject.IsReply || subject.Base.Length == 0 || copy.Labels.Any(Labels.Hiding.Contains))
            return null;
        var content = arrival.Content;
        return ThreadStore.FindBySubject(
            session, copy.Target.Inbox, subject.Base.ToLowerInvariant(), arrival.Message.ReceivedAt, [.. content.From.Concat(content.To).Concat(content.Cc).Select(a => a.Address)]);
    }

    private StoredCopy Duplicate(Target target, string messageId, KnownMessageId same)
    {
        // Mail to oneself: the row of what was sent is also what was received.
        if (same is { Direction: "out", MessageKey: { } key })
            MessageStore.MarkReceived(session, target.Inbox, key, arrival.Message.ReceivedAt);
        var first = same.MessageKey is { } stored ? MessageStore.Traced(session, target.Inbox.WorkspaceId, stored) : null;
        return new StoredCopy(target, CopyOutcome.Duplicate, messageId, same.ThreadId) { TracedBy = first };
    }

    private StoredCopy Report(Target target, TokenReport report)
    {
        // A sender that never saw our 250 comes again with these too: what was taken is known by token and content.
        var inbox = target.Inbox;
        var identity = $"<{Base32.Encode(arrival.ContentHash.AsSpan(0, HashOctetsInId))}.{target.TokenId}.report@{inbox.Domain}>";
        var what = report.Facts is null ? "opt-out" : "report";
        if (MessageStore.FindId(session, inbox, identity) is { IsMessage: true } same)
            return new StoredCopy(target, CopyOutcome.Duplicate, identity, null) { TakenAs = what, TracedBy = same.MessageKey };
        var id = report.Facts is { } facts
            ? ReportStore.InsertReport(session, inbox, UseRaw(), target.TokenId!, facts)
            : ReportStore.InsertUnsubscribe(session, inbox, target.TokenId!, arrival.Sender?.Address);
        MessageStore.InsertId(session, inbox.WorkspaceId, inbox.InboxId, identity, id, Ids.New(session.Time), inbox.UseCaseId, MessageDirection.In, null, arrival.ContentHash);
        return new StoredCopy(target, CopyOutcome.Reported, id, null) { TakenAs = what, TracedBy = id };
    }

    private string UseRaw()
    {
        if (!RawIsUsed)
            MessageStore.InsertRaw(session, raw);
        RawIsUsed = true;
        return raw.RawId;
    }

    private NewMessage Row(InboundCopy copy, string key, string messageId, string? threadId)
    {
        var inbox = copy.Target.Inbox;
        var content = arrival.Content;
        var message = arrival.Message;
        return new NewMessage
        {
            WorkspaceId = inbox.WorkspaceId,
            PodId = inbox.PodId,
            InboxId = inbox.InboxId,
            UseCaseId = inbox.UseCaseId,
            MessageKey = key,
            RawId = raw.RawId,
            ThreadId = threadId,
            MessageId = messageId,
            Direction = MessageDirection.In,
            Timestamp = message.ReceivedAt,
            From = RowBounds.Author(content.From) ?? message.ReversePath,
            To = RowBounds.People(content.To),
            Cc = RowBounds.People(content.Cc),
            Bcc = RowBounds.People(content.Bcc),
            ReplyTo = RowBounds.People(content.ReplyTo),
            Subject = RowBounds.Subject(content.Subject),
            BaseSubject = BaseSubject(content).Base is { Length: > 0 } subject ? subject.ToLowerInvariant() : null,
            Preview = content.Preview,
            Labels = [Labels.Received, Labels.Unread, .. copy.Labels],
            Attachments = StoredAttachments.Of(content, key),
            InReplyTo = content.InReplyTo is [var parent, ..] ? parent : null,
            References = RowBounds.References(content.References),
            Size = message.Raw.Bytes.Length,
            ContentHash = arrival.ContentHash,
            Verdicts = copy.Verdicts,
            Aligned = arrival.IsLocal || arrival.Authentication is { HasAlignedPass: true },
            Authentication = arrival.AuthenticationSummary,
            ResolvedKey = copy.Proof.Answered?.MessageKey,
            EventType = EventType(copy.Labels),
            EventFacts = Facts(copy.Target),
        };
    }

    private JsonText Facts(Target target) => JsonText.Write((arrival.Message, target), static (json, of) =>
    {
        json.WriteStartObject();
        json.WriteString("recipient"u8, of.target.Address);
        json.WriteString("reverse_path"u8, of.Message.ReversePath);
        json.WriteString("transaction_id"u8, of.Message.TransactionId);
        json.WriteEndObject();
    });

    private static string EventType(IReadOnlyList<string> labels) =>
        labels.Contains(Labels.Blocked) ? EventTypes.ReceivedBlocked
        : labels.Contains(Labels.Spam) ? EventTypes.ReceivedSpam
        : labels.Contains(Labels.Unauthenticated) ? EventTypes.ReceivedUnauthenticated
        : EventTypes.Received;

    private static BaseSubject BaseSubject(MessageContent content) => Subjects.Base(RowBounds.Subject(content.Subject));
}
