using AgentMta.Protocol.Addresses;
using AgentMta.Protocol.Mime;
using AgentMta.Server.Model;

namespace AgentMta.Server.Outbound;

/// <summary>What a submission answers: the stored message, its bytes where they are needed with the right to read them, and the chain of its thread.</summary>
internal sealed record AnsweredMessage(TargetMessage Target, IReadOnlyList<string> Chain, MessageContent? Content, ReadOnlyMemory<byte> Raw, ParseSlots.Slot Slot);

/// <summary>Writes the message that a submission asks for: headers, threading, body, attachments.</summary>
internal sealed class Composer(MessageIds ids, OutboundOptions options, TimeProvider time)
{
    private const string DefaultType = "application/octet-stream";

    /// <summary>A message that is ready to be signed and queued.</summary>
    /// <exception cref="ArgumentException">A value that no header can carry.</exception>
    public ReadyMessage Compose(Submission submission, SenderProfile sender, RecipientSet recipients, IReadOnlyList<MailAddress> replyTo, AnsweredMessage? answered)
    {
        var key = Ids.New(time);
        var messageId = ids.Write(key, sender.Domain);
        var isForward = submission.Kind == SubmissionKind.Forward;
        var isReply = answered is not null && !isForward;
        var chain = answered?.Chain ?? [];
        var (text, html) = isForward && answered?.Content is { } original ? ForwardBody.Write(submission.Text, submission.Html, original) : (submission.Text, submission.Html);
        var attachments = submission.Attachments.Select(a => new OutgoingAttachment(a.FileName ?? "attachment", a.ContentType ?? DefaultType, a.Content, a.ContentId?.Trim('<', '>'), a.Inline)).ToList();
        if (isForward && answered?.Content is { } carried)
            attachments.AddRange(ForwardBody.Attachments(carried, answered.Raw));
        var message = new OutgoingMessage
        {
            From = new MailAddress(sender.Inbox.DisplayName ?? "", sender.Address[..sender.Address.LastIndexOf('@')], sender.Domain),
            To = recipients.To,
            Cc = recipients.Cc,
            ReplyTo = replyTo,
            Subject = Subject(submission, answered),
            Date = time.GetUtcNow(),
            MessageId = messageId,
            InReplyTo = isReply ? [answered!.Target.MessageId] : [],
            References = ReferenceChain.Trim(chain, options.WireReferences),
            ExtraHeaders = [.. submission.Headers.Select(h => (h.Key, h.Value))],
            Text = text,
            Html = html,
            Attachments = attachments,
        };
        return new ReadyMessage
        {
            Sender = sender,
            MessageKey = key,
            MessageId = messageId,
            Bytes = MimeWriter.Write(message, messageId),
            Recipients = [.. recipients.All.Select(a => new EnvelopeRecipient(Mailbox.Parse(a.Address)!))],
            Bcc = [.. recipients.Bcc.Select(a => a.ToDisplay())],
            ThreadId = answered?.Target.ThreadId,
            InReplyTo = isReply ? answered!.Target.MessageId : null,
            References = chain,
            Labels = [.. submission.Labels.Select(l => l.ToLowerInvariant()).Distinct(StringComparer.Ordinal)],
            ResolvedKey = isReply ? answered!.Target.MessageKey : null,
            Options = new DeliveryOptions { Utf8 = message.NeedsSmtpUtf8 },
            IdempotencyKey = submission.IdempotencyKey,
            RequestHash = submission.RequestHash,
        };
    }

    private static string Subject(Submission submission, AnsweredMessage? answered) => (submission.Kind, answered) switch
    {
        (SubmissionKind.Send, _) or (_, null) => submission.Subject ?? "",
        (SubmissionKind.Forward, _) => submission.Subject ?? ReplyRules.ForwardSubject(answered.Target.Subject),
        _ => submission.Subject ?? ReplyRules.ReplySubject(answered.Target.Subject),
    };
}
