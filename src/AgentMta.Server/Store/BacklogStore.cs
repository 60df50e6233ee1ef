using AgentMta.Server.Model;

namespace AgentMta.Server.Store;

/// <summary>What waits in the queue in one state.</summary>
internal sealed record QueueBacklog(string State, long Count, DateTimeOffset Oldest);

/// <summary>What waits for somebody else in the whole store.</summary>
/// <param name="NextDue">When the next delivery of the queue is, or was, to be tried.</param>
/// <param name="WebhooksWaiting">Events that an endpoint did not take and that are tried again.</param>
/// <param name="WebhooksDead">Events that are tried no more: dead letters, until they are replayed or too old.</param>
/// <param name="EndpointsFailing">Webhooks that are on and took nothing since some time.</param>
/// <param name="EndpointsDisabled">Webhooks that are off.</param>
internal sealed record Backlog(
    IReadOnlyList<QueueBacklog> Queue, DateTimeOffset? NextDue, long WebhooksWaiting, DateTimeOffset? OldestWebhook, long WebhooksDead, long EndpointsFailing, long EndpointsDisabled);

/// <summary>How much there is to do, over all workspaces, for the operator.</summary>
internal sealed class BacklogStore(Database database)
{
    /// <summary>Looks at what waits alone, whatever else there is, and never makes the writer commit for it.</summary>
    public ValueTask<Backlog> ReadAsync(CancellationToken cancellationToken) => database.GlanceAsync(
        session => new Backlog(
            session.Query(
                "SELECT state, COUNT(*), MIN(created_at) FROM deliveries WHERE state IN ('queued', 'deferred', 'held') GROUP BY state",
                row => new QueueBacklog(row.GetString(0), row.GetInt64(1), Clock.FromMicros(row.GetInt64(2)))),
            Time(session.Scalar<long?>("SELECT MIN(next_attempt_at) FROM deliveries WHERE state IN ('queued', 'deferred')")),
            session.Scalar<long>("SELECT COUNT(*) FROM webhook_deliveries WHERE state = 'waiting'"),
            Time(session.Scalar<long?>("SELECT MIN(created_at) FROM webhook_deliveries WHERE state = 'waiting'")),
            session.Scalar<long>("SELECT COUNT(*) FROM webhook_deliveries WHERE state = 'dead'"),
            session.Scalar<long>("SELECT COUNT(*) FROM webhooks WHERE enabled = 1 AND failing_since IS NOT NULL"),
            session.Scalar<long>("SELECT COUNT(*) FROM webhooks WHERE enabled = 0")),
        cancellationToken);

    private static DateTimeOffset? Time(long? micros) => micros is { } at ? Clock.FromMicros(at) : null;
}
