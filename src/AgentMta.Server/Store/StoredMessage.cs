using System.Data.Common;
using AgentMta.Server.Model;

namespace AgentMta.Server.Store;

/// <summary>A message as lists show it; bodies are read from the raw.</summary>
internal sealed record StoredMessage(
    string WorkspaceId, string MessageKey, string PodId, string InboxId, string ThreadId, string RawId, string MessageId, MessageDirection Direction, DateTimeOffset Timestamp,
    string From, IReadOnlyList<string> To, IReadOnlyList<string> Cc, IReadOnlyList<string> Bcc, IReadOnlyList<string> ReplyTo, string? Subject, string? Preview,
    IReadOnlyList<string> Labels, IReadOnlyList<StoredAttachment> Attachments, string? InReplyTo, IReadOnlyList<string> References, long Size, long Uid,
    string? ResolvedKey, DateTimeOffset CreatedAt, DateTimeOffset UpdatedAt, string? Authentication)
{
    /// <summary>The columns in the order that <see cref="Read"/> takes them, of the table alias m.</summary>
    public const string Columns =
        "m.workspace_id, m.message_key, m.pod_id, m.inbox_id, m.thread_id, m.raw_id, m.message_id, m.direction, m.timestamp, m.from_addr, m.to_addrs, m.cc_addrs, " +
        "m.bcc_addrs, m.reply_to, m.subject, m.preview, m.labels, m.attachments, m.in_reply_to, m.refs, m.size, m.uid, m.resolved_key, m.created_at, m.updated_at, m.authentication";

    /// <summary>How many columns that are.</summary>
    public const int ColumnCount = 26;

    /// <summary>Reads a row.</summary>
    public static StoredMessage Read(DbDataReader row) => new(
        row.GetString(0), row.GetString(1), row.GetString(2), row.GetString(3), row.GetString(4), row.GetString(5), row.GetString(6),
        row.GetString(7) == "out" ? MessageDirection.Out : MessageDirection.In, Clock.FromMicros(row.GetInt64(8)), row.GetString(9),
        StoreJson.ReadList(row.Text(10)), StoreJson.ReadList(row.Text(11)), StoreJson.ReadList(row.Text(12)), StoreJson.ReadList(row.Text(13)), row.Text(14), row.Text(15),
        StoreJson.ReadList(row.Text(16)), StoreJson.ReadAttachments(row.Text(17)), row.Text(18), StoreJson.ReadList(row.Text(19)), row.GetInt64(20), row.GetInt64(21),
        row.Text(22), Clock.FromMicros(row.GetInt64(23)), Clock.FromMicros(row.GetInt64(24)), row.Text(25));
}

/// <summary>What a list of messages is narrowed to; empty lists ask nothing.</summary>
internal sealed record MessageFilter
{
    /// <summary>All of these labels.</summary>
    public IReadOnlyList<string> Labels { get; init; } = [];

    /// <summary>None of these labels.</summary>
    public IReadOnlyList<string> Without { get; init; } = [];

    public DateTimeOffset? Before { get; init; }

    public DateTimeOffset? After { get; init; }

    /// <summary>All of these texts somewhere in the sender.</summary>
    public IReadOnlyList<string> From { get; init; } = [];

    /// <summary>All of these texts somewhere in to, cc or bcc.</summary>
    public IReadOnlyList<string> To { get; init; } = [];

    public IReadOnlyList<string> Subject { get; init; } = [];

    /// <summary>A text in subject, preview or sender.</summary>
    public string? Text { get; init; }

    /// <summary>Only what somebody answers for: an aligned pass, or mail of our own.</summary>
    public bool VerifiedOnly { get; init; }

    public bool Ascending { get; init; }
}
