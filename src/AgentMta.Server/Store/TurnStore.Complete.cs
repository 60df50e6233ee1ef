using System.Data.Common;
using System.Text.Json;
using AgentMta.Server.Model;

namespace AgentMta.Server.Store;

/// <content>The end of a lease: done, given back or prolonged, each only by who holds the newest one (design.md, Leases: a fencing check on completion).</content>
internal sealed partial class TurnStore
{
    private const string Held = "state = 'leased' AND lease_owner = @p3 AND attempt = @p4";

    // A lease that ran out and was not taken since is still the newest: its holder has done the work, and refusing it would have the work done twice.

    /// <summary>Whether this lease is the newest of its turn and the turn is still open.</summary>
    public static bool IsHeld(StoreSession session, StoredMessage message, TurnToken token) =>
        session.Scalar<long>($"SELECT 1 FROM turns WHERE workspace_id = @p1 AND message_key = @p2 AND {Held}", message.WorkspaceId, message.MessageKey, token.Owner, token.Attempt) == 1;

    /// <summary>Ends a turn; nothing happens where this lease ended it before. Null where somebody else has taken it since, or nobody had.</summary>
    public static Turn? Complete(WriteSession session, StoredMessage message, TurnToken token)
    {
        if (session.Execute(
            $"UPDATE turns SET state = 'done', updated_at = @p5 WHERE workspace_id = @p1 AND message_key = @p2 AND {Held}",
            message.WorkspaceId, message.MessageKey, token.Owner, token.Attempt, session.Now) == 1)
        {
            Tell(session, message, EventTypes.TurnDone, $$"""{"attempt":{{token.Attempt}}}""");
        }

        return Under(session, message, token, TurnState.Done);
    }

    /// <summary>Gives a turn back, to be taken by anybody after the delay; nothing happens where this lease gave it back before. Null as for <see cref="Complete"/>.</summary>
    public static Turn? Release(WriteSession session, StoredMessage message, TurnToken token, TimeSpan delay, string? reason)
    {
        if (session.Execute(
            $"UPDATE turns SET state = 'waiting', due_at = @p5, lease_until = @p6, reason = @p7, updated_at = @p6 WHERE workspace_id = @p1 AND message_key = @p2 AND {Held}",
            message.WorkspaceId, message.MessageKey, token.Owner, token.Attempt, session.Now + (long)delay.TotalMicroseconds, session.Now, reason) == 1)
        {
            Tell(
                session, message, EventTypes.TurnReleased,
                reason is null ? $$"""{"attempt":{{token.Attempt}}}""" : $$"""{"attempt":{{token.Attempt}},"reason":{{JsonSerializer.Serialize(reason, StoreJson.Default.String)}}}""");
        }

        return Under(session, message, token, TurnState.Waiting);
    }

    /// <summary>Has a lease end this long from now. It writes no event, as the leases of deliveries do not: only who may take it when has changed. Null as for <see cref="Complete"/>.</summary>
    public static Turn? Renew(WriteSession session, StoredMessage message, TurnToken token, TimeSpan lease)
    {
        session.Execute(
            $"UPDATE turns SET due_at = @p5, lease_until = @p5, updated_at = @p6 WHERE workspace_id = @p1 AND message_key = @p2 AND {Held}",
            message.WorkspaceId, message.MessageKey, token.Owner, token.Attempt, session.Now + (long)lease.TotalMicroseconds, session.Now);
        return Under(session, message, token, TurnState.Leased);
    }

    /// <summary>A page of the turns that are not done, in the order in which they may be taken again; <paramref name="after"/> is the (due, key) that ended the last page.</summary>
    public ValueTask<List<Turn>> OpenAsync(Scope scope, string? inboxId, (long At, string Key)? after, int limit, CancellationToken cancellationToken) => database.ReadAsync(
        session =>
        {
            var where = new SqlConditions();
            if (inboxId is not null)
                where.And($"t.inbox_id = {where.Value(inboxId)}");
            where.AndBehind("t.due_at", "t.message_key", after, ascending: true);
            return session.Query(
                scope,
                $"SELECT {Columns} FROM turns t {Message} WHERE {scope.OnInbox("t")} AND {Open}{where.Sql} ORDER BY t.due_at, t.message_key LIMIT {where.Value(limit)}", Read, where.Values);
        },
        cancellationToken);

    private const string Columns =
        "t.message_key, m.message_id, t.inbox_id, t.state, t.lease_owner, t.attempt, t.lease_until, t.due_at, t.holder, t.reason, t.created_at, t.updated_at";

    private const string Message = "JOIN messages m ON m.workspace_id = t.workspace_id AND m.message_key = t.message_key";

    private static Turn? Under(StoreSession session, StoredMessage message, TurnToken token, TurnState state) =>
        session.First($"SELECT {Columns} FROM turns t {Message} WHERE t.workspace_id = @p1 AND t.message_key = @p2", Read, message.WorkspaceId, message.MessageKey) is { } turn
        && turn.Token == token && turn.State == state ? turn : null;

    private static Turn Read(DbDataReader row) => new(
        row.GetString(0), row.GetString(1), row.GetString(2), row.GetString(3) switch { "leased" => TurnState.Leased, "waiting" => TurnState.Waiting, _ => TurnState.Done },
        new TurnToken(row.GetString(4), row.GetInt64(5)), Clock.FromMicros(row.GetInt64(6)), Clock.FromMicros(row.GetInt64(7)), row.GetString(8), row.Text(9),
        Clock.FromMicros(row.GetInt64(10)), Clock.FromMicros(row.GetInt64(11)));
}
