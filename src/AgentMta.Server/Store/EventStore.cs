using System.Data.Common;
using AgentMta.Server.Model;

namespace AgentMta.Server.Store;

/// <summary>The log of all that changed: written in the change's own transaction (promise 4), read in the order of commits.</summary>
internal sealed class EventStore(Database database)
{
    private const string Columns = "workspace_id, cursor, event_id, event_type, pod_id, inbox_id, message_id, thread_id, facts, created_at";

    /// <summary>Writes an event within the transaction; its cursor is the next of the workspace.</summary>
    public static void Append(WriteSession session, string workspaceId, NewEvent change)
    {
        // The update first, which locks the row; RETURNING would have SQLite build and drop a table for its one row.
        if (session.Execute("UPDATE workspaces SET event_cursor = event_cursor + 1 WHERE workspace_id = @p1", workspaceId) == 0)
            throw new InvalidOperationException($"Workspace {workspaceId} does not exist.");
        var cursor = Last(session, workspaceId);
        session.Execute(
            $"INSERT INTO events ({Columns}) VALUES (@p1, @p2, @p3, @p4, @p5, @p6, @p7, @p8, @p9, @p10)",
            workspaceId, cursor, Ids.New(session.Time), change.Type, change.PodId, change.InboxId, change.MessageId, change.ThreadId, change.Facts, session.Now);
        session.WroteEvents = true;
        session.WroteChores |= !change.Type.StartsWith(EventTypes.Received, StringComparison.Ordinal);
        session.WroteSettings |= !IsMailFlow(change.Type);
    }

    // What mail itself does many times a second; everything else tells of a setting.
    private static bool IsMailFlow(string type) =>
        type.StartsWith("message.", StringComparison.Ordinal) || type.StartsWith("label.", StringComparison.Ordinal) || type.StartsWith("thread.", StringComparison.Ordinal)
        || type.StartsWith("turn.", StringComparison.Ordinal) || type.StartsWith("draft.", StringComparison.Ordinal)
        || type.StartsWith("report.", StringComparison.Ordinal) || type.StartsWith("unsubscribe.", StringComparison.Ordinal);

    /// <summary>Events behind a cursor within the scope, oldest first, for those who follow the log; the newest arrivals may still be missing (<see cref="Database.GlanceAsync{T}"/>).</summary>
    public ValueTask<List<StoredEvent>> AfterAsync(Scope scope, long cursor, int limit, CancellationToken cancellationToken) =>
        database.GlanceAsync(
            session => session.Query(
                scope, $"SELECT {Columns} FROM events e WHERE {scope.OnInbox("e")} AND e.cursor > @p1 ORDER BY e.cursor LIMIT @p2", Read, cursor, limit),
            cancellationToken);

    /// <summary>
    /// Events behind a cursor within the scope, oldest first, and the cursor up to which the log was looked at. A pod has no index of its own: of the workspace's log a
    /// page looks at so many events, and goes on behind them.
    /// </summary>
    public ValueTask<(List<StoredEvent> Events, long UpTo)> LogAsync(Scope scope, long cursor, int limit, CancellationToken cancellationToken) => database.ReadAsync(
        session =>
        {
            var end = Math.Min(cursor + ListScan.Most, Last(session, scope.WorkspaceId));
            var isPod = scope is { PodId: not null, InboxId: null };
            var rows = session.Query(
                scope, $"SELECT {Columns} FROM events e WHERE {scope.OnInbox("e")} AND e.cursor > @p1{(isPod ? " AND e.cursor <= @p3" : "")} ORDER BY e.cursor LIMIT @p2", Read,
                isPod ? [cursor, limit, end] : [cursor, limit]);
            return (rows, rows.Count == limit || !isPod ? rows.Count > 0 ? rows[^1].Cursor : cursor : Math.Max(cursor, end));
        },
        cancellationToken);

    /// <summary>A page of an inbox's events of these types; <paramref name="from"/> is the cursor that ended the last page.</summary>
    public ValueTask<Listing<StoredEvent>> OfInboxAsync(Scope scope, string inboxId, IReadOnlyList<string> types, long? from, int limit, bool ascending, CancellationToken cancellationToken) => database.ReadAsync(
        session =>
        {
            var scan = new ListScan();
            var where = scan.Where;
            where.And($"e.inbox_id = {where.Value(inboxId)}");
            scan.Fit($"e.event_type IN ({string.Join(", ", types.Select(where.Value))})");
            if (from is { } cursor)
                where.And($"e.cursor {(ascending ? ">" : "<")} {where.Value(cursor)}");
            return scan.Read(session, scope, Columns, "events e", scope.OnInbox("e"), ["e.cursor"], ascending, limit, Read);
        },
        cancellationToken);

    /// <summary>How often something happened in a span of time, by buckets of <paramref name="period"/>; without a period each event is a point of its own.</summary>
    public ValueTask<List<(long At, long Count)>> CountAsync(Scope scope, string type, DateTimeOffset start, DateTimeOffset end, TimeSpan? period, int limit, bool descending, CancellationToken cancellationToken) =>
        database.ReadAsync(
            session =>
            {
                var order = descending ? "DESC" : "ASC";
                var from = start.ToMicros();
                var width = period is { } p ? (long)p.TotalMicroseconds : 1;
                return session.Query(
                    scope,
                    $"""
                    SELECT (e.created_at - @p2) / @p4 AS bucket, COUNT(*) FROM events e
                    WHERE {scope.OnInbox("e")} AND e.event_type = @p1 AND e.created_at >= @p2 AND e.created_at < @p3
                    GROUP BY {(period is null ? "e.cursor" : "bucket")} ORDER BY bucket {order} LIMIT @p5
                    """,
                    row => (from + (row.GetInt64(0) * width), row.GetInt64(1)), type, from, end.ToMicros(), width, limit);
            },
            cancellationToken);

    /// <summary>The cursor of the newest event of a workspace.</summary>
    public ValueTask<long> LastAsync(string workspaceId, CancellationToken cancellationToken) =>
        database.ReadAsync(session => Last(session, workspaceId), cancellationToken);

    /// <summary>The newest cursor of every workspace; only the search index asks for all.</summary>
    public ValueTask<List<(string WorkspaceId, long Cursor)>> HeadsAsync(CancellationToken cancellationToken) =>
        database.GlanceAsync(session => session.Query("SELECT workspace_id, event_cursor FROM workspaces", row => (row.GetString(0), row.GetInt64(1))), cancellationToken);

    /// <summary>The same within a transaction or query.</summary>
    public static long Last(StoreSession session, string workspaceId)
    {
        Span<long> cursor = [0];
        session.Numbers("SELECT event_cursor FROM workspaces WHERE workspace_id = @p1", cursor, workspaceId);
        return cursor[0];
    }

    /// <summary>Those of the events that there are, in the order asked for.</summary>
    public static List<StoredEvent> OfIds(StoreSession session, string workspaceId, IEnumerable<string> eventIds) =>
        [.. eventIds.Select(id => session.First($"SELECT {Columns} FROM events WHERE workspace_id = @p1 AND event_id = @p2", Read, workspaceId, id)).OfType<StoredEvent>()];

    /// <summary>Events from one id on and before another, in the order of ids.</summary>
    public static List<StoredEvent> Between(StoreSession session, string workspaceId, string from, string to, int limit) => session.Query(
        $"SELECT {Columns} FROM events WHERE workspace_id = @p1 AND event_id >= @p2 AND event_id < @p3 ORDER BY event_id LIMIT @p4", Read, workspaceId, from, to, limit);

    /// <summary>Reads the event columns that stand first in a row.</summary>
    internal static StoredEvent Read(DbDataReader row) => new(
        row.GetString(0), row.GetInt64(1), row.GetString(2), row.GetString(3), row.Text(4), row.Text(5), row.Text(6), row.Text(7), row.Text(8),
        Clock.FromMicros(row.GetInt64(9)));
}
