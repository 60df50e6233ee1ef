using AgentMta.Server.Model;

namespace AgentMta.Server.Store;

/// <content>What came to a token address and is no message of an inbox.</content>
internal sealed partial class TraceStore
{
    /// <summary>The report or opt-out with this id, and the reports that came in this session or transaction.</summary>
    public ValueTask<List<TracedReport>> ReportsAsync(Scope scope, string id, CancellationToken cancellationToken) => database.ReadAsync(
        session =>
        {
            var made = Ids.TimeOf(id);
            // A report's id is made right behind that of its raw.
            var found = session.Query(
                scope,
                $"""
                SELECT p.workspace_id, p.report_id, p.kind, COALESCE(m.inbox_id, ''), m.message_id, p.facts, r.session, r.authentication, p.created_at, p.processed_at FROM reports p
                LEFT JOIN raws r ON r.workspace_id = p.workspace_id AND r.raw_id = p.raw_id LEFT JOIN messages m ON m.workspace_id = p.workspace_id AND m.message_key = p.message_key
                WHERE {scope.OnWorkspace("p")} AND p.report_id >= @p1 AND p.report_id < @p2 AND (p.report_id = @p3 OR r.session LIKE @p4 OR r.session LIKE @p5) ORDER BY p.report_id LIMIT {Most}
                """,
                row => new TracedReport(
                    row.GetString(0), row.GetString(1), row.GetString(2), row.GetString(3), row.Text(4), row.GetString(5), row.Text(6), row.Text(7), Clock.FromMicros(row.GetInt64(8)), row.Time(9)),
                Ids.FirstOf(made), Ids.FirstOf(made + LongestSession), id, $"%\"session_id\":\"{id}\"%", $"%\"transaction_id\":\"{id}\"%");
            found.AddRange(session.Query(
                scope,
                $"""
                SELECT u.workspace_id, u.request_id, COALESCE(d.inbox_id, ''), d.message_id, u.address, u.via, u.delivery_id, u.created_at, u.processed_at FROM unsubscribe_requests u
                LEFT JOIN deliveries d ON d.workspace_id = u.workspace_id AND d.delivery_id = u.delivery_id WHERE {scope.OnWorkspace("u")} AND u.request_id = @p1
                """,
                row => new TracedReport(
                    row.GetString(0), row.GetString(1), "opt-out", row.GetString(2), row.Text(3),
                    $$"""{"address":{{StoreJson.Quote(row.GetString(4))}},"via":{{StoreJson.Quote(row.GetString(5))}},"delivery_id":{{StoreJson.Quote(row.GetString(6))}}}""",
                    null, null, Clock.FromMicros(row.GetInt64(7)), row.Time(8)),
                id));
            return found;
        },
        cancellationToken);
}

/// <summary>A status notification, complaint or opt-out with all that is kept of how it came.</summary>
/// <param name="Kind">dsn, bounce, arf or opt-out.</param>
/// <param name="InboxId">Whose mail it is about; empty where that is deleted.</param>
/// <param name="MessageId">The message that it is about; null where that is deleted.</param>
/// <param name="Facts">JSON of what it says.</param>
/// <param name="Session">JSON of envelope and session; opt-outs have none.</param>
/// <param name="Authentication">JSON of the verdict over its sender.</param>
/// <param name="ProcessedAt">When deliveries and suppressions were changed by it; null where that is still to come.</param>
internal sealed record TracedReport(
    string WorkspaceId, string Id, string Kind, string InboxId, string? MessageId, string Facts, string? Session, string? Authentication, DateTimeOffset At, DateTimeOffset? ProcessedAt);
