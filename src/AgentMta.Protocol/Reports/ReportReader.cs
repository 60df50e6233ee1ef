using AgentMta.Protocol.Mime;

namespace AgentMta.Protocol.Reports;

/// <summary>Tells whether a machine wrote a message about other mail, and what it says: from the machine-readable parts first, then from the habits of older servers.</summary>
public static class ReportReader
{
    private const int MaxPart = 2 * 1024 * 1024;

    /// <summary>The report that the message is, or null for a person's (or any other) mail. Bounded for any input; never throws.</summary>
    public static MailReport? Read(MimeMessage message)
    {
        var feedback = Part(message, "message", "feedback-report");
        if (feedback is not null)
            return FeedbackReader.Read(feedback, ReportText.Of(message));
        if ((Part(message, "message", "delivery-status") ?? Part(message, "message", "global-delivery-status")) is { } status)
            return Dsn(message, status);
        if ((Part(message, "message", "disposition-notification") ?? Part(message, "message", "global-disposition-notification")) is { } disposition)
            return DispositionReader.Read(disposition);
        return NotificationReader.Read(message) ?? FeedbackReader.ReadDialect(message) ?? Prose(message) ?? AutoReplyReader.Read(message);
    }

    private static string? Part(MimeMessage message, string type, string subtype)
    {
        foreach (var part in message.Parts())
        {
            if (part.ContentType.IsType(type, subtype) && part.BodyLength <= MaxPart)
                return part.DecodeText();
        }

        return null;
    }

    private static MailReport? Dsn(MimeMessage message, string status)
    {
        var text = ReportText.Of(message);
        var recipients = DeliveryStatusReader.Read(status, text.Prose, out var reportingMta, out var envelopeId);
        if (recipients.Count == 0)
            recipients = ProseBounceReader.Recipients(message, text);
        return new MailReport(ReportKind.Dsn, recipients, text.OriginalMessageId) { ReportingMta = reportingMta, OriginalEnvelopeId = envelopeId };
    }

    private static MailReport? Prose(MimeMessage message)
    {
        if (!ProseBounceReader.LooksLikeOne(message, out var text))
            return null;
        // A filter may have wrapped a report into one of its own, without names.
        if (Nested(message) is { } nested && ProseBounceReader.NamesNobody(message, text))
            return nested;
        var recipients = ProseBounceReader.Recipients(message, text);
        // A person may write of undeliverable goods: without a name, only a machine's word counts.
        if (recipients is [{ Address: "" }] && !ProseBounceReader.IsMachine(message.Headers))
            return null;
        return new MailReport(ReportKind.Bounce, recipients, text.OriginalMessageId);
    }

    private static MailReport? Nested(MimeMessage message)
    {
        foreach (var part in message.Parts())
        {
            if (part.ContentType.IsType("message", "rfc822") && part.BodyLength <= MaxPart)
            {
                var inner = MimeMessage.Parse(part.Decode());
                return Part(inner, "message", "delivery-status") is { } status ? Dsn(inner, status) : null;
            }
        }

        return null;
    }
}
