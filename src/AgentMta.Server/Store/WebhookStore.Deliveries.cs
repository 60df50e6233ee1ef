using System.Data.Common;
using AgentMta.Server.Model;

namespace AgentMta.Server.Store;

/// <summary>How one try ended: <paramref name="NextAttemptAt"/> null after a failure makes it a dead letter.</summary>
/// <param name="IsRetry">Whether it came from a row that waited, not from the log.</param>
internal sealed record WebhookOutcome(StoredEvent Event, bool IsRetry, int Attempts, WebhookAttempt? Failure, DateTimeOffset? NextAttemptAt);

/// <content>What did not arrive at the first try, dead letters, replays.</content>
internal sealed partial class WebhookStore
{
    private const string DeliveryColumns =
        "e.workspace_id, e.cursor, e.event_id, e.event_type, e.pod_id, e.inbox_id, e.message_id, e.thread_id, e.facts, e.created_at, d.attempts, d.next_attempt_at, d.updated_at";

    private const string DeliveryTables = "webhook_deliveries d JOIN events e ON e.workspace_id = d.workspace_id AND e.cursor = d.event_cursor";

    /// <summary>What waits for its next try, soonest first.</summary>
    public ValueTask<List<WebhookDelivery>> WaitingAsync(Webhook webhook, int limit, CancellationToken cancellationToken) => database.ReadAsync(
        session => session.Query(
            $"SELECT {DeliveryColumns} FROM {DeliveryTables} WHERE d.workspace_id = @p1 AND d.webhook_id = @p2 AND d.state = 'waiting' ORDER BY d.next_attempt_at, d.event_cursor LIMIT @p3",
            row => ReadDelivery(row, webhook.WebhookId, []), webhook.WorkspaceId, webhook.WebhookId, limit),
        cancellationToken);

    /// <summary>
    /// Writes how tries ended, and up to where the log is done with: one transaction, so that a crash before it means the same tries again and nothing lost. False where the webhook is gone.
    /// </summary>
    public static bool Record(WriteSession session, Webhook webhook, IReadOnlyList<WebhookOutcome> outcomes, long? cursor, DateTimeOffset? failingSince)
    {
        var known = session.Execute(
            "UPDATE webhooks SET event_cursor = CASE WHEN @p3 > event_cursor THEN @p3 ELSE event_cursor END, failing_since = @p4 WHERE workspace_id = @p1 AND webhook_id = @p2",
            webhook.WorkspaceId, webhook.WebhookId, cursor, failingSince?.ToMicros());
        // Deleted while the tries ran: there is nothing left to write to.
        if (known == 0)
            return false;
        foreach (var outcome in outcomes)
            Record(session, webhook, outcome);
        return true;
    }

    /// <summary>Makes dead letters of all that waits, when an endpoint is switched off.</summary>
    public static void Abandon(WriteSession session, Webhook webhook) => session.Execute(
        "UPDATE webhook_deliveries SET state = 'dead', updated_at = @p3 WHERE workspace_id = @p1 AND webhook_id = @p2 AND state = 'waiting'", webhook.WorkspaceId, webhook.WebhookId, session.Now);

    /// <summary>A page of the dead letters of a webhook, newest first, with the tries of each.</summary>
    public ValueTask<List<WebhookDelivery>> DeadLettersAsync(Webhook webhook, long? before, int limit, CancellationToken cancellationToken) => database.ReadAsync(
        session =>
        {
            var rows = session.Query(
                $"""
                SELECT {DeliveryColumns} FROM {DeliveryTables} WHERE d.workspace_id = @p1 AND d.webhook_id = @p2 AND d.state = 'dead' AND d.event_cursor < @p3
                ORDER BY d.event_cursor DESC LIMIT @p4
                """,
                row => ReadDelivery(row, webhook.WebhookId, []), webhook.WorkspaceId, webhook.WebhookId, before ?? long.MaxValue, limit);
            return rows.ConvertAll(row => row with { History = Attempts(session, row) });
        },
        cancellationToken);

    /// <summary>Has these events delivered again, from their first try on.</summary>
    public static void Replay(WriteSession session, Webhook webhook, IReadOnlyList<StoredEvent> chosen)
    {
        foreach (var stored in chosen)
        {
            session.Execute(
                """
                INSERT INTO webhook_deliveries (workspace_id, webhook_id, event_cursor, event_id, event_type, state, attempts, next_attempt_at, created_at, updated_at)
                VALUES (@p1, @p2, @p3, @p4, @p5, 'waiting', 0, @p6, @p6, @p6)
                ON CONFLICT (workspace_id, webhook_id, event_cursor) DO UPDATE SET state = 'waiting', attempts = 0, next_attempt_at = excluded.next_attempt_at, updated_at = excluded.updated_at
                """,
                webhook.WorkspaceId, webhook.WebhookId, stored.Cursor, stored.EventId, stored.Type, session.Now);
        }

        if (chosen.Count > 0)
            Tell(session, webhook, EventTypes.WebhookReplayed);
    }

    /// <summary>The dead letters among the events between two ids, in the order of the log.</summary>
    public static List<StoredEvent> DeadBetween(StoreSession session, Webhook webhook, string from, string to, int limit) => session.Query(
        $"""
        SELECT {DeliveryColumns} FROM {DeliveryTables} WHERE d.workspace_id = @p1 AND d.webhook_id = @p2 AND d.state = 'dead' AND d.event_id >= @p3 AND d.event_id < @p4
        ORDER BY d.event_cursor LIMIT @p5
        """,
        row => ReadDelivery(row, webhook.WebhookId, []).Event, webhook.WorkspaceId, webhook.WebhookId, from, to, limit);

    /// <summary>Forgets what is settled for longer than that; returns how much it was.</summary>
    public static int Sweep(WriteSession session, DateTimeOffset before, int limit)
    {
        var rows = session.Query(
            """
            DELETE FROM webhook_deliveries WHERE (workspace_id, webhook_id, event_cursor) IN (
              SELECT workspace_id, webhook_id, event_cursor FROM webhook_deliveries WHERE state <> 'waiting' AND updated_at < @p1 ORDER BY updated_at LIMIT @p2)
            RETURNING workspace_id, webhook_id, event_cursor
            """,
            row => (row.GetString(0), row.GetString(1), row.GetInt64(2)), before.ToMicros(), limit);
        foreach (var (workspaceId, webhookId, cursor) in rows)
            session.Execute("DELETE FROM webhook_attempts WHERE workspace_id = @p1 AND webhook_id = @p2 AND event_cursor = @p3", workspaceId, webhookId, cursor);
        return rows.Count;
    }

    private static void Record(WriteSession session, Webhook webhook, WebhookOutcome outcome)
    {
        if (outcome.Failure is not { } failure)
        {
            // What arrived at the first try has no row; one that is there is a replay that was asked for meanwhile.
            if (!outcome.IsRetry)
                return;
            session.Execute(
                "UPDATE webhook_deliveries SET state = 'delivered', attempts = @p4, updated_at = @p5 WHERE workspace_id = @p1 AND webhook_id = @p2 AND event_cursor = @p3",
                webhook.WorkspaceId, webhook.WebhookId, outcome.Event.Cursor, outcome.Attempts, session.Now);
            return;
        }

        session.Execute(
            """
            INSERT INTO webhook_deliveries (workspace_id, webhook_id, event_cursor, event_id, event_type, state, attempts, next_attempt_at, created_at, updated_at)
            VALUES (@p1, @p2, @p3, @p4, @p5, @p6, @p7, @p8, @p9, @p9)
            ON CONFLICT (workspace_id, webhook_id, event_cursor) DO UPDATE SET state = excluded.state, attempts = excluded.attempts, next_attempt_at = excluded.next_attempt_at, updated_at = excluded.updated_at
            """,
            webhook.WorkspaceId, webhook.WebhookId, outcome.Event.Cursor, outcome.Event.EventId, outcome.Event.Type, outcome.NextAttemptAt is null ? "dead" : "waiting", outcome.Attempts,
            (outcome.NextAttemptAt ?? failure.StartedAt).ToMicros(), session.Now);
        session.Execute(
            """
            INSERT INTO webhook_attempts (workspace_id, webhook_id, event_cursor, started_at, elapsed, status, fault) VALUES (@p1, @p2, @p3, @p4, @p5, @p6, @p7)
            ON CONFLICT (workspace_id, webhook_id, event_cursor, started_at) DO NOTHING
            """,
            webhook.WorkspaceId, webhook.WebhookId, outcome.Event.Cursor, failure.StartedAt.ToMicros(), (long)failure.Elapsed.TotalMicroseconds, failure.Status, failure.Fault);
    }

    private static List<WebhookAttempt> Attempts(StoreSession session, WebhookDelivery delivery) => session.Query(
        "SELECT started_at, elapsed, status, fault FROM webhook_attempts WHERE workspace_id = @p1 AND webhook_id = @p2 AND event_cursor = @p3 ORDER BY started_at",
        row => new WebhookAttempt(Clock.FromMicros(row.GetInt64(0)), TimeSpan.FromMicroseconds(row.GetInt64(1)), (int?)row.Integer(2), row.Text(3)),
        delivery.WorkspaceId, delivery.WebhookId, delivery.Event.Cursor);

    private static WebhookDelivery ReadDelivery(DbDataReader row, string webhookId, IReadOnlyList<WebhookAttempt> history) => new(
        row.GetString(0), webhookId, EventStore.Read(row), (int)row.GetInt64(10), Clock.FromMicros(row.GetInt64(11)), Clock.FromMicros(row.GetInt64(12)), history);
}
