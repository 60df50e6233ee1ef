using System.Data.Common;
using AgentMta.Server.Model;

namespace AgentMta.Server.Store;

/// <content>Events on their way to endpoints: fanned out by cursor, tried by schedule, dead letters kept until they are replayed.</content>
internal sealed partial class WebhookStore
{
    private const string DeliveryColumns = "workspace_id, webhook_id, event_cursor, event_id, state, attempts, next_attempt_at, last_status, last_error, created_at";

    /// <summary>Makes a row for each event that the webhook takes and moves its cursor, in one transaction: nothing is lost and nothing twice over a crash.</summary>
    public Task FanOutAsync(Webhook webhook, IReadOnlyList<StoredEvent> taken, long cursor, CancellationToken cancellationToken) => database.WriteAsync(
        session =>
        {
            // Another look has been here before where the cursor moved: then this one counts for nothing.
            if (session.Execute("UPDATE webhooks SET cursor = @p3 WHERE workspace_id = @p1 AND webhook_id = @p2 AND cursor = @p4", webhook.Scope.WorkspaceId, webhook.WebhookId, cursor, webhook.Cursor) == 0)
                return;
            foreach (var stored in taken)
            {
                session.Execute(
                    $"INSERT INTO webhook_deliveries ({DeliveryColumns}, updated_at) VALUES (@p1, @p2, @p3, @p4, 'pending', 0, @p5, NULL, NULL, @p5, @p5) ON CONFLICT DO NOTHING",
                    webhook.Scope.WorkspaceId, webhook.WebhookId, stored.Cursor, stored.EventId, session.Now);
            }
        },
        cancellationToken);

    /// <summary>What is due for one endpoint, oldest first.</summary>
    public ValueTask<List<WebhookDelivery>> DueAsync(Webhook webhook, DateTimeOffset now, int limit, CancellationToken cancellationToken) => database.ReadAsync(
        session => session.Query(
            $"SELECT {DeliveryColumns} FROM webhook_deliveries WHERE workspace_id = @p1 AND webhook_id = @p2 AND state = 'pending' AND next_attempt_at <= @p3 ORDER BY event_cursor LIMIT @p4",
            ReadDelivery, webhook.Scope.WorkspaceId, webhook.WebhookId, now.ToMicros(), limit),
        cancellationToken);

    /// <summary>When the next delivery of any endpoint is due.</summary>
    public ValueTask<DateTimeOffset?> NextAsync(CancellationToken cancellationToken) => database.ReadAsync(
        session => session.Scalar<long?>("SELECT MIN(next_attempt_at) FROM webhook_deliveries WHERE state = 'pending'") is { } at ? Clock.FromMicros(at) : (DateTimeOffset?)null, cancellationToken);

    /// <summary>The event was taken: its row goes, and the endpoint is well.</summary>
    public Task CompleteAsync(WebhookDelivery delivery, CancellationToken cancellationToken) => database.WriteAsync(
        session =>
        {
            session.Execute("DELETE FROM webhook_deliveries WHERE workspace_id = @p1 AND webhook_id = @p2 AND event_cursor = @p3", delivery.WorkspaceId, delivery.WebhookId, delivery.EventCursor);
            session.Execute("UPDATE webhooks SET failing_since = NULL WHERE workspace_id = @p1 AND webhook_id = @p2 AND failing_since IS NOT NULL", delivery.WorkspaceId, delivery.WebhookId);
        },
        cancellationToken);

    /// <summary>The event was not taken: it is tried again, or is a dead letter where <paramref name="next"/> is null; an endpoint that fails since long is switched off.</summary>
    public Task FailAsync(WebhookDelivery delivery, int? status, string error, DateTimeOffset? next, TimeSpan patience, CancellationToken cancellationToken) => database.WriteAsync(
        session =>
        {
            session.Execute(
                "UPDATE webhook_deliveries SET attempts = attempts + 1, state = @p4, next_attempt_at = @p5, last_status = @p6, last_error = @p7, updated_at = @p8 WHERE workspace_id = @p1 AND webhook_id = @p2 AND event_cursor = @p3",
                delivery.WorkspaceId, delivery.WebhookId, delivery.EventCursor, next is null ? "dead" : "pending", (next ?? Clock.FromMicros(session.Now)).ToMicros(), status, error, session.Now);
            session.Execute("UPDATE webhooks SET failing_since = COALESCE(failing_since, @p3) WHERE workspace_id = @p1 AND webhook_id = @p2", delivery.WorkspaceId, delivery.WebhookId, session.Now);
            session.Execute(
                "UPDATE webhooks SET enabled = 0, updated_at = @p4 WHERE workspace_id = @p1 AND webhook_id = @p2 AND enabled = 1 AND failing_since < @p3",
                delivery.WorkspaceId, delivery.WebhookId, session.Now - (long)patience.TotalMicroseconds, session.Now);
        },
        cancellationToken);

    /// <summary>Events that were given up, oldest first.</summary>
    public ValueTask<List<WebhookDelivery>> DeadAsync(Webhook webhook, long after, int limit, CancellationToken cancellationToken) => database.ReadAsync(
        session => session.Query(
            $"SELECT {DeliveryColumns} FROM webhook_deliveries WHERE workspace_id = @p1 AND webhook_id = @p2 AND state = 'dead' AND event_cursor > @p3 ORDER BY event_cursor LIMIT @p4",
            ReadDelivery, webhook.Scope.WorkspaceId, webhook.WebhookId, after, limit),
        cancellationToken);

    /// <summary>Tries dead letters anew: one by its event id, or those of a range of cursors. Returns how many.</summary>
    public Task<int> ReplayAsync(Webhook webhook, string? eventId, long from, long to, CancellationToken cancellationToken) => database.WriteAsync(
        session =>
        {
            session.WroteEvents = true;
            return session.Execute(
                $"UPDATE webhook_deliveries SET state = 'pending', attempts = 0, next_attempt_at = @p5 WHERE workspace_id = @p1 AND webhook_id = @p2 AND state = 'dead' AND event_cursor BETWEEN @p3 AND @p4{(eventId is null ? "" : " AND event_id = @p6")}",
                eventId is null ? [webhook.Scope.WorkspaceId, webhook.WebhookId, from, to, session.Now] : [webhook.Scope.WorkspaceId, webhook.WebhookId, from, to, session.Now, eventId]);
        },
        cancellationToken);

    private static WebhookDelivery ReadDelivery(DbDataReader row) => new(
        row.GetString(0), row.GetString(1), row.GetInt64(2), row.GetString(3), row.GetString(4), (int)row.GetInt64(5), Clock.FromMicros(row.GetInt64(6)), (int?)row.Integer(7), row.Text(8),
        Clock.FromMicros(row.GetInt64(9)));
}
