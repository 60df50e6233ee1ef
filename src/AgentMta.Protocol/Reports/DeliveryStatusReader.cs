namespace AgentMta.Protocol.Reports;

/// <summary>Reads the machine-readable part of a delivery status notification (RFC 3464, 6533), as strictly as the world writes it.</summary>
internal static class DeliveryStatusReader
{
    private const int MaxRecipients = 1000;
    private const int MaxDiagnostic = 2000;

    /// <summary>Recipients with what the part says of each; `prose` is what the report says to people, asked where the diagnostic says too little.</summary>
    public static List<ReportRecipient> Read(string part, string prose, out string? reportingMta, out string? envelopeId)
    {
        var recipients = new List<ReportRecipient>();
        var signs = new ProseSigns(prose);
        reportingMta = null;
        envelopeId = null;
        foreach (var group in ReportFields.Groups(part))
        {
            reportingMta ??= Mta(ReportFields.First(group, "Reporting-MTA"));
            envelopeId ??= ReportFields.First(group, "Original-Envelope-Id");
            foreach (var fields in Split(group))
            {
                if (recipients.Count < MaxRecipients && Recipient(fields, signs) is { } recipient)
                    recipients.Add(recipient);
            }
        }

        return recipients;
    }

    /// <summary>Some servers leave out the blank line between recipients: a repeated field begins the next.</summary>
    private static IEnumerable<List<(string Name, string Value)>> Split(List<(string Name, string Value)> group)
    {
        var current = new List<(string Name, string Value)>();
        foreach (var field in group)
        {
            if (field.Name.Equals("Final-Recipient", StringComparison.OrdinalIgnoreCase) && ReportFields.First(current, "Final-Recipient") is not null)
            {
                yield return current;
                current = [];
            }

            current.Add(field);
        }

        yield return current;
    }

    private static ReportRecipient? Recipient(List<(string Name, string Value)> fields, ProseSigns prose)
    {
        var final = ReportFields.Address(ReportFields.First(fields, "Final-Recipient"));
        var actual = ReportFields.Address(ReportFields.First(fields, "X-Actual-Recipient"));
        var original = ReportFields.FromXtext(ReportFields.Address(ReportFields.First(fields, "Original-Recipient")));
        if (final.Length == 0 && original.Length == 0 && actual.Length == 0)
            return null;
        var address = HasDomain(final) ? final : HasDomain(original) ? original : HasDomain(actual) ? actual : final.Length > 0 ? final : original;
        var action = Word(ReportFields.First(fields, "Action"));
        var status = ReportFields.First(fields, "Status") is { } field ? EnhancedStatus.Find(field) : null;
        var diagnostic = Diagnostic(ReportFields.First(fields, "Diagnostic-Code"));
        var remote = Mta(ReportFields.First(fields, "Remote-MTA"));
        var failed = action switch
        {
            // RFC 3464 2.3.3: delivered, relayed and expanded are no failures.
            "delivered" or "relayed" or "expanded" or "deliverable" => false,
            "failed" or "failure" or "delayed" => true,
            _ => status is null || status[0] != '2',
        };
        if (!failed)
            return new ReportRecipient(address, Empty(original), action, status, null, BounceCause.Unknown, diagnostic, remote);
        var verdict = BounceVerdict.Of(status, diagnostic, prose, action == "delayed");
        return new ReportRecipient(address, Empty(original), action, verdict.Status ?? status, verdict.Class, verdict.Cause, diagnostic, remote);
    }

    private static bool HasDomain(string address) => address.IndexOf('@') is > 0 and var at && at < address.Length - 1;

    private static string? Empty(string text) => text.Length == 0 ? null : text;

    private static string? Word(string? value)
    {
        var word = value?.TrimStart().Split(' ', '(', ';', '\t')[0].ToLowerInvariant();
        return string.IsNullOrEmpty(word) ? null : word;
    }

    private static string? Diagnostic(string? value)
    {
        if (string.IsNullOrWhiteSpace(value))
            return null;
        var semicolon = value.IndexOf(';');
        var text = semicolon is >= 0 and < 24 && !value[..semicolon].Contains(' ', StringComparison.Ordinal) ? value[(semicolon + 1)..].Trim() : value.Trim();
        return text.Length == 0 ? null : text.Length > MaxDiagnostic ? text[..MaxDiagnostic] : text;
    }

    private static string? Mta(string? value)
    {
        if (string.IsNullOrWhiteSpace(value))
            return null;
        var semicolon = value.IndexOf(';');
        return Empty((semicolon is >= 0 and < 16 ? value[(semicolon + 1)..] : value).Trim());
    }
}
