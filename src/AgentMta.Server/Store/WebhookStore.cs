using System.Data.Common;
using System.Text;
using AgentMta.Server.Model;

namespace AgentMta.Server.Store;

/// <summary>A subscription of an endpoint to events.</summary>
/// <param name="Scope">What its maker could see; the endpoint gets nothing beyond it.</param>
/// <param name="Secrets">The present secret, then the one before it, both of which sign for a while.</param>
/// <param name="Headers">One "Name: value" a line.</param>
internal sealed record Webhook(
    Scope Scope, string WebhookId, string? ClientId, string Url, IReadOnlyList<string> EventTypes, IReadOnlyList<string> PodIds, IReadOnlyList<string> InboxIds, IReadOnlyList<string> Secrets,
    IReadOnlyList<string> Headers, bool Enabled, long Cursor, DateTimeOffset? FailingSince, DateTimeOffset CreatedAt, DateTimeOffset UpdatedAt);

/// <summary>An event on its way to an endpoint.</summary>
internal sealed record WebhookDelivery(string WorkspaceId, string WebhookId, long EventCursor, string EventId, string State, int Attempts, DateTimeOffset NextAttemptAt, int? LastStatus, string? LastError, DateTimeOffset CreatedAt);

/// <summary>Webhook subscriptions; secrets and headers lie encrypted.</summary>
internal sealed partial class WebhookStore(Database database, KeyRing keys)
{
    private const string Columns = "w.workspace_id, w.webhook_id, w.pod_id, w.inbox_id, w.client_id, w.url, w.event_types, w.pod_ids, w.inbox_ids, w.secret, w.headers, w.enabled, w.cursor, w.failing_since, w.created_at, w.updated_at";

    /// <summary>The webhook within the scope, or null.</summary>
    public ValueTask<Webhook?> GetAsync(Scope scope, string webhookId, CancellationToken cancellationToken) => database.ReadAsync(session => Get(session, scope, webhookId), cancellationToken);

    /// <summary>The same within a transaction.</summary>
    public Webhook? Get(StoreSession session, Scope scope, string webhookId) =>
        session.First(scope, $"SELECT {Columns} FROM webhooks w WHERE {scope.OnInbox("w")} AND (w.webhook_id = @p1 OR w.client_id = @p1)", Read, webhookId);

    /// <summary>A page in order of making; <paramref name="after"/> is the (time, id) that ended the last page.</summary>
    public ValueTask<List<Webhook>> ListAsync(Scope scope, (long, string)? after, int limit, bool ascending, CancellationToken cancellationToken) => database.ReadAsync(
        session =>
        {
            var where = new SqlConditions();
            where.AndBehind("w.created_at", "w.webhook_id", after, ascending);
            var order = ascending ? "ASC" : "DESC";
            return session.Query(
                scope, $"SELECT {Columns} FROM webhooks w WHERE {scope.OnInbox("w")}{where.Sql} ORDER BY w.created_at {order}, w.webhook_id {order} LIMIT {where.Value(limit)}", Read, where.Values);
        },
        cancellationToken);

    /// <summary>Every enabled webhook of every workspace, for the dispatcher.</summary>
    public ValueTask<List<Webhook>> EnabledAsync(CancellationToken cancellationToken) =>
        database.ReadAsync(session => session.Query($"SELECT {Columns} FROM webhooks w WHERE w.enabled = 1", Read), cancellationToken);

    /// <summary>Writes a new webhook or a changed one with its event; the cursor of an old one stays.</summary>
    public void Save(WriteSession session, Webhook webhook, bool isNew)
    {
        session.Execute(
            """
            INSERT INTO webhooks (workspace_id, webhook_id, pod_id, inbox_id, client_id, url, event_types, pod_ids, inbox_ids, secret, headers, enabled, cursor, created_at, updated_at)
            VALUES (@p1, @p2, @p3, @p4, @p5, @p6, @p7, @p8, @p9, @p10, @p11, @p12, @p13, @p14, @p15)
            ON CONFLICT (workspace_id, webhook_id) DO UPDATE SET event_types = excluded.event_types, pod_ids = excluded.pod_ids, inbox_ids = excluded.inbox_ids,
              secret = excluded.secret, headers = excluded.headers, enabled = excluded.enabled, updated_at = excluded.updated_at
            """,
            webhook.Scope.WorkspaceId, webhook.WebhookId, webhook.Scope.PodId, webhook.Scope.InboxId, webhook.ClientId, webhook.Url, StoreJson.Write(webhook.EventTypes) ?? "[]",
            StoreJson.Write(webhook.PodIds), StoreJson.Write(webhook.InboxIds), Seal(webhook, "secret", webhook.Secrets), Seal(webhook, "headers", webhook.Headers), webhook.Enabled ? 1 : 0,
            webhook.Cursor, webhook.CreatedAt.ToMicros(), session.Now);
        Tell(session, webhook, isNew ? EventTypes.WebhookCreated : EventTypes.WebhookUpdated);
    }

    /// <summary>Deletes a webhook with what waits for it.</summary>
    public static void Delete(WriteSession session, Webhook webhook)
    {
        session.Execute("DELETE FROM webhook_deliveries WHERE workspace_id = @p1 AND webhook_id = @p2", webhook.Scope.WorkspaceId, webhook.WebhookId);
        session.Execute("DELETE FROM webhooks WHERE workspace_id = @p1 AND webhook_id = @p2", webhook.Scope.WorkspaceId, webhook.WebhookId);
        Tell(session, webhook, EventTypes.WebhookDeleted);
    }

    private static void Tell(WriteSession session, Webhook webhook, string type) =>
        EventStore.Append(session, webhook.Scope.WorkspaceId, new NewEvent(type, webhook.Scope.PodId, webhook.Scope.InboxId, Facts: $$"""{"webhook_id":"{{webhook.WebhookId}}"}"""));

    private byte[] Seal(Webhook webhook, string column, IReadOnlyList<string> lines) => keys.Encrypt(Encoding.UTF8.GetBytes(string.Join('\n', lines)), $"webhooks/{webhook.WebhookId}/{column}");

    private List<string> Open(string webhookId, string column, byte[]? bytes) =>
        bytes is null ? [] : [.. Encoding.UTF8.GetString(keys.Decrypt(bytes, $"webhooks/{webhookId}/{column}")).Split('\n', StringSplitOptions.RemoveEmptyEntries)];

    private Webhook Read(DbDataReader row) => new(
        new Scope(row.GetString(0), row.Text(2), row.Text(3)), row.GetString(1), row.Text(4), row.GetString(5), StoreJson.ReadList(row.GetString(6)), StoreJson.ReadList(row.Text(7)),
        StoreJson.ReadList(row.Text(8)), Open(row.GetString(1), "secret", row.Octets(9)), Open(row.GetString(1), "headers", row.Octets(10)), row.GetInt64(11) != 0, row.GetInt64(12), row.Time(13),
        Clock.FromMicros(row.GetInt64(14)), Clock.FromMicros(row.GetInt64(15)));
}
