using AgentMta.Server.Model;
using AgentMta.Server.Store;

namespace AgentMta.Server.Agents;

/// <summary>
/// Hands received messages to those who answer them, each to one at a time: a claim leases, ack ends, release gives back, and what is not acked in time goes to the next.
/// Callers of the API are its consumers; a service bound to a use case is to be one more.
/// </summary>
internal sealed class TurnClaims(Database database, EventFeed feed)
{
    private readonly TurnStore _turns = new(database);
    private readonly ClaimStarts _starts = new(feed);

    /// <summary>
    /// What there is to be claimed, waiting for it as long as asked: 1 look, without the writer → 2 lease in one transaction → 3 durable, then handed out.
    /// Where others were quicker, look again.
    /// </summary>
    public async Task<List<ClaimedTurn>> ClaimAsync(Scope scope, TurnClaim claim, TimeSpan wait, CancellationToken cancellationToken)
    {
        var time = database.Time;
        var until = time.GetUtcNow() + wait;
        var watch = new InboxWatch(database, feed, scope.WorkspaceId, claim.InboxId);
        if (wait > TimeSpan.Zero)
            await watch.StartAsync(cancellationToken).ConfigureAwait(false);
        while (true)
        {
            var now = time.GetUtcNow();
            var outlook = await _starts.LookAsync(scope.WorkspaceId, claim, now, from => _turns.LookAsync(scope, claim, now, from, cancellationToken), cancellationToken).ConfigureAwait(false);
            if (outlook.HasAny)
            {
                var claimed = await database.WriteRepeatableAsync(session => TurnStore.Claim(session, scope, claim, outlook, Ids.New(session.Time)), CancellationToken.None).ConfigureAwait(false);
                if (claimed.Count > 0)
                    return await KeepAsync(claimed, cancellationToken).ConfigureAwait(false);
                continue;
            }

            var left = until - now;
            if (left <= TimeSpan.Zero)
                return [];
            if (outlook.NextDue - now is { } due && due < left)
                left = due;
            await watch.WaitAsync(left, cancellationToken).ConfigureAwait(false);
        }
    }

    /// <summary>Ends a turn and changes the labels of its message in the same transaction. Null where the lease was lost to somebody else.</summary>
    public Task<Turn?> AckAsync(Scope scope, StoredMessage message, TurnToken token, IReadOnlyCollection<string> add, IReadOnlyCollection<string> remove, CancellationToken cancellationToken) =>
        database.WriteRepeatableAsync(
            session =>
            {
                var isFirst = TurnStore.IsHeld(session, message, token);
                var turn = TurnStore.Complete(session, message, token);
                // Once: an ack that is said again must not undo what somebody did to the labels since.
                if (isFirst && turn is not null)
                    MessageStore.ChangeLabels(session, scope, message.InboxId, message.MessageId, add, remove);
                return turn;
            },
            cancellationToken);

    /// <summary>Gives a turn back. Null where the lease was lost to somebody else.</summary>
    public Task<Turn?> ReleaseAsync(StoredMessage message, TurnToken token, TimeSpan delay, string? reason, CancellationToken cancellationToken) =>
        database.WriteRepeatableAsync(session => TurnStore.Release(session, message, token, delay, reason), cancellationToken);

    /// <summary>Prolongs a lease. Null where it was lost to somebody else.</summary>
    public Task<Turn?> RenewAsync(StoredMessage message, TurnToken token, TimeSpan lease, CancellationToken cancellationToken) =>
        database.WriteRepeatableAsync(session => TurnStore.Renew(session, message, token, lease), cancellationToken);

    // Who went away while the leases were written cannot work under them.
    private async Task<List<ClaimedTurn>> KeepAsync(List<ClaimedTurn> claimed, CancellationToken cancellationToken)
    {
        if (!cancellationToken.IsCancellationRequested)
            return claimed;
        foreach (var turn in claimed)
            await ReleaseAsync(turn.Message, turn.Token, TimeSpan.Zero, "The claimer was gone before its answer.", CancellationToken.None).ConfigureAwait(false);
        cancellationToken.ThrowIfCancellationRequested();
        return [];
    }
}
