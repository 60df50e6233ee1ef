using System.Data.Common;
using AgentMta.Server.Model;

namespace AgentMta.Server.Store;

/// <summary>A thread as lists show it.</summary>
/// <param name="Labels">How many of its messages carry each label.</param>
internal sealed record StoredThread(
    string WorkspaceId, string ThreadId, string PodId, string InboxId, string? Subject, string? Preview, string LastMessageId, long MessageCount, long Size,
    IReadOnlyList<string> Senders, IReadOnlyList<string> Recipients, IReadOnlyDictionary<string, long> Labels, DateTimeOffset Timestamp, DateTimeOffset? ReceivedAt,
    DateTimeOffset? SentAt, DateTimeOffset CreatedAt, DateTimeOffset UpdatedAt)
{
    /// <summary>The columns in the order that <see cref="Read"/> takes them, of the table alias t.</summary>
    public const string Columns =
        "t.workspace_id, t.thread_id, t.pod_id, t.inbox_id, t.subject, t.preview, t.last_message_id, t.message_count, t.size, t.senders, t.recipients, t.labels, " +
        "t.timestamp, t.received_at, t.sent_at, t.created_at, t.updated_at";

    /// <summary>Reads a row.</summary>
    public static StoredThread Read(DbDataReader row) => new(
        row.GetString(0), row.GetString(1), row.GetString(2), row.GetString(3), row.Text(4), row.Text(5), row.GetString(6), row.GetInt64(7), row.GetInt64(8),
        StoreJson.ReadList(row.GetString(9)), StoreJson.ReadList(row.GetString(10)), StoreJson.ReadCounts(row.GetString(11)), Clock.FromMicros(row.GetInt64(12)),
        row.Time(13), row.Time(14), Clock.FromMicros(row.GetInt64(15)), Clock.FromMicros(row.GetInt64(16)));

    /// <summary>Whether nothing of it would be shown without these labels: one message under a label does not hide its conversation.</summary>
    public bool IsHiddenBy(IReadOnlyList<string> labels) => labels.Count > 0 && labels.Sum(l => Labels.GetValueOrDefault(l)) >= MessageCount;
}

/// <summary>What a list of threads is narrowed to.</summary>
internal sealed record ThreadFilter
{
    public IReadOnlyList<string> Labels { get; init; } = [];

    /// <summary>Labels that hide a thread where all of its messages carry one.</summary>
    public IReadOnlyList<string> Without { get; init; } = [];

    public DateTimeOffset? Before { get; init; }

    public DateTimeOffset? After { get; init; }

    public IReadOnlyList<string> Senders { get; init; } = [];

    public IReadOnlyList<string> Recipients { get; init; } = [];

    public IReadOnlyList<string> Subject { get; init; } = [];

    public bool Ascending { get; init; }
}
