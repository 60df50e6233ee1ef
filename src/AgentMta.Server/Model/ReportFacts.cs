namespace AgentMta.Server.Model;

/// <summary>One recipient of a report: action as in RFC 3464, status as in RFC 3463, class hard or soft (null where nothing failed), cause in snake_case.</summary>
internal sealed record ReportedRecipient(
    string Address, string? OriginalRecipient, string? Action, string? Status, string? Class, string? Cause, string? Diagnostic, string? RemoteMta);

/// <summary>What a report about our mail says, as the column reports.facts and the event keep it.</summary>
/// <param name="Kind">dsn, bounce (prose) or arf.</param>
internal sealed record ReportFacts(
    string Kind, IReadOnlyList<ReportedRecipient> Recipients, string? OriginalMessageId, string? EnvelopeId, string? ReportingMta, string? FeedbackType, string? SourceAddress);
