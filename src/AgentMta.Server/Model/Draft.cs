namespace AgentMta.Server.Model;

/// <summary>What a client wrote into a draft; kept as it stands, judged when it is sent.</summary>
internal sealed record DraftContent
{
    public IReadOnlyList<string>? To { get; init; }

    public IReadOnlyList<string>? Cc { get; init; }

    public IReadOnlyList<string>? Bcc { get; init; }

    public IReadOnlyList<string>? ReplyTo { get; init; }

    public string? Subject { get; init; }

    public string? Text { get; init; }

    public string? Html { get; init; }

    /// <summary>The message that the draft answers.</summary>
    public string? InReplyTo { get; init; }

    public bool ReplyAll { get; init; }

    /// <summary>The message that the draft forwards.</summary>
    public string? ForwardOf { get; init; }

    /// <summary>Octets of memory that its texts take, as near as need be.</summary>
    public long Weight() => sizeof(char) * ((Text?.Length ?? 0) + (Html?.Length ?? 0L) + (Subject?.Length ?? 0) + Length(To) + Length(Cc) + Length(Bcc) + Length(ReplyTo));

    private static long Length(IReadOnlyList<string>? values) => values?.Sum(v => (long)v.Length) ?? 0;
}

/// <summary>A message in the making.</summary>
/// <param name="SendStatus">scheduled, sending or failed; null for one that waits for its writer.</param>
/// <param name="Fault">Why the last sending failed.</param>
internal sealed record Draft(
    string WorkspaceId, string DraftId, string PodId, string InboxId, string? ClientId, IReadOnlyList<string> Labels, DraftContent Content, string? SendStatus, DateTimeOffset? SendAt,
    string? Fault, DateTimeOffset CreatedAt, DateTimeOffset UpdatedAt)
{
    public const string Scheduled = "scheduled";
    public const string Sending = "sending";
    public const string Failed = "failed";
}

/// <summary>A draft to be sent now.</summary>
internal sealed record DueDraft(string WorkspaceId, string PodId, string InboxId, string DraftId);

/// <summary>An attachment of a draft, without its bytes.</summary>
internal sealed record DraftAttachment(string AttachmentId, string? FileName, string? ContentType, bool Inline, string? ContentId, long Size);
