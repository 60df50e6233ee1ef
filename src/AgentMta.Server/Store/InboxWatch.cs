using AgentMta.Server.Model;

namespace AgentMta.Server.Store;

/// <summary>Waits for something to happen in one inbox. A commit wakes every waiter of the server; those whose inbox it does not touch see that in the feed's memory and ask the database nothing.</summary>
internal sealed class InboxWatch(Database database, EventFeed feed, string workspaceId, string inboxId)
{
    private const int BatchSize = 500;

    private Task _change = Task.CompletedTask;
    private long _cursor;

    /// <summary>To be called before the first look at the store: what happens from then on ends a wait.</summary>
    public async ValueTask StartAsync(CancellationToken cancellationToken)
    {
        _change = database.Changes.Next;
        _cursor = await feed.LastAsync(workspaceId, cancellationToken).ConfigureAwait(false);
    }

    /// <summary>Ends at the next change of the inbox since the last wait or the start, at the latest after the limit.</summary>
    public async Task WaitAsync(TimeSpan limit, CancellationToken cancellationToken)
    {
        var until = database.Time.GetUtcNow() + limit;
        while (true)
        {
            var left = until - database.Time.GetUtcNow();
            if (left <= TimeSpan.Zero)
                return;
            await ChangeSignal.WaitAsync(_change, left, database.Time, cancellationToken).ConfigureAwait(false);
            // The next signal first: what comes while the feed is read is not missed.
            _change = database.Changes.Next;
            var events = await feed.AfterAsync(workspaceId, _cursor, BatchSize, cancellationToken).ConfigureAwait(false);
            if (events.Count > 0)
                _cursor = events[^1].Cursor;
            if (events.Count == BatchSize || events.Any(e => e.InboxId == inboxId))
                return;
        }
    }
}
