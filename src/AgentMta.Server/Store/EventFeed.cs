using System.Collections.Concurrent;
using AgentMta.Server.Model;

namespace AgentMta.Server.Store;

/// <summary>The end of each workspace's log in memory: however many webhooks and live feeds follow it, a commit costs one query a workspace.</summary>
internal sealed class EventFeed(Database database, EventStore events)
{
    private const int Kept = 1000;
    private const int BatchSize = 500;
    private const int Workspaces = 1000;

    private readonly ConcurrentDictionary<string, Tail> _tails = new(StringComparer.Ordinal);

    /// <summary>Events of the workspace behind a cursor, oldest first.</summary>
    public async ValueTask<IReadOnlyList<StoredEvent>> AfterAsync(string workspaceId, long cursor, int limit, CancellationToken cancellationToken)
    {
        if (_tails.Count >= Workspaces && !_tails.ContainsKey(workspaceId))
            _tails.Clear();
        var tail = _tails.GetOrAdd(workspaceId, _ => new Tail());
        await RefreshAsync(tail, workspaceId, cancellationToken).ConfigureAwait(false);
        return tail.After(cursor, limit) ?? await events.AfterAsync(new Scope(workspaceId), cursor, limit, cancellationToken).ConfigureAwait(false);
    }

    /// <summary>The cursor of the newest event of a workspace.</summary>
    public ValueTask<long> LastAsync(string workspaceId, CancellationToken cancellationToken) => events.LastAsync(workspaceId, cancellationToken);

    private async ValueTask RefreshAsync(Tail tail, string workspaceId, CancellationToken cancellationToken)
    {
        if (ReferenceEquals(tail.SeenAt, database.Changes.Next))
            return;
        await tail.Refreshing.WaitAsync(cancellationToken).ConfigureAwait(false);
        try
        {
            var change = database.Changes.Next;
            if (ReferenceEquals(tail.SeenAt, change))
                return;
            if (tail.SeenAt is null)
                tail.Start(await events.LastAsync(workspaceId, cancellationToken).ConfigureAwait(false));
            List<StoredEvent> rows;
            do
            {
                rows = await events.AfterAsync(new Scope(workspaceId), tail.Last, BatchSize, cancellationToken).ConfigureAwait(false);
                tail.Append(rows);
            }
            while (rows.Count == BatchSize);
            tail.SeenAt = change;
        }
        finally
        {
            tail.Refreshing.Release();
        }
    }

    private sealed class Tail
    {
        private readonly Lock _lock = new();
        private List<StoredEvent> _events = [];
        private long _last;
        private volatile Task? _seenAt;

        public SemaphoreSlim Refreshing { get; } = new(1, 1);

        // The change that had not yet come when the log was last read: as long as it has not, there is nothing new.
        public Task? SeenAt
        {
            get => _seenAt;
            set => _seenAt = value;
        }

        public long Last
        {
            get
            {
                lock (_lock)
                    return _last;
            }
        }

        public void Start(long last)
        {
            lock (_lock)
                _last = last;
        }

        public void Append(List<StoredEvent> rows)
        {
            if (rows.Count == 0)
                return;
            lock (_lock)
            {
                _events.AddRange(rows);
                _last = rows[^1].Cursor;
                if (_events.Count > 2 * Kept)
                    _events = _events[^Kept..];
            }
        }

        // null: the tail does not reach back so far.
        public List<StoredEvent>? After(long cursor, int limit)
        {
            lock (_lock)
            {
                if (cursor >= _last)
                    return [];
                if (_events.Count == 0 || cursor < _events[0].Cursor - 1)
                    return null;
                // Cursors of a workspace have no gaps (EventStore.Append).
                var start = (int)(cursor + 1 - _events[0].Cursor);
                return _events.GetRange(start, Math.Min(limit, _events.Count - start));
            }
        }
    }
}
