namespace AgentMta.Server.Api;

/// <summary>A draft on the wire; lists leave the bodies out.</summary>
internal sealed record DraftResponse
{
    public required string InboxId { get; init; }

    public required string DraftId { get; init; }

    public string? ClientId { get; init; }

    public required IReadOnlyList<string> Labels { get; init; }

    public IReadOnlyList<string>? To { get; init; }

    public IReadOnlyList<string>? Cc { get; init; }

    public IReadOnlyList<string>? Bcc { get; init; }

    public IReadOnlyList<string>? ReplyTo { get; init; }

    public string? Subject { get; init; }

    public string? Preview { get; init; }

    public string? Text { get; init; }

    public string? Html { get; init; }

    public IReadOnlyList<AttachmentResponse>? Attachments { get; init; }

    public string? InReplyTo { get; init; }

    public string? ForwardOf { get; init; }

    public string? SendStatus { get; init; }

    public DateTimeOffset? SendAt { get; init; }

    /// <summary>Why the last sending failed.</summary>
    public string? Fault { get; init; }

    public DateTimeOffset? CreatedAt { get; init; }

    public required DateTimeOffset UpdatedAt { get; init; }
}

/// <summary>A page of drafts.</summary>
internal sealed record DraftList(int Count, int Limit, string? NextPageToken, IReadOnlyList<DraftResponse> Drafts);

/// <summary>A draft to be made or changed.</summary>
internal abstract record DraftRequest
{
    public Optional<List<string>> To { get; init; }

    public Optional<List<string>> Cc { get; init; }

    public Optional<List<string>> Bcc { get; init; }

    public Optional<List<string>> ReplyTo { get; init; }

    public Optional<string> Subject { get; init; }

    public Optional<string> Text { get; init; }

    public Optional<string> Html { get; init; }

    public List<string>? Labels { get; init; }

    public List<SendAttachment>? Attachments { get; init; }

    public Optional<string> InReplyTo { get; init; }

    public Optional<string> ForwardOf { get; init; }

    public Optional<DateTimeOffset?> SendAt { get; init; }
}

/// <summary>A draft to be written.</summary>
internal sealed record CreateDraftRequest : DraftRequest
{
    public bool? ReplyAll { get; init; }

    public string? ClientId { get; init; }
}

/// <summary>What is to change of a draft; absent fields stay.</summary>
internal sealed record UpdateDraftRequest : DraftRequest
{
    public List<SendAttachment>? AddAttachments { get; init; }

    public List<string>? RemoveAttachments { get; init; }

    public OneOrMany? AddLabels { get; init; }

    public OneOrMany? RemoveLabels { get; init; }
}
