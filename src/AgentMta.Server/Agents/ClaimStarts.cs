using System.Collections.Concurrent;
using AgentMta.Server.Model;
using AgentMta.Server.Store;

namespace AgentMta.Server.Agents;

/// <summary>
/// Remembers for each inbox and filter before which message there was nothing to claim, so that claims step over a heap of hidden unread mail once and not each time. What may open a
/// message that lies before it is an event; after one the look starts at the beginning again.
/// </summary>
internal sealed class ClaimStarts(EventFeed feed)
{
    private const int Remembered = 10_000;
    private const int BatchSize = 500;

    // A message is stored a while after the time that it has: gates and scanners take a minute at most (design.md, Inbound order).
    private static readonly long Margin = (long)TimeSpan.FromMinutes(10).TotalMicroseconds;

    private static readonly string[] HidingFacts = [.. Labels.Hiding.Append(Labels.Archived).Select(label => $"\"label\":\"{label}\"")];

    private readonly ConcurrentDictionary<(string Workspace, string Filter), Entry> _entries = new();

    /// <summary>Looks, from where the last look of this kind leads to. Of many claimers who would all begin at the beginning, one does, and the others follow.</summary>
    /// <param name="look">Looks from a time on; null is the beginning.</param>
    public async ValueTask<TurnOutlook> LookAsync(string workspaceId, TurnClaim claim, DateTimeOffset now, Func<long?, ValueTask<TurnOutlook>> look, CancellationToken cancellationToken)
    {
        if (_entries.Count >= Remembered)
            _entries.Clear();
        var entry = _entries.GetOrAdd(Key(workspaceId, claim), _ => new Entry());
        if (await FindAsync(workspaceId, claim, entry, cancellationToken).ConfigureAwait(false) is { } known)
            return Keep(entry, await look(known.From).ConfigureAwait(false), known.Cursor, now);
        await entry.Beginning.WaitAsync(cancellationToken).ConfigureAwait(false);
        try
        {
            if (await FindAsync(workspaceId, claim, entry, cancellationToken).ConfigureAwait(false) is { } found)
                return Keep(entry, await look(found.From).ConfigureAwait(false), found.Cursor, now);
            // The place in the log first: what happens during the look ends what it found.
            var cursor = await feed.LastAsync(workspaceId, cancellationToken).ConfigureAwait(false);
            return Keep(entry, await look(null).ConfigureAwait(false), cursor, now);
        }
        finally
        {
            entry.Beginning.Release();
        }
    }

    private async ValueTask<Start?> FindAsync(string workspaceId, TurnClaim claim, Entry entry, CancellationToken cancellationToken)
    {
        if (entry.Last is not { } start)
            return null;
        var events = await feed.AfterAsync(workspaceId, start.Cursor, BatchSize, cancellationToken).ConfigureAwait(false);
        return events.Count == BatchSize || events.Any(e => e.InboxId == claim.InboxId && Opens(e)) ? null : events.Count == 0 ? start : start with { Cursor = events[^1].Cursor };
    }

    private static TurnOutlook Keep(Entry entry, TurnOutlook outlook, long cursor, DateTimeOffset now)
    {
        entry.Last = new Start(Math.Min(outlook.Fresh?.At ?? long.MaxValue, now.ToMicros() - Margin), cursor);
        return outlook;
    }

    private static (string Workspace, string Filter) Key(string workspaceId, TurnClaim claim) => (workspaceId, string.Join('\n', [claim.InboxId, .. claim.Labels, "", .. claim.Without]));

    private static bool Opens(StoredEvent stored) => stored.Type switch
    {
        EventTypes.LabelAdded => true,
        EventTypes.LabelRemoved => Array.Exists(HidingFacts, fact => stored.Facts?.Contains(fact, StringComparison.Ordinal) == true),
        // Mail to oneself has the time at which it was sent, however long it was under way.
        EventTypes.Received => stored.Facts == MessageStore.ReceivedAgain,
        _ => false,
    };

    private sealed record Start(long From, long Cursor);

    private sealed class Entry
    {
        private volatile Start? _last;

        public SemaphoreSlim Beginning { get; } = new(1, 1);

        public Start? Last
        {
            get => _last;
            set => _last = value;
        }
    }
}
