using System.Data.Common;
using System.Text.Json;
using AgentMta.Server.Model;

namespace AgentMta.Server.Store;

/// <summary>A row of the queue as people and programs see it.</summary>
internal sealed record QueueEntry(
    string DeliveryId, string InboxId, string MessageId, string ThreadId, string Recipient, string Destination, string State, int Attempts, DateTimeOffset NextAttemptAt,
    DateTimeOffset ExpiresAt, bool InFlight, string? LastStatus, string? LastReply, string? LastHost, DateTimeOffset CreatedAt);

/// <summary>What one destination has waiting.</summary>
internal sealed record QueueTotal(string Destination, string State, long Count, DateTimeOffset Oldest, string? LastReply);

/// <summary>One attempt of a delivery, as it was (promise 5).</summary>
internal sealed record DeliveryAttempt(
    int Attempt, DateTimeOffset StartedAt, TimeSpan Elapsed, string? Host, string? Address, string? Tls, string Outcome, int ReplyCode, string? Status, string? Reply, string? Dialogue);

/// <content>The queue for people: read it, hold it, flush it, drop it, all or by destination.</content>
internal sealed partial class DeliveryStore
{
    private const int Chunk = 500;
    private const string Waiting = "state IN ('queued', 'deferred', 'held')";

    private const string EntryColumns =
        "d.delivery_id, d.inbox_id, d.message_id, d.thread_id, d.recipient, d.destination, d.state, d.attempts, d.next_attempt_at, d.expires_at, d.lease_owner, " +
        "d.last_status, d.last_reply, d.last_host, d.created_at";

    /// <summary>What waits, oldest first; <paramref name="after"/> is the last id of the page before.</summary>
    public ValueTask<Listing<QueueEntry>> ListAsync(Scope scope, string? destination, string? after, int limit, CancellationToken cancellationToken) =>
        database.ReadAsync(
            session =>
            {
                var scan = new ListScan();
                if (destination is not null)
                    scan.Where.And($"d.destination = {scan.Where.Value(destination)}");
                if (after is not null)
                    scan.Where.And($"d.delivery_id > {scan.Where.Value(after)}");
                // What waits lies in the order of its ids for the whole workspace; a pod or inbox looks through it.
                scan.Fit(scope.OnInbox("d"));
                return scan.Read(session, scope, EntryColumns, "deliveries d", $"{scope.OnWorkspace("d")} AND d.{Waiting}", ["d.delivery_id"], ascending: true, limit, ReadEntry);
            },
            cancellationToken);

    /// <summary>All copies of one message, whatever their state.</summary>
    public ValueTask<List<QueueEntry>> OfMessageAsync(Scope scope, string inboxId, string messageId, CancellationToken cancellationToken) =>
        database.ReadAsync(
            session => session.Query(
                scope,
                $"""
                SELECT {EntryColumns} FROM deliveries d JOIN messages m ON m.workspace_id = d.workspace_id AND m.message_key = d.message_key
                WHERE {scope.OnInbox("d")} AND m.inbox_id = @p1 AND m.message_id = @p2 ORDER BY d.delivery_id
                """,
                ReadEntry, inboxId, messageId),
            cancellationToken);

    /// <summary>Copies since then for recipients with this text in their address, whatever their state, newest first.</summary>
    public ValueTask<List<QueueEntry>> ByRecipientAsync(Scope scope, string text, DateTimeOffset since, int limit, CancellationToken cancellationToken)
    {
        var where = new SqlConditions();
        where.And($"d.delivery_id >= {where.Value(Ids.FirstOf(since))}");
        where.AndContains("d.recipient", text);
        var sql = $"SELECT {EntryColumns} FROM deliveries d WHERE {scope.OnInbox("d")}{where.Sql} ORDER BY d.delivery_id DESC LIMIT {where.Value(limit)}";
        return database.ReadAsync(session => session.Query(scope, sql, ReadEntry, where.Values), cancellationToken);
    }

    /// <summary>What waits by destination and state.</summary>
    public ValueTask<List<QueueTotal>> TotalsAsync(Scope scope, CancellationToken cancellationToken) =>
        database.ReadAsync(
            session => session.Query(
                scope,
                $"""
                SELECT d.destination, d.state, COUNT(*), MIN(d.created_at), MAX(d.last_reply) FROM deliveries d
                WHERE d.{Waiting} AND {scope.OnInbox("d")} GROUP BY d.destination, d.state ORDER BY d.destination, d.state
                """,
                row => new QueueTotal(row.GetString(0), row.GetString(1), row.GetInt64(2), Clock.FromMicros(row.GetInt64(3)), row.Text(4))),
            cancellationToken);

    /// <summary>The attempts of one delivery, first to last.</summary>
    public ValueTask<List<DeliveryAttempt>> AttemptsAsync(Scope scope, string deliveryId, CancellationToken cancellationToken) =>
        database.ReadAsync(
            session => session.Query(
                scope,
                $"""
                SELECT a.attempt, a.started_at, a.elapsed, a.remote_host, a.remote_address, a.tls, a.outcome, a.reply_code, a.enhanced_status, a.reply, a.dialogue
                FROM attempts a JOIN deliveries d ON d.workspace_id = a.workspace_id AND d.delivery_id = a.delivery_id
                WHERE {scope.OnInbox("d")} AND a.delivery_id = @p1 ORDER BY a.attempt
                """,
                row => new DeliveryAttempt(
                    (int)row.GetInt64(0), Clock.FromMicros(row.GetInt64(1)), TimeSpan.FromMicroseconds(row.GetInt64(2)), row.Text(3), row.Text(4), row.Text(5), row.GetString(6),
                    (int)(row.Integer(7) ?? 0), row.Text(8), row.Text(9), row.Text(10)),
                deliveryId),
            cancellationToken);

    /// <summary>Keeps what waits from being tried; what is in flight finishes its attempt first. Null takes every destination, or every delivery. Returns how many.</summary>
    public Task<int> HoldAsync(Scope scope, string? destination, string? deliveryId, CancellationToken cancellationToken) =>
        ChangeAsync(scope, destination, deliveryId, "state IN ('queued', 'deferred') AND lease_owner IS NULL", "state = 'held'", EventTypes.Held, cancellationToken);

    /// <summary>Lets held deliveries go, at once.</summary>
    public Task<int> ReleaseHeldAsync(Scope scope, string? destination, string? deliveryId, CancellationToken cancellationToken) =>
        ChangeAsync(scope, destination, deliveryId, "state = 'held'", "state = CASE WHEN attempts = 0 THEN 'queued' ELSE 'deferred' END, next_attempt_at = @now", EventTypes.Released, cancellationToken);

    /// <summary>Makes deferred deliveries due now.</summary>
    public Task<int> FlushAsync(Scope scope, string? destination, string? deliveryId, CancellationToken cancellationToken) =>
        ChangeAsync(
            scope, destination, deliveryId, "state IN ('queued', 'deferred') AND lease_owner IS NULL AND next_attempt_at > @now", "next_attempt_at = @now", EventTypes.Released, cancellationToken);

    /// <summary>Gives up what waits: each message gets message.rejected.</summary>
    public Task<int> DropAsync(Scope scope, string? destination, string? deliveryId, CancellationToken cancellationToken) =>
        ChangeAsync(scope, destination, deliveryId, $"{Waiting} AND lease_owner IS NULL", "state = 'dropped'", EventTypes.Rejected, cancellationToken);

    private async Task<int> ChangeAsync(Scope scope, string? destination, string? deliveryId, string which, string change, string eventType, CancellationToken cancellationToken)
    {
        // In pieces: a queue of a hundred thousand must not stop the writer for all others.
        var total = 0;
        for (var more = true; more;)
        {
            var changed = await database.WriteAsync(session => ChangeSome(session, scope, destination, deliveryId, which, change, eventType), cancellationToken).ConfigureAwait(false);
            total += changed;
            more = changed == Chunk;
        }

        return total;
    }

    private static int ChangeSome(WriteSession session, Scope scope, string? destination, string? deliveryId, string which, string change, string eventType)
    {
        var where = new SqlConditions();
        var now = where.Value(session.Now);
        if (destination is not null)
            where.And($"d.destination = {where.Value(destination)}");
        if (deliveryId is not null)
            where.And($"d.delivery_id = {where.Value(deliveryId)}");
        var rows = session.Query(
            scope,
            $"""
            UPDATE deliveries SET {change.Replace("@now", now, StringComparison.Ordinal)}, updated_at = {now} WHERE (workspace_id, delivery_id) IN (
              SELECT d.workspace_id, d.delivery_id FROM deliveries d
              WHERE {scope.OnInbox("d")} AND d.{Waiting} AND {which.Replace("@now", now, StringComparison.Ordinal)}{where.Sql} LIMIT {where.Value(Chunk)})
              RETURNING pod_id, inbox_id, message_id, thread_id, message_key, recipient
            """,
            row => new { Pod = row.GetString(0), Inbox = row.GetString(1), MessageId = row.GetString(2), Thread = row.GetString(3), Key = row.GetString(4), Recipient = row.GetString(5) },
            where.Values);
        foreach (var message in rows.GroupBy(r => r.Key))
        {
            var first = message.First();
            var recipients = message.Select(r => r.Recipient).ToList();
            var facts = eventType == EventTypes.Rejected
                ? JsonSerializer.Serialize(new RejectionFacts("dropped from the queue", recipients), DeliveryJson.Default.RejectionFacts)
                : JsonSerializer.Serialize(new RecipientFacts(recipients), DeliveryJson.Default.RecipientFacts);
            if (eventType == EventTypes.Rejected)
                MessageStore.Mark(session, scope.WorkspaceId, message.Key, Labels.Rejected);
            EventStore.Append(session, scope.WorkspaceId, new NewEvent(eventType, first.Pod, first.Inbox, first.MessageId, first.Thread, facts));
        }

        return rows.Count;
    }

    private static QueueEntry ReadEntry(DbDataReader row) => new(
        row.GetString(0), row.GetString(1), row.GetString(2), row.GetString(3), row.GetString(4), row.GetString(5), row.GetString(6), (int)row.GetInt64(7),
        Clock.FromMicros(row.GetInt64(8)), Clock.FromMicros(row.GetInt64(9)), !row.IsDBNull(10), row.Text(11), row.Text(12), row.Text(13), Clock.FromMicros(row.GetInt64(14)));
}
