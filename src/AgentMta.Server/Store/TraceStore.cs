using System.Data.Common;
using AgentMta.Server.Model;

namespace AgentMta.Server.Store;

/// <summary>Finds messages by whatever id a person holds in hand; the operator's commands search every workspace.</summary>
internal sealed partial class TraceStore(Database database)
{
    private const int Most = 100;
    private const string Columns =
        "m.workspace_id, m.inbox_id, m.message_id, m.thread_id, m.direction, m.from_addr, m.to_addrs, m.subject, m.labels, m.size, m.timestamp, m.verdicts, r.session, r.authentication, m.raw_id";

    // The store makes a raw's id within its session, after the ids of session and transaction.
    private static readonly TimeSpan LongestSession = TimeSpan.FromHours(2);

    /// <summary>Messages with this Message-ID, in whichever inboxes.</summary>
    public ValueTask<List<TracedMessage>> ByMessageIdAsync(Scope scope, string messageId, CancellationToken cancellationToken) => QueryAsync(
        scope, "JOIN message_ids i ON i.workspace_id = m.workspace_id AND i.inbox_id = m.inbox_id AND i.message_key = m.message_key", "i.message_id = @p1", cancellationToken, messageId);

    /// <summary>The message of a delivery.</summary>
    public ValueTask<List<TracedMessage>> ByDeliveryAsync(Scope scope, string deliveryId, CancellationToken cancellationToken) => QueryAsync(
        scope, "JOIN deliveries d ON d.workspace_id = m.workspace_id AND d.message_key = m.message_key", "d.delivery_id = @p1", cancellationToken, deliveryId);

    /// <summary>Messages that came in this session or transaction.</summary>
    public ValueTask<List<TracedMessage>> BySessionAsync(Scope scope, string id, CancellationToken cancellationToken)
    {
        var made = Ids.TimeOf(id);
        return QueryAsync(
            scope, "", "m.raw_id >= @p1 AND m.raw_id < @p2 AND (r.session LIKE @p3 OR r.session LIKE @p4)", cancellationToken,
            Ids.FirstOf(made), Ids.FirstOf(made + LongestSession), $"%\"session_id\":\"{id}\"%", $"%\"transaction_id\":\"{id}\"%");
    }

    /// <summary>Messages that came in since then, oldest first, a page at a time behind the last of the page before.</summary>
    public ValueTask<List<TracedMessage>> ReceivedAsync(Scope scope, DateTimeOffset since, TracedMessage? after, CancellationToken cancellationToken) => QueryAsync(
        scope, "", "m.direction = 'in' AND (m.raw_id, m.inbox_id) > (@p1, @p2)", cancellationToken, after?.RawId ?? Ids.FirstOf(since), after?.InboxId ?? "");

    private ValueTask<List<TracedMessage>> QueryAsync(Scope scope, string join, string condition, CancellationToken cancellationToken, params object?[] values) => database.ReadAsync(
        session => session.Query(
            scope,
            $"""
            SELECT DISTINCT {Columns} FROM messages m {join} JOIN raws r ON r.workspace_id = m.workspace_id AND r.raw_id = m.raw_id
            WHERE {scope.OnInbox("m")} AND {condition} ORDER BY m.raw_id, m.inbox_id LIMIT {Most}
            """,
            Read, values),
        cancellationToken);

    private static TracedMessage Read(DbDataReader row) => new(
        row.GetString(0), row.GetString(1), row.GetString(2), row.GetString(3), row.GetString(4), row.GetString(5), StoreJson.ReadList(row.GetString(6)), row.Text(7),
        StoreJson.ReadList(row.GetString(8)), row.GetInt64(9), Clock.FromMicros(row.GetInt64(10)), row.Text(11), row.Text(12), row.Text(13), row.GetString(14));
}

/// <summary>A message with all that is kept of how it came.</summary>
/// <param name="Direction">in or out.</param>
/// <param name="Verdicts">JSON of the gates.</param>
/// <param name="Session">JSON of envelope and session.</param>
/// <param name="Authentication">JSON of the verdict over its sender.</param>
internal sealed record TracedMessage(
    string WorkspaceId, string InboxId, string MessageId, string ThreadId, string Direction, string From, IReadOnlyList<string> To, string? Subject, IReadOnlyList<string> Labels, long Size,
    DateTimeOffset Timestamp, string? Verdicts, string? Session, string? Authentication, string RawId);
