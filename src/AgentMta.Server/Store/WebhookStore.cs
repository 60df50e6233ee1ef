using System.Data.Common;
using AgentMta.Server.Model;

namespace AgentMta.Server.Store;

/// <summary>Event subscriptions; secrets and header values are encrypted with the master key.</summary>
internal sealed partial class WebhookStore(Database database, KeyRing keys)
{
    private const string Columns =
        "workspace_id, webhook_id, pod_id, inbox_id, client_id, url, event_types, pod_ids, inbox_ids, secrets, headers, enabled, event_cursor, failing_since, created_at, updated_at";

    /// <summary>One webhook within the scope, or null.</summary>
    public ValueTask<Webhook?> GetAsync(Scope scope, string webhookId, CancellationToken cancellationToken) =>
        database.ReadAsync(session => Get(session, scope, webhookId), cancellationToken);

    /// <summary>The same within a transaction or query.</summary>
    public Webhook? Get(StoreSession session, Scope scope, string webhookId) =>
        session.First(scope, $"SELECT {Columns} FROM webhooks w WHERE {scope.OnInbox("w")} AND w.webhook_id = @p1", Read, webhookId);

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

    /// <summary>All that are switched on, of every workspace; only the dispatcher asks for this.</summary>
    public ValueTask<List<Webhook>> EnabledAsync(CancellationToken cancellationToken) =>
        database.ReadAsync(session => session.Query($"SELECT {Columns} FROM webhooks WHERE enabled = 1", Read), cancellationToken);

    /// <summary>The one that was made here under the caller's own id, or null.</summary>
    public Webhook? OfClient(StoreSession session, string workspaceId, string? podId, string? inboxId, string clientId) => session.First(
        $"SELECT {Columns} FROM webhooks WHERE workspace_id = @p1 AND COALESCE(pod_id, '') = @p2 AND COALESCE(inbox_id, '') = @p3 AND client_id = @p4", Read,
        workspaceId, podId ?? "", inboxId ?? "", clientId);

    /// <summary>How many a workspace has.</summary>
    public static long Count(StoreSession session, string workspaceId) => session.Scalar<long>("SELECT COUNT(*) FROM webhooks WHERE workspace_id = @p1", workspaceId);

    /// <summary>Stores a new one. It gets what happens from now on.</summary>
    public void Insert(WriteSession session, Webhook webhook)
    {
        session.Execute(
            $"INSERT INTO webhooks ({Columns}) VALUES (@p1, @p2, @p3, @p4, @p5, @p6, @p7, @p8, @p9, @p10, @p11, @p12, @p13, NULL, @p14, @p14)",
            webhook.WorkspaceId, webhook.WebhookId, webhook.PodId, webhook.InboxId, webhook.ClientId, webhook.Url, StoreJson.Write(webhook.Filter.Types),
            StoreJson.Write(webhook.Filter.PodIds), StoreJson.Write(webhook.Filter.InboxIds), WebhookJson.Seal(keys, webhook), WebhookJson.SealHeaders(keys, webhook), webhook.Enabled ? 1 : 0,
            webhook.Cursor, webhook.CreatedAt.ToMicros());
        Tell(session, webhook, EventTypes.WebhookCreated);
    }

    /// <summary>Stores what people change: types, filters, secrets, headers, and whether it is switched on. What the dispatcher writes stays as it is.</summary>
    public void Update(WriteSession session, Webhook webhook)
    {
        session.Execute(
            "UPDATE webhooks SET event_types = @p3, pod_ids = @p4, inbox_ids = @p5, secrets = @p6, headers = @p7, updated_at = @p8 WHERE workspace_id = @p1 AND webhook_id = @p2",
            webhook.WorkspaceId, webhook.WebhookId, StoreJson.Write(webhook.Filter.Types), StoreJson.Write(webhook.Filter.PodIds), StoreJson.Write(webhook.Filter.InboxIds),
            WebhookJson.Seal(keys, webhook), WebhookJson.SealHeaders(keys, webhook), session.Now);
        Tell(session, webhook, EventTypes.WebhookUpdated);
    }

    /// <summary>Switches one on or off. What happened while it was off is not sent by itself: a replay of the time does that.</summary>
    public static void Switch(WriteSession session, Webhook webhook, bool on)
    {
        if (webhook.Enabled == on)
            return;
        // The row decides, not what the caller read before: it is told once.
        if (session.Execute(
            "UPDATE webhooks SET enabled = @p3, failing_since = NULL, event_cursor = CASE WHEN @p3 = 1 THEN @p4 ELSE event_cursor END, updated_at = @p5 WHERE workspace_id = @p1 AND webhook_id = @p2 AND enabled <> @p3",
            webhook.WorkspaceId, webhook.WebhookId, on ? 1 : 0, EventStore.Last(session, webhook.WorkspaceId), session.Now) == 1)
            Tell(session, webhook, on ? EventTypes.WebhookUpdated : EventTypes.WebhookDisabled);
    }

    /// <summary>Deletes one with all that waits for it.</summary>
    public static void Delete(WriteSession session, Webhook webhook)
    {
        session.Execute("DELETE FROM webhooks WHERE workspace_id = @p1 AND webhook_id = @p2", webhook.WorkspaceId, webhook.WebhookId);
        session.Execute("DELETE FROM webhook_deliveries WHERE workspace_id = @p1 AND webhook_id = @p2", webhook.WorkspaceId, webhook.WebhookId);
        session.Execute("DELETE FROM webhook_attempts WHERE workspace_id = @p1 AND webhook_id = @p2", webhook.WorkspaceId, webhook.WebhookId);
        Tell(session, webhook, EventTypes.WebhookDeleted);
    }

    private static void Tell(WriteSession session, Webhook webhook, string type) => EventStore.Append(
        session, webhook.WorkspaceId, new NewEvent(type, webhook.PodId, webhook.InboxId, Facts: $$"""{"webhook_id":"{{webhook.WebhookId}}"}"""));

    private Webhook Read(DbDataReader row) => new(
        row.GetString(0), row.GetString(1), row.Text(2), row.Text(3), row.Text(4), row.GetString(5),
        new EventFilter(StoreJson.ReadList(row.GetString(6)), StoreJson.ReadList(row.Text(7)), StoreJson.ReadList(row.Text(8))),
        WebhookJson.Open(keys, row.GetString(0), row.GetString(1), row.Octets(9)!), WebhookJson.OpenHeaders(keys, row.GetString(0), row.GetString(1), row.Octets(10)),
        row.GetInt64(11) != 0, row.GetInt64(12), row.Time(13), Clock.FromMicros(row.GetInt64(14)), Clock.FromMicros(row.GetInt64(15)));
}
