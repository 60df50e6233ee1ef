namespace AgentMta.Protocol.Reports;

/// <summary>What a delivery status notification of ours says: the envelope facts of a message of one of our submitters, and what became of each recipient.</summary>
public sealed record DsnContent
{
    /// <summary>The author, such as mailer-daemon of the sending domain; the envelope sender is null all the same (RFC 3464 2).</summary>
    public required string From { get; init; }

    public required string To { get; init; }

    /// <summary>With brackets, unique; the boundary is made from it.</summary>
    public required string MessageId { get; init; }

    public required DateTimeOffset Date { get; init; }

    public required string ReportingMta { get; init; }

    public required IReadOnlyList<ReportRecipient> Recipients { get; init; }

    /// <summary>The original message as it was sent; only its header goes into the notification (RFC 3461 4.3).</summary>
    public required ReadOnlyMemory<byte> Original { get; init; }

    public DateTimeOffset? ArrivalDate { get; init; }

    /// <summary>RFC 3461 ENVID as the submitter gave it, decoded.</summary>
    public string? EnvelopeId { get; init; }
}
