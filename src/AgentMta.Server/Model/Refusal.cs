namespace AgentMta.Server.Model;

/// <summary>Mail that was not taken, with all that an operator or owner needs to tell why.</summary>
internal sealed record Refusal
{
    /// <summary>The short id that the reply shows.</summary>
    public required string RefusalId { get; init; }

    /// <summary>mail, rcpt or data; session for one that ended badly or refused commands.</summary>
    public required string Stage { get; init; }

    /// <summary>Whose recipient it was; null where nobody's.</summary>
    public string? WorkspaceId { get; init; }

    public string? PodId { get; init; }

    public string? InboxId { get; init; }

    public required string SessionId { get; init; }

    public string? TransactionId { get; init; }

    public required string ClientAddress { get; init; }

    public string? Helo { get; init; }

    public string? Tls { get; init; }

    public string? ReversePath { get; init; }

    public string? Recipient { get; init; }

    public required int Code { get; init; }

    public string? Status { get; init; }

    /// <summary>The text of the reply.</summary>
    public required string Reply { get; init; }

    /// <summary>JSON of the gates' verdicts, or of a session's refused commands.</summary>
    public string? Verdicts { get; init; }

    /// <summary>JSON of the authentication verdict.</summary>
    public string? Authentication { get; init; }

    public required DateTimeOffset At { get; init; }
}
