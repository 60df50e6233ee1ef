namespace AgentMta.Server.Model;

/// <summary>Which way a message went.</summary>
internal enum MessageDirection
{
    In,
    Out,
}

/// <summary>One attachment as a range of the raw message, so that nothing is stored twice.</summary>
/// <param name="Id">Opaque, unique within the message.</param>
/// <param name="Offset">First octet of the encoded body in the raw.</param>
/// <param name="Length">Octets of the encoded body.</param>
/// <param name="Encoding">Content-Transfer-Encoding in lower case.</param>
/// <param name="Size">Octets when decoded.</param>
internal sealed record StoredAttachment(string Id, string? FileName, string ContentType, long Size, bool Inline, string? ContentId, long Offset, long Length, string Encoding);

/// <summary>The bytes of one end of data (or of one composed message) with what we put in front of them.</summary>
/// <param name="Trace">Header fields to prepend: Return-Path, Received, Authentication-Results.</param>
/// <param name="Removed">Ranges of foreign fields that are not shown again.</param>
/// <param name="Session">JSON of the SMTP session; null for composed mail.</param>
/// <param name="Authentication">JSON of the authentication verdict with its evidence.</param>
internal sealed record NewRaw(string WorkspaceId, string RawId, RawContent Content, byte[]? Trace, IReadOnlyList<(int Offset, int Length)>? Removed, JsonText? Session, JsonText? Authentication);

/// <summary>A message to be stored for one inbox, with its thread, labels, ids and event, in one transaction.</summary>
internal sealed record NewMessage
{
    public required string WorkspaceId { get; init; }

    public required string PodId { get; init; }

    public required string InboxId { get; init; }

    public required string UseCaseId { get; init; }

    /// <summary>The server's id of the row.</summary>
    public required string MessageKey { get; init; }

    public required string RawId { get; init; }

    /// <summary>null starts a thread.</summary>
    public string? ThreadId { get; init; }

    /// <summary>Unique in the inbox, with angle brackets.</summary>
    public required string MessageId { get; init; }

    public required MessageDirection Direction { get; init; }

    /// <summary>When it was received or composed.</summary>
    public required DateTimeOffset Timestamp { get; init; }

    /// <summary>"Name &lt;user@host&gt;" or "user@host", as are all addresses here.</summary>
    public required string From { get; init; }

    public IReadOnlyList<string> To { get; init; } = [];

    public IReadOnlyList<string> Cc { get; init; } = [];

    public IReadOnlyList<string> Bcc { get; init; } = [];

    public IReadOnlyList<string> ReplyTo { get; init; } = [];

    public string? Subject { get; init; }

    /// <summary>Subject without reply prefixes (RFC 5256 2.1), for threads without references.</summary>
    public string? BaseSubject { get; init; }

    public string? Preview { get; init; }

    public required IReadOnlyList<string> Labels { get; init; }

    public IReadOnlyList<StoredAttachment> Attachments { get; init; } = [];

    public string? InReplyTo { get; init; }

    public IReadOnlyList<string> References { get; init; } = [];

    public required long Size { get; init; }

    /// <summary>SHA-256 over the content without trace fields: tells duplicates.</summary>
    public required byte[] ContentHash { get; init; }

    /// <summary>JSON of each gate's verdict with its evidence.</summary>
    public JsonText? Verdicts { get; init; }

    /// <summary>Somebody answers for the From: an aligned pass, or mail of our own.</summary>
    public required bool Aligned { get; init; }

    /// <summary>JSON of the results of authentication, for lists; the raw has their evidence.</summary>
    public JsonText? Authentication { get; init; }

    /// <summary>Key of the outbound message that this one answers.</summary>
    public string? ResolvedKey { get; init; }

    /// <summary>Envelope recipients of an outbound message: those whose answers are proven replies.</summary>
    public IReadOnlyList<string>? EnvelopeRecipients { get; init; }

    /// <summary>Type of the event written with it.</summary>
    public required string EventType { get; init; }

    /// <summary>JSON facts of that event.</summary>
    public JsonText? EventFacts { get; init; }
}
