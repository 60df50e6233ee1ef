using AgentMta.Protocol.Mime;

namespace AgentMta.Protocol.Reports;

/// <summary>Reads complaints: RFC 5965, and what providers sent before it.</summary>
internal static class FeedbackReader
{
    public static MailReport Read(string part, ReportText text)
    {
        var fields = ReportFields.Groups(part).SelectMany(group => group).ToList();
        var recipients = new List<ReportRecipient>();
        foreach (var name in (ReadOnlySpan<string>)["Original-Rcpt-To", "Removal-Recipient", "X-Original-To"])
        {
            foreach (var (key, value) in fields)
            {
                if (key.Equals(name, StringComparison.OrdinalIgnoreCase) && recipients.Count < 100 && ReportFields.Address(value) is { Length: > 0 } address && !recipients.Any(r => r.Address.Equals(address, StringComparison.OrdinalIgnoreCase)))
                    recipients.Add(Complainer(address));
            }
        }

        if (recipients.Count == 0)
            recipients.AddRange(OfOriginal(text.Original));
        return new MailReport(ReportKind.Arf, recipients, text.OriginalMessageId)
        {
            FeedbackType = ReportFields.First(fields, "Feedback-Type")?.ToLowerInvariant(),
            SourceAddress = ReportFields.First(fields, "Source-IP"),
            ReportingMta = ReportFields.First(fields, "Reporting-MTA"),
            OriginalEnvelopeId = ReportFields.First(fields, "Original-Envelope-Id"),
        };
    }

    /// <summary>Hotmail's JMRP and the like: the complained-of message attached, and a subject that says so.</summary>
    public static MailReport? ReadDialect(MimeMessage message)
    {
        var subject = message.Headers.Value("Subject") ?? "";
        var from = ReportFields.Address(message.Headers.Value("From")).ToLowerInvariant();
        var isHotmail = from.StartsWith("staff@hotmail.", StringComparison.Ordinal) && subject.StartsWith("complaint about message from", StringComparison.OrdinalIgnoreCase);
        var isScomp = subject.StartsWith("Email Feedback Report for IP", StringComparison.OrdinalIgnoreCase) || (from.StartsWith("scomp@", StringComparison.Ordinal) && message.Parts().Any(p => p.ContentType.IsType("message", "rfc822")));
        if (!isHotmail && !isScomp)
            return null;
        var text = ReportText.Of(message);
        return new MailReport(ReportKind.Arf, [.. OfOriginal(text.Original)], text.OriginalMessageId)
        {
            FeedbackType = "abuse",
            SourceAddress = subject[(subject.LastIndexOf(' ') + 1)..].Trim() is { Length: > 6 } ip && System.Net.IPAddress.TryParse(ip, out _) ? ip : null,
        };
    }

    private static ReportRecipient Complainer(string address) => new(address, null, null, null, null, BounceCause.Unknown, null, null);

    private static IEnumerable<ReportRecipient> OfOriginal(string original)
    {
        var header = ReportFields.Groups(original).FirstOrDefault();
        if (header is null)
            yield break;
        var to = ReportFields.First(header, "X-HmXmrOriginalRecipient") ?? ReportFields.First(header, "X-Original-To") ?? ReportFields.First(header, "To");
        foreach (var part in (to ?? "").Split(',').Take(20))
        {
            if (ReportFields.Address(part) is { Length: > 0 } address && address.Contains('@', StringComparison.Ordinal))
                yield return Complainer(address);
        }
    }
}
