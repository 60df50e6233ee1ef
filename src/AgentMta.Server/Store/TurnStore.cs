using System.Data.Common;
using AgentMta.Server.Model;

namespace AgentMta.Server.Store;

/// <summary>What a claim would find: turns that were given back or whose lease ran out, the first message that nobody has claimed yet, and when the next lease ends.</summary>
internal sealed record TurnOutlook(bool HasReturned, (long At, string Key)? Fresh, DateTimeOffset? NextDue)
{
    /// <summary>Whether a claim is worth its transaction.</summary>
    public bool HasAny => HasReturned || Fresh is not null;
}

/// <summary>A message that is its claimer's alone until the end of the lease.</summary>
internal sealed record ClaimedTurn(StoredMessage Message, TurnToken Token, DateTimeOffset Until);

/// <summary>
/// Turns: which received message is being answered, by whom, until when. Nothing is written when mail comes in; what nobody has claimed yet is found by its label unread,
/// which message_labels has in the order of arrival.
/// </summary>
internal sealed partial class TurnStore(Database database)
{
    private const string Open = "t.state <> 'done'";

    /// <summary>Looks for work without the writer, so that a claimer who waits, or who steps over much that is not for him, holds nobody up.</summary>
    /// <param name="from">The time before which there is known to be nothing that nobody has claimed.</param>
    public ValueTask<TurnOutlook> LookAsync(Scope scope, TurnClaim claim, DateTimeOffset now, long? from, CancellationToken cancellationToken) => database.ReadAsync(
        session =>
        {
            var at = now.ToMicros();
            var next = session.Scalar<long?>(
                scope, $"SELECT MIN(t.due_at) FROM turns t WHERE {scope.OnInbox("t")} AND t.inbox_id = @p1 AND {Open} AND t.due_at > @p2", claim.InboxId, at);
            var fresh = Fresh(session, scope, claim, from is { } time ? (time, "") : null, 1);
            return new TurnOutlook(
                Returned(session, scope, claim, at, 1).Count > 0, fresh.Count > 0 ? (fresh[0].Timestamp.ToMicros(), fresh[0].MessageKey) : null, next is { } due ? Clock.FromMicros(due) : null);
        },
        cancellationToken);

    /// <summary>Takes leases: first on what came back, then on what nobody has claimed yet, oldest first, each with its event.</summary>
    public static List<ClaimedTurn> Claim(WriteSession session, Scope scope, TurnClaim claim, TurnOutlook outlook, string owner)
    {
        var claimed = new List<ClaimedTurn>();
        var size = 0L;
        if (outlook.HasReturned)
        {
            foreach (var (message, attempts) in Returned(session, scope, claim, session.Now, claim.Limit))
                Take(message, attempts + 1);
        }

        if (outlook.Fresh is { } first && claimed.Count < claim.Limit)
        {
            foreach (var message in Fresh(session, scope, claim, first, claim.Limit - claimed.Count))
                Take(message, 1);
        }

        return claimed;

        void Take(StoredMessage message, long attempt)
        {
            if (claimed.Count > 0 && size + message.Size > claim.MaximumSize)
                return;
            size += message.Size;
            var token = new TurnToken(owner, attempt);
            claimed.Add(new ClaimedTurn(message, token, Lease(session, message, token, claim)));
        }
    }

    private static DateTimeOffset Lease(WriteSession session, StoredMessage message, TurnToken token, TurnClaim claim)
    {
        var until = session.Now + (long)claim.Lease.TotalMicroseconds;
        session.Execute(
            """
            INSERT INTO turns (workspace_id, message_key, pod_id, inbox_id, state, attempt, due_at, lease_owner, lease_until, holder, created_at, updated_at)
            VALUES (@p1, @p2, @p3, @p4, 'leased', @p5, @p6, @p7, @p6, @p8, @p9, @p9)
            ON CONFLICT (workspace_id, message_key) DO UPDATE SET state = 'leased', attempt = excluded.attempt, due_at = excluded.due_at, lease_owner = excluded.lease_owner,
              lease_until = excluded.lease_until, holder = excluded.holder, updated_at = excluded.updated_at
            """,
            message.WorkspaceId, message.MessageKey, message.PodId, message.InboxId, token.Attempt, until, token.Owner, claim.Holder, session.Now);
        Tell(session, message, EventTypes.TurnClaimed, $$"""{"attempt":{{token.Attempt}},"holder":"{{claim.Holder}}"}""");
        return Clock.FromMicros(until);
    }

    private static List<(StoredMessage Message, long Attempts)> Returned(StoreSession session, Scope scope, TurnClaim claim, long now, int limit)
    {
        var where = new SqlConditions();
        where.And($"t.inbox_id = {where.Value(claim.InboxId)}");
        where.And($"{Open} AND t.due_at <= {where.Value(now)}");
        Narrow(where, claim);
        return session.Query(
            scope,
            $"""
            SELECT {StoredMessage.Columns}, t.attempt FROM turns t JOIN messages m ON m.workspace_id = t.workspace_id AND m.message_key = t.message_key
            WHERE {scope.OnInbox("t")}{where.Sql} ORDER BY t.due_at, t.message_key LIMIT {where.Value(limit)}
            """,
            row => (StoredMessage.Read(row), row.GetInt64(StoredMessage.ColumnCount)), where.Values);
    }

    private static List<StoredMessage> Fresh(StoreSession session, Scope scope, TurnClaim claim, (long At, string Key)? from, int limit)
    {
        var where = new SqlConditions();
        where.And($"l.workspace_id = @ws AND l.inbox_id = {where.Value(claim.InboxId)} AND l.label = {where.Value(Labels.Unread)}");
        if (from is { } start)
            where.And($"(l.timestamp, l.message_key) >= ({where.Value(start.At)}, {where.Value(start.Key)})");
        where.AndHas("m.labels", Labels.Received);
        Narrow(where, claim);
        return session.Query(
            scope,
            $"""
            SELECT {StoredMessage.Columns} FROM message_labels l JOIN messages m ON m.workspace_id = l.workspace_id AND m.message_key = l.message_key
            WHERE {scope.OnInbox("m")}{where.Sql} AND NOT EXISTS (SELECT 1 FROM turns t WHERE t.workspace_id = l.workspace_id AND t.message_key = l.message_key)
            ORDER BY l.timestamp, l.message_key LIMIT {where.Value(limit)}
            """,
            StoredMessage.Read, where.Values);
    }

    private static void Narrow(SqlConditions where, TurnClaim claim)
    {
        foreach (var label in claim.Labels)
            where.AndHas("m.labels", label);
        foreach (var label in claim.Without)
            where.AndHasNot("m.labels", label);
    }

    private static void Tell(WriteSession session, StoredMessage message, string type, string facts) =>
        EventStore.Append(session, message.WorkspaceId, new NewEvent(type, message.PodId, message.InboxId, message.MessageId, message.ThreadId, facts));
}
