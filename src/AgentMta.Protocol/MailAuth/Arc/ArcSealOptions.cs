namespace AgentMta.Protocol.MailAuth.Arc;

/// <summary>How a set is made.</summary>
public sealed record ArcSealOptions
{
    /// <summary>The defaults.</summary>
    public static ArcSealOptions Default { get; } = new();

    /// <summary>h= of the message signature: each name as often as it occurs. Never ARC-Seal (RFC 8617 4.1.2), nor what later hops change.</summary>
    public IReadOnlyList<string> SignedHeaders { get; init; } =
    [
        "from", "to", "cc", "subject", "date", "message-id", "reply-to", "in-reply-to", "references", "mime-version", "content-type",
        "content-transfer-encoding", "list-id", "list-unsubscribe", "list-unsubscribe-post", "sender", "dkim-signature",
    ];
}
