using System.Text.Json;
using AgentMta.Server.Model;
using AgentMta.Server.Store;

namespace AgentMta.Server.Api;

/// <summary>An attachment on the wire.</summary>
internal sealed record AttachmentResponse(string AttachmentId, long Size, string? Filename, string ContentType, string ContentDisposition, string? ContentId, string? DownloadUrl = null, DateTimeOffset? ExpiresAt = null)
{
    /// <summary>The attachment as lists show it.</summary>
    public static AttachmentResponse Of(StoredAttachment attachment) =>
        new(attachment.Id, attachment.Size, attachment.FileName, attachment.ContentType, attachment.Inline ? "inline" : "attachment", attachment.ContentId);
}

/// <summary>A message on the wire; lists leave the bodies out.</summary>
internal sealed record MessageResponse
{
    public required string InboxId { get; init; }

    public required string ThreadId { get; init; }

    public required string MessageId { get; init; }

    public required IReadOnlyList<string> Labels { get; init; }

    public required DateTimeOffset Timestamp { get; init; }

    public required string From { get; init; }

    public required IReadOnlyList<string> To { get; init; }

    public IReadOnlyList<string>? Cc { get; init; }

    public IReadOnlyList<string>? Bcc { get; init; }

    public IReadOnlyList<string>? ReplyTo { get; init; }

    public string? Subject { get; init; }

    public string? Preview { get; init; }

    public string? Text { get; init; }

    public string? Html { get; init; }

    public string? ExtractedText { get; init; }

    public string? ExtractedHtml { get; init; }

    public IReadOnlyList<AttachmentResponse>? Attachments { get; init; }

    public string? InReplyTo { get; init; }

    public IReadOnlyList<string>? References { get; init; }

    public IReadOnlyDictionary<string, string>? Headers { get; init; }

    /// <summary>The results of authentication; a single message has the whole verdict with its evidence, as agentmta auth --json writes it.</summary>
    public JsonElement? AuthenticationResults { get; init; }

    public HighlightResponse? Highlights { get; init; }

    /// <summary>On claimed messages alone.</summary>
    public LeaseResponse? Lease { get; init; }

    /// <summary>Increases in the order in which messages came into the inbox.</summary>
    public required long Uid { get; init; }

    public required long Size { get; init; }

    public required DateTimeOffset CreatedAt { get; init; }

    public required DateTimeOffset UpdatedAt { get; init; }

    /// <summary>Octets of memory that its texts take, as near as need be.</summary>
    public long Weight() => sizeof(char) * ((Text?.Length ?? 0) + (Html?.Length ?? 0L) + (ExtractedText?.Length ?? 0) + (ExtractedHtml?.Length ?? 0) + (Subject?.Length ?? 0)
        + Length(To) + Length(Cc) + Length(Bcc) + Length(ReplyTo) + Length(References) + (Headers?.Sum(h => (long)h.Value.Length) ?? 0)
        + (Attachments?.Sum(a => AttachmentLength + (a.Filename?.Length ?? 0) + a.ContentType.Length + (a.ContentId?.Length ?? 0)) ?? 0L));

    /// <summary>The message as lists show it.</summary>
    public static MessageResponse Of(StoredMessage message) => new()
    {
        InboxId = message.InboxId,
        ThreadId = message.ThreadId,
        MessageId = message.MessageId,
        Labels = message.Labels,
        Timestamp = message.Timestamp,
        From = message.From,
        To = message.To,
        Cc = Some(message.Cc),
        Bcc = Some(message.Bcc),
        ReplyTo = Some(message.ReplyTo),
        Subject = message.Subject,
        Preview = message.Preview,
        Attachments = message.Attachments.Count == 0 ? null : [.. message.Attachments.Select(AttachmentResponse.Of)],
        InReplyTo = message.InReplyTo,
        References = Some(message.References),
        AuthenticationResults = TraceResponse.Json(message.Authentication),
        Uid = message.Uid,
        Size = message.Size,
        CreatedAt = message.CreatedAt,
        UpdatedAt = message.UpdatedAt,
    };

    private const long AttachmentLength = 100;

    private static long Length(IReadOnlyList<string>? values) => values?.Sum(v => (long)v.Length) ?? 0;

    private static IReadOnlyList<string>? Some(IReadOnlyList<string> values) => values.Count == 0 ? null : values;
}

/// <summary>Where the words of a search were found, between two asterisks each.</summary>
internal sealed record HighlightResponse(IReadOnlyList<string>? From, IReadOnlyList<string>? Recipients, IReadOnlyList<string>? Subject, IReadOnlyList<string>? Text)
{
    /// <summary>What the query found in these fields; only those are there that it found something in.</summary>
    public static HighlightResponse? Of(SearchHighlights highlights, SearchFields? fields) => fields is null ? null : new(
        highlights.Values([fields.From], names: true), highlights.Values(fields.Recipients, names: true), highlights.Values([fields.Subject], names: false), highlights.Fragments(fields.Text));
}

/// <summary>A page of messages.</summary>
internal sealed record MessageList(int Count, int Limit, string? NextPageToken, IReadOnlyList<MessageResponse> Messages);

/// <summary>Where the bytes of a message can be fetched without the API key.</summary>
internal sealed record RawResponse(string MessageId, long Size, string DownloadUrl, DateTimeOffset ExpiresAt);

/// <summary>The labels of a message after a change.</summary>
internal sealed record MessageLabelsResponse(string MessageId, IReadOnlyList<string> Labels);
