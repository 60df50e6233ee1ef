using AgentMta.Protocol.Addresses;

namespace AgentMta.Protocol.Mime;

/// <summary>What is to be said in a message that we compose; <see cref="MimeWriter"/> gives it its bytes.</summary>
public sealed record OutgoingMessage
{
    public required MailAddress From { get; init; }

    public MailAddress? Sender { get; init; }

    public IReadOnlyList<MailAddress> To { get; init; } = [];

    public IReadOnlyList<MailAddress> Cc { get; init; } = [];

    public IReadOnlyList<MailAddress> ReplyTo { get; init; } = [];

    public string Subject { get; init; } = "";

    public required DateTimeOffset Date { get; init; }

    /// <summary>With angle brackets.</summary>
    public required string MessageId { get; init; }

    /// <summary>With angle brackets, as <see cref="References"/>; ids that no header can carry are left out.</summary>
    public IReadOnlyList<string> InReplyTo { get; init; } = [];

    public IReadOnlyList<string> References { get; init; } = [];

    /// <summary>Fields besides those above, such as List-Unsubscribe, in their order; the value is one line of text.</summary>
    public IReadOnlyList<(string Name, string Value)> ExtraHeaders { get; init; } = [];

    public string? Text { get; init; }

    public string? Html { get; init; }

    public IReadOnlyList<OutgoingAttachment> Attachments { get; init; } = [];

    /// <summary>True where an address can only go to a server that offers SMTPUTF8 (RFC 6531).</summary>
    public bool NeedsSmtpUtf8 =>
        From.NeedsSmtpUtf8 || Sender is { NeedsSmtpUtf8: true } || To.Concat(Cc).Concat(ReplyTo).Any(a => a.NeedsSmtpUtf8);
}

/// <summary>A file to send along.</summary>
/// <param name="FileName">Any text; control characters and path separators are taken out.</param>
/// <param name="ContentType">type/subtype; application/octet-stream stands in for what cannot be attached as such.</param>
/// <param name="Content">The bytes.</param>
/// <param name="ContentId">Without angle brackets; what the HTML names after <c>cid:</c>.</param>
/// <param name="Inline">Goes beside the HTML (multipart/related) instead of behind the body.</param>
public sealed record OutgoingAttachment(string FileName, string ContentType, ReadOnlyMemory<byte> Content, string? ContentId = null, bool Inline = false);
