using AgentMta.Protocol.MailAuth;
using AgentMta.Protocol.Reports;
using AgentMta.Server.Model;

namespace AgentMta.Server.Inbound;

/// <summary>Tells what mail from machines is: a report about our mail, an opt-out, or something to be read after all.</summary>
internal static class TokenMail
{
    private const int LongestDiagnostic = 1000;
    private const int MostRecipients = 1000;

    /// <summary>The report or opt-out that a token address got; null for mail that goes to the use case's inbox.</summary>
    public static TokenReport? Read(Arrival arrival, Target target)
    {
        // A machine's answer to an unsubscribe address is no wish of a person.
        if (target.Kind == TargetKind.Unsubscribe)
            return arrival.Message.ReversePath.Length > 0 && !IsAutomatic(arrival) ? TokenReport.OptOut : null;
        return ReportReader.Read(arrival.Mime) is { Kind: ReportKind.Dsn or ReportKind.Bounce or ReportKind.Arf } report ? new TokenReport(Facts(report)) : null;
    }

    /// <summary>Whether a program answered (RFC 3834 5, and the habits before it), so that an agent does not answer back. Looks at the header alone but for the null sender.</summary>
    public static bool IsAutomatic(Arrival arrival)
    {
        var headers = arrival.Headers;
        if (headers.First("Auto-Submitted")?.Text is { } submitted && submitted.StartsWith("auto-replied", StringComparison.OrdinalIgnoreCase))
            return true;
        if (headers.Contains("X-Autoreply") || headers.Contains("X-Autorespond") || headers.First("Precedence")?.Text.Equals("auto_reply", StringComparison.OrdinalIgnoreCase) == true)
            return true;
        return arrival.Message.ReversePath.Length == 0 && !arrival.IsLocal && ReportReader.Read(arrival.Mime) is not null;
    }

    private static ReportFacts Facts(MailReport report) => new(
        report.Kind switch { ReportKind.Dsn => "dsn", ReportKind.Arf => "arf", _ => "bounce" },
        [.. report.Recipients.Take(MostRecipients).Select(r => new ReportedRecipient(
            r.Address, r.OriginalRecipient, r.Action, r.Status, r.Class switch { BounceClass.Hard => "hard", BounceClass.Soft => "soft", _ => null },
            r.Class is null ? null : Word(r.Cause), Cut(r.Diagnostic), r.RemoteMta))],
        report.OriginalMessageId, report.OriginalEnvelopeId, report.ReportingMta, report.FeedbackType, report.SourceAddress);

    private static string Word(Protocol.Reports.BounceCause cause) => cause == Protocol.Reports.BounceCause.MailboxFull ? "mailbox_full" : EnumWord.Of(cause);

    private static string? Cut(string? text) => text is { Length: > LongestDiagnostic } ? text[..LongestDiagnostic] : text;
}
