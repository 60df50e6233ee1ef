using AgentMta.Server.Model;
using AgentMta.Server.Store;

namespace AgentMta.Server.Search;

/// <summary>Something that was found, the message that it was found by, and what that was found in.</summary>
internal sealed record Found<T>(T Item, SearchPosition Position, SearchFields? Fields);

/// <summary>A page of finds and where the next one goes on; null at the end.</summary>
internal sealed record SearchResult<T>(IReadOnlyList<Found<T>> Items, SearchPosition? Next);

/// <summary>
/// Searches: the index names candidates in order, the store tells which of them are there, within the scope and let through by the filters. A page looks at a bounded
/// number of candidates; where filters leave few of them, it is short and says where to go on.
/// </summary>
internal sealed class Searcher(Database database, SearchIndex index)
{
    /// <summary>So many candidates a page looks at.</summary>
    public const int CandidatesOfPage = 2000;

    // Of a longer thread the newest so many messages are asked whether one of them was shown before.
    private const int MessagesOfThread = 100;

    private readonly MessageStore _messages = new(database);
    private readonly ThreadReader _threads = new(database);

    /// <summary>Messages of an inbox.</summary>
    public Task<SearchResult<StoredMessage>> MessagesAsync(Scope scope, SearchQuery query, MessageFilter filter, SearchPosition? after, int limit, CancellationToken cancellationToken) => PageAsync<StoredMessage>(
        scope, query, new SearchRange(filter.After, filter.Before), after, limit,
        async (_, hits) =>
        {
            var rows = await _messages.OfKeysAsync(scope, hits.Select(h => h.MessageKey), filter, cancellationToken).ConfigureAwait(false);
            return [.. hits.Where(h => rows.ContainsKey(h.MessageKey)).Select(h => (rows[h.MessageKey], h.Position))];
        },
        cancellationToken);

    /// <summary>Threads, each where its best message stands, and once.</summary>
    public Task<SearchResult<StoredThread>> ThreadsAsync(Scope scope, SearchQuery query, ThreadFilter filter, SearchPosition? after, int limit, CancellationToken cancellationToken)
    {
        var shown = new HashSet<string>(StringComparer.Ordinal);
        // What hides a thread hides the messages by which it would be found.
        var visible = new MessageFilter { Without = filter.Without };
        return PageAsync<StoredThread>(
            scope, query, new SearchRange(null, filter.Before), after, limit,
            async (plan, hits) =>
            {
                var rows = await _messages.OfKeysAsync(scope, hits.Select(h => h.MessageKey), visible, cancellationToken).ConfigureAwait(false);
                var found = new List<(StoredThread, SearchPosition)>();
                foreach (var hit in hits)
                {
                    if (rows.GetValueOrDefault(hit.MessageKey) is not { } message || shown.Contains(message.ThreadId))
                        continue;
                    if (await _threads.OfFilterAsync(scope, message.ThreadId, filter, cancellationToken).ConfigureAwait(false) is not { } thread || thread.IsHiddenBy(filter.Without))
                        continue;
                    if (thread.MessageCount > 1 && await WasShownAsync(plan, hit.Position, thread, filter.Without, cancellationToken).ConfigureAwait(false))
                        continue;
                    shown.Add(thread.ThreadId);
                    found.Add((thread, hit.Position));
                }

                return found;
            },
            cancellationToken);
    }

    private async ValueTask<bool> WasShownAsync(SearchPlan plan, SearchPosition position, StoredThread thread, IReadOnlyList<string> without, CancellationToken cancellationToken)
    {
        var others = await _messages.IdsOfThreadAsync(plan.Scope, thread.ThreadId, without, MessagesOfThread, cancellationToken).ConfigureAwait(false);
        return (await index.FoundBeforeAsync(plan, position, thread.InboxId, others, cancellationToken).ConfigureAwait(false)).Count > 0;
    }

    private async Task<SearchResult<T>> PageAsync<T>(
        Scope scope, SearchQuery query, SearchRange range, SearchPosition? after, int limit, Func<SearchPlan, List<SearchHit>, Task<List<(T Item, SearchPosition Position)>>> look,
        CancellationToken cancellationToken)
    {
        var found = new List<(T Item, SearchPosition Position)>();
        var (position, seen, end) = (after, 0, false);
        var plan = await index.PrepareAsync(scope, query, cancellationToken).ConfigureAwait(false);
        while (found.Count <= limit && seen < CandidatesOfPage && !end)
        {
            var asked = Math.Min(Math.Max(limit + 1, seen), CandidatesOfPage - seen);
            var hits = await index.FindAsync(plan, range, position, asked, cancellationToken).ConfigureAwait(false);
            found.AddRange(await look(plan, hits).ConfigureAwait(false));
            seen += hits.Count;
            end = hits.Count < asked;
            position = hits.Count > 0 ? hits[^1].Position : position;
        }

        var next = found.Count > limit ? found[limit - 1].Position : end ? null : position;
        if (found.Count > limit)
            found.RemoveRange(limit, found.Count - limit);
        var fields = await index.FieldsAsync([.. found.Select(f => f.Position.Document)], cancellationToken).ConfigureAwait(false);
        return new SearchResult<T>([.. found.Select(f => new Found<T>(f.Item, f.Position, fields.GetValueOrDefault(f.Position.Document)))], next);
    }
}
