using System.Data.Common;
using AgentMta.Server.Model;

namespace AgentMta.Server.Store;

/// <content>Leases: a worker owns a delivery until a time; completion is fenced by (owner, attempt). A lease that ran out is due again by itself.</content>
internal sealed partial class DeliveryStore
{
    private const string Open = "state IN ('queued', 'deferred')";

    private const string LeasedColumns =
        "workspace_id, delivery_id, pod_id, inbox_id, use_case_id, message_key, message_id, thread_id, raw_id, reverse_path, recipient, destination, attempts, " +
        "created_at, expires_at, lease_owner, lease_attempt, options, prefix";

    /// <summary>When the next delivery is due; null where nothing waits.</summary>
    public ValueTask<DateTimeOffset?> NextDueAsync(CancellationToken cancellationToken) =>
        database.ReadAsync(
            session => session.Scalar<long?>($"SELECT next_attempt_at FROM deliveries WHERE {Open} ORDER BY next_attempt_at LIMIT 1") is { } at ? Clock.FromMicros(at) : (DateTimeOffset?)null,
            cancellationToken);

    /// <summary>
    /// Due deliveries, a share for each destination that is not <paramref name="busy"/>, starting behind destination <paramref name="from"/> so that none starves.
    /// Steps from destination to destination along the index: a backlog for one costs the others nothing.
    /// </summary>
    public ValueTask<List<DeliveryKey>> DueAsync(Func<string, bool> busy, string from, int limit, int share, DateTimeOffset now, CancellationToken cancellationToken) =>
        database.ReadAsync(
            session =>
            {
                var due = new List<DeliveryKey>();
                var at = now.ToMicros();
                Walk(session, due, busy, from, null, limit, share, at);
                if (due.Count < limit && from.Length > 0)
                    Walk(session, due, busy, "", from, limit, share, at);
                return due;
            },
            cancellationToken);

    /// <summary>Takes leases on those that are still due; returns them in the order of <paramref name="keys"/>.</summary>
    public Task<List<LeasedDelivery>> ClaimAsync(IReadOnlyList<DeliveryKey> keys, string owner, TimeSpan lease, CancellationToken cancellationToken) =>
        database.WriteAsync(
            session =>
            {
                var now = session.Now;
                var until = now + (long)lease.TotalMicroseconds;
                var claimed = new List<LeasedDelivery>(keys.Count);
                foreach (var key in keys)
                {
                    // next_attempt_at moves to the end of the lease: the index of due rows then skips it, and finds it again should this worker die.
                    var row = session.First(
                        $"""
                        UPDATE deliveries SET lease_owner = @p3, lease_until = @p4, lease_attempt = lease_attempt + 1, next_attempt_at = @p4
                        WHERE workspace_id = @p1 AND delivery_id = @p2 AND {Open} AND next_attempt_at <= @p5 RETURNING {LeasedColumns}
                        """,
                        ReadLeased, key.WorkspaceId, key.DeliveryId, owner, until, now);
                    if (row is not null)
                        claimed.Add(row);
                }

                return claimed;
            },
            cancellationToken);

    /// <summary>Deferred deliveries older than that of which nobody was told, with the last word of the remote.</summary>
    public ValueTask<List<(LeasedDelivery Delivery, string Status, string Reply, DateTimeOffset NextAttempt)>> LateAsync(DateTimeOffset queuedBefore, int limit, CancellationToken cancellationToken) =>
        database.ReadAsync(
            session => session.Query(
                $"SELECT {LeasedColumns}, last_status, last_reply, next_attempt_at FROM deliveries WHERE state = 'deferred' AND delay_reported = 0 AND created_at <= @p1 ORDER BY created_at LIMIT @p2",
                row => (ReadLeased(row), row.Text(19) ?? "4.0.0", row.Text(20) ?? "", Clock.FromMicros(row.GetInt64(21))), queuedBefore.ToMicros(), limit),
            cancellationToken);

    /// <summary>Notes that the sender is told of the delay; false where that was done, or it waits no more.</summary>
    public static bool MarkDelayed(WriteSession session, LeasedDelivery delivery) =>
        session.Execute(
            "UPDATE deliveries SET delay_reported = 1 WHERE workspace_id = @p1 AND delivery_id = @p2 AND delay_reported = 0 AND state = 'deferred'", delivery.WorkspaceId, delivery.DeliveryId) == 1;

    /// <summary>Those that may not be sent any more: their recipient was suppressed while they waited.</summary>
    public ValueTask<List<(LeasedDelivery Delivery, Suppression Entry)>> SuppressedAsync(IReadOnlyList<LeasedDelivery> deliveries, CancellationToken cancellationToken) =>
        database.ReadAsync(
            session =>
            {
                var found = new List<(LeasedDelivery, Suppression)>();
                foreach (var delivery in deliveries)
                {
                    var domain = delivery.InboxId[(delivery.InboxId.LastIndexOf('@') + 1)..];
                    if (SuppressionStore.Check(session, delivery.WorkspaceId, delivery.UseCaseId, domain, [AddressParts.Normalise(delivery.Recipient)]) is [var entry, ..])
                        found.Add((delivery, entry));
                }

                return found;
            },
            cancellationToken);

    /// <summary>Prolongs leases that are still held.</summary>
    public Task RenewAsync(IReadOnlyCollection<LeasedDelivery> deliveries, TimeSpan lease, CancellationToken cancellationToken) =>
        database.WriteAsync(
            session =>
            {
                var until = session.Now + (long)lease.TotalMicroseconds;
                foreach (var delivery in deliveries)
                {
                    session.Execute(
                        $"UPDATE deliveries SET lease_until = @p5, next_attempt_at = @p5 WHERE workspace_id = @p1 AND delivery_id = @p2 AND lease_owner = @p3 AND lease_attempt = @p4 AND {Open}",
                        delivery.WorkspaceId, delivery.DeliveryId, delivery.LeaseOwner, delivery.LeaseAttempt, until);
                }
            },
            cancellationToken);

    /// <summary>Gives leases back unused: the deliveries are due at <paramref name="dueAt"/>, without an attempt counted.</summary>
    public Task ReleaseAsync(IReadOnlyCollection<LeasedDelivery> deliveries, DateTimeOffset dueAt, CancellationToken cancellationToken) =>
        database.WriteAsync(
            session =>
            {
                foreach (var delivery in deliveries)
                {
                    session.Execute(
                        $"""
                        UPDATE deliveries SET lease_owner = NULL, lease_until = NULL, next_attempt_at = @p5
                        WHERE workspace_id = @p1 AND delivery_id = @p2 AND lease_owner = @p3 AND lease_attempt = @p4 AND {Open}
                        """,
                        delivery.WorkspaceId, delivery.DeliveryId, delivery.LeaseOwner, delivery.LeaseAttempt, dueAt.ToMicros());
                }
            },
            cancellationToken);

    /// <summary>Frees the leases of workers that cannot be alive any more: at start of the only process on this database.</summary>
    public Task<int> ReleaseAbandonedAsync(CancellationToken cancellationToken) =>
        database.WriteAsync(
            session => session.Execute($"UPDATE deliveries SET lease_owner = NULL, lease_until = NULL, next_attempt_at = @p1 WHERE {Open} AND lease_owner IS NOT NULL", session.Now),
            cancellationToken);

    private static void Walk(ReadSession session, List<DeliveryKey> due, Func<string, bool> busy, string from, string? to, int limit, int share, long at)
    {
        var destination = from;
        while (due.Count < limit)
        {
            destination = session.Scalar<string>($"SELECT destination FROM deliveries WHERE {Open} AND destination > @p1 ORDER BY destination LIMIT 1", destination);
            if (destination is null)
                return;
            if (!busy(destination))
            {
                due.AddRange(session.Query(
                    $"SELECT workspace_id, delivery_id, destination FROM deliveries WHERE {Open} AND destination = @p1 AND next_attempt_at <= @p2 ORDER BY next_attempt_at LIMIT @p3",
                    row => new DeliveryKey(row.GetString(0), row.GetString(1), row.GetString(2)), destination, at, Math.Min(share, limit - due.Count)));
            }

            if (to is not null && string.CompareOrdinal(destination, to) >= 0)
                return;
        }
    }

    private static LeasedDelivery ReadLeased(DbDataReader row) => new()
    {
        WorkspaceId = row.GetString(0),
        DeliveryId = row.GetString(1),
        PodId = row.GetString(2),
        InboxId = row.GetString(3),
        UseCaseId = row.GetString(4),
        MessageKey = row.GetString(5),
        MessageId = row.GetString(6),
        ThreadId = row.GetString(7),
        RawId = row.GetString(8),
        ReversePath = row.GetString(9),
        Recipient = row.GetString(10),
        Destination = row.GetString(11),
        Attempts = (int)row.GetInt64(12),
        QueuedAt = Clock.FromMicros(row.GetInt64(13)),
        ExpiresAt = Clock.FromMicros(row.GetInt64(14)),
        LeaseOwner = row.Text(15) ?? "",
        LeaseAttempt = row.GetInt64(16),
        Options = DeliveryJson.ReadOptions(row.Text(17)),
        Prefix = row.Octets(18),
    };
}
