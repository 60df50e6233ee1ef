using AgentMta.Server.Model;
using AgentMta.Server.Store;

namespace AgentMta.Server.Api;

/// <summary>A thread on the wire; lists leave the messages and their page fields out.</summary>
internal sealed record ThreadResponse
{
    public required string InboxId { get; init; }

    public required string ThreadId { get; init; }

    public required IReadOnlyList<string> Labels { get; init; }

    public required DateTimeOffset Timestamp { get; init; }

    public DateTimeOffset? ReceivedTimestamp { get; init; }

    public DateTimeOffset? SentTimestamp { get; init; }

    public required IReadOnlyList<string> Senders { get; init; }

    public required IReadOnlyList<string> Recipients { get; init; }

    public string? Subject { get; init; }

    public string? Preview { get; init; }

    public IReadOnlyList<AttachmentResponse>? Attachments { get; init; }

    public required string LastMessageId { get; init; }

    public required long MessageCount { get; init; }

    public required long Size { get; init; }

    public required DateTimeOffset CreatedAt { get; init; }

    public required DateTimeOffset UpdatedAt { get; init; }

    public HighlightResponse? Highlights { get; init; }

    public int? Count { get; init; }

    public int? Limit { get; init; }

    public string? NextPageToken { get; init; }

    public IReadOnlyList<MessageResponse>? Messages { get; init; }

    /// <summary>The thread as lists show it.</summary>
    public static ThreadResponse Of(StoredThread thread) => new()
    {
        InboxId = thread.InboxId,
        ThreadId = thread.ThreadId,
        Labels = [.. thread.Labels.Keys.Order(StringComparer.Ordinal)],
        Timestamp = thread.Timestamp,
        ReceivedTimestamp = thread.ReceivedAt,
        SentTimestamp = thread.SentAt,
        Senders = thread.Senders,
        Recipients = thread.Recipients,
        Subject = thread.Subject,
        Preview = thread.Preview,
        LastMessageId = thread.LastMessageId,
        MessageCount = thread.MessageCount,
        Size = thread.Size,
        CreatedAt = thread.CreatedAt,
        UpdatedAt = thread.UpdatedAt,
    };
}

/// <summary>A page of threads.</summary>
internal sealed record ThreadList(int Count, int Limit, string? NextPageToken, IReadOnlyList<ThreadResponse> Threads);

/// <summary>The labels of a thread after a change.</summary>
internal sealed record ThreadLabelsResponse(string ThreadId, IReadOnlyList<string> Labels);

/// <summary>What is to change of a thread.</summary>
internal sealed record UpdateThreadRequest
{
    public List<string>? AddLabels { get; init; }

    public List<string>? RemoveLabels { get; init; }
}
