namespace AgentMta.Protocol.Reports;

/// <summary>What kind of machine wrote a message, so that an agent neither answers it nor takes it for a person's words.</summary>
public enum ReportKind
{
    /// <summary>A delivery status notification with a machine-readable part (RFC 3464).</summary>
    Dsn,

    /// <summary>A complaint in the Abuse Reporting Format (RFC 5965) or a provider's own form of it.</summary>
    Arf,

    /// <summary>A message disposition notification (RFC 8098).</summary>
    Mdn,

    /// <summary>An automatic answer such as an absence notice (RFC 3834).</summary>
    AutoReply,

    /// <summary>A non-delivery report in prose.</summary>
    Bounce,
}

/// <summary>Whether trying again can help.</summary>
public enum BounceClass
{
    Hard,
    Soft,
}

/// <summary>What stood in the way; only <see cref="Recipient"/> says that the address itself is bad, and so may suppress it.</summary>
public enum BounceCause
{
    Recipient,
    MailboxFull,
    Policy,
    Content,
    Infrastructure,
    Unknown,
}

/// <summary>One recipient of a report. Action and Status as in RFC 3464 (lower case) and RFC 3463; Class is null where nothing failed; Address is empty where a report in prose names nobody.</summary>
public sealed record ReportRecipient(
    string Address,
    string? OriginalRecipient,
    string? Action,
    string? Status,
    BounceClass? Class,
    BounceCause Cause,
    string? Diagnostic,
    string? RemoteMta);

/// <summary>A message that a machine wrote about other mail. Message ids have angle brackets; fields that a kind has not are null.</summary>
public sealed record MailReport(ReportKind Kind, IReadOnlyList<ReportRecipient> Recipients, string? OriginalMessageId)
{
    /// <summary>RFC 3461 ENVID of the original.</summary>
    public string? OriginalEnvelopeId { get; init; }

    public string? ReportingMta { get; init; }

    /// <summary>RFC 5965 3.1: abuse, fraud, not-spam …; opt-out of the older dialects.</summary>
    public string? FeedbackType { get; init; }

    /// <summary>RFC 5965 3.2: the address that the complained-of mail came from.</summary>
    public string? SourceAddress { get; init; }

    /// <summary>RFC 8098 3.2.6: displayed, deleted, denied …</summary>
    public string? Disposition { get; init; }
}
