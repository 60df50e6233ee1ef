using AgentMta.Protocol.Mime;

namespace AgentMta.Protocol.Reports;

/// <summary>Reads message disposition notifications (RFC 8098): read receipts, and what else became of a message.</summary>
internal static class DispositionReader
{
    public static MailReport Read(string part)
    {
        var fields = ReportFields.Groups(part).SelectMany(group => group).ToList();
        var address = ReportFields.Address(ReportFields.First(fields, "Final-Recipient"));
        var original = ReportFields.FromXtext(ReportFields.Address(ReportFields.First(fields, "Original-Recipient")));
        // RFC 8098 3.2.6: "manual-action/MDN-sent-manually; displayed".
        var disposition = ReportFields.First(fields, "Disposition");
        var type = disposition?[(disposition.IndexOf(';') + 1)..].Split('/', ',')[0].Trim().ToLowerInvariant();
        List<ReportRecipient> recipients = address.Length == 0 ? [] : [new ReportRecipient(address, original.Length == 0 ? null : original, null, null, null, BounceCause.Unknown, null, null)];
        return new MailReport(ReportKind.Mdn, recipients, MessageIdParser.Parse(ReportFields.First(fields, "Original-Message-ID")))
        {
            Disposition = string.IsNullOrEmpty(type) ? null : type,
            ReportingMta = ReportFields.First(fields, "MDN-Gateway"),
        };
    }
}
