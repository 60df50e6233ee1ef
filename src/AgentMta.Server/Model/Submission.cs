namespace AgentMta.Server.Model;

/// <summary>What kind of message a caller asked for.</summary>
internal enum SubmissionKind
{
    Send,
    Reply,
    ReplyAll,
    Forward,
}

/// <summary>An attachment as given: its bytes, and what the caller says of it.</summary>
internal sealed record SubmittedAttachment(byte[] Content, string? FileName, string? ContentType, bool Inline, string? ContentId);

/// <summary>A message that an agent or an API client wants to send; null lists were not given, empty ones were.</summary>
internal sealed record Submission
{
    public required Credential Credential { get; init; }

    /// <summary>The sender: an inbox within the credential's scope.</summary>
    public required string InboxId { get; init; }

    public required SubmissionKind Kind { get; init; }

    /// <summary>Message-ID (with brackets) of the message answered or forwarded, in the same inbox.</summary>
    public string? TargetMessageId { get; init; }

    public IReadOnlyList<string>? To { get; init; }

    public IReadOnlyList<string>? Cc { get; init; }

    public IReadOnlyList<string>? Bcc { get; init; }

    public IReadOnlyList<string>? ReplyTo { get; init; }

    public string? Subject { get; init; }

    public string? Text { get; init; }

    public string? Html { get; init; }

    public IReadOnlyList<string> Labels { get; init; } = [];

    public IReadOnlyList<SubmittedAttachment> Attachments { get; init; } = [];

    public IReadOnlyDictionary<string, string> Headers { get; init; } = new Dictionary<string, string>();

    public string? IdempotencyKey { get; init; }

    /// <summary>SHA-256 over endpoint and body: the same key with another request is a conflict.</summary>
    public byte[]? RequestHash { get; init; }
}

/// <summary>Why a submission was refused: an HTTP status with the stable code, message and next action of the wire contract.</summary>
internal sealed record SubmitFault(int Status, string Code, string Message, string? Fix = null);

/// <summary>The outcome of a submission: ids of the stored, queued message, or a fault.</summary>
internal sealed record SubmitResult(string? MessageId, string? ThreadId, SubmitFault? Fault = null);

/// <summary>Composes, stores and queues a message in one transaction.</summary>
internal delegate Task<SubmitResult> SubmitMessage(Submission submission, CancellationToken cancellationToken);
