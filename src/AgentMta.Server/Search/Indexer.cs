using AgentMta.Server.Model;
using AgentMta.Server.Store;
using Microsoft.Extensions.Hosting;

namespace AgentMta.Server.Search;

/// <summary>
/// Fills the full-text index behind the store's back: receiving writes nothing for it. A workspace is first walked message by message, then its log of events is
/// followed; both go on where the index says it has come to, so nothing is lost by a kill and nothing counts twice. It rests as long as it works, a tenth
/// of a second at least, so that what comes in a stream is taken in batches. When much mail comes at once it leaves the machine to that and begins when the rush is over,
/// or after half a minute, from when on it rests nine times as long as it works.
/// </summary>
internal sealed class Indexer(Database database, SearchIndex index, RawSpool spool, SearchMeter meter, TimeProvider time, ILogger<Indexer> log) : BackgroundService
{
    private const int WalkBatch = 200;
    private const int EventBatch = 500;
    private const int LeastEventBatch = 10;
    private static readonly TimeSpan LongRound = TimeSpan.FromMilliseconds(200);
    private static readonly TimeSpan ShortRound = TimeSpan.FromMilliseconds(50);
    // So much text is in memory at once, several times over: as characters, as words and deflated.
    private const int BatchCharacters = 1024 * 1024;
    private static readonly TimeSpan Longest = TimeSpan.FromSeconds(30);
    private static readonly TimeSpan ShortestRest = TimeSpan.FromMilliseconds(100);
    private static readonly TimeSpan LongestRest = TimeSpan.FromSeconds(2);
    private const int BusyPerSecond = 200;
    private const double BusyShare = 0.25; // of all processors
    private const int BusyRest = 9;
    private static readonly TimeSpan Patience = TimeSpan.FromSeconds(30);
    private static readonly TimeSpan Look = TimeSpan.FromMilliseconds(500);

    private readonly EventStore _events = new(database);
    private readonly MessageStore _messages = new(new GlancingDatabase(database));
    private readonly DocumentReader _reader = new(new MessageStore(new GlancingDatabase(database)), spool, log);
    private readonly Dictionary<string, SearchProgress> _progress = new(StringComparer.Ordinal);
    private long _head;
    private long _headAt;
    private int _eventBatch = EventBatch;
    private bool _isBusy;
    private long _busySince;
    private long _restedFrom = time.GetTimestamp();
    private TimeSpan _computed = Environment.CpuUsage.TotalTime;

    /// <inheritdoc/>
    protected override async Task ExecuteAsync(CancellationToken stoppingToken)
    {
        // The host starts its services one after the other; this one waits for nobody's first look.
        await Task.Yield();
        while (!stoppingToken.IsCancellationRequested)
        {
            var change = database.Changes.Next;
            var began = time.GetTimestamp();
            try
            {
                if (await IsRushAsync(stoppingToken).ConfigureAwait(false))
                {
                    await Task.Delay(Look, time, stoppingToken).ConfigureAwait(false);
                }
                else if (await RoundAsync(stoppingToken).ConfigureAwait(false))
                {
                    Rest();
                    var took = time.GetElapsedTime(began);
                    // Short rounds, so that a rush is seen soon: large messages are read a few at a time.
                    _eventBatch = took > LongRound ? Math.Max(LeastEventBatch, _eventBatch / 2) : took < ShortRound ? Math.Min(EventBatch, _eventBatch * 2) : _eventBatch;
                    var rest = took * (_isBusy ? BusyRest : 1);
                    await Task.Delay(TimeSpan.FromTicks(Math.Clamp(rest.Ticks, ShortestRest.Ticks, LongestRest.Ticks)), time, stoppingToken).ConfigureAwait(false);
                }
                else
                {
                    await ChangeSignal.WaitAsync(change, Longest, time, stoppingToken).ConfigureAwait(false);
                }
            }
            catch (OperationCanceledException) when (stoppingToken.IsCancellationRequested)
            {
                return;
            }
            catch (Exception e)
            {
                meter.Failed();
                log.LogError(e, "The search index stands still; mail is not affected, and the next try is in {Seconds} s", (int)Longest.TotalSeconds);
                await Task.Delay(Longest, time, stoppingToken).ConfigureAwait(ConfigureAwaitOptions.SuppressThrowing);
            }
        }
    }

    /// <summary>One batch of each workspace that has something new; false where none has.</summary>
    internal async Task<bool> RoundAsync(CancellationToken cancellationToken)
    {
        var worked = false;
        var lag = 0L;
        var heads = await _events.HeadsAsync(cancellationToken).ConfigureAwait(false);
        foreach (var (workspaceId, head) in heads)
        {
            var progress = await ProgressAsync(workspaceId, head, cancellationToken).ConfigureAwait(false);
            if (progress.Walked is not null)
                progress = await WalkAsync(progress, cancellationToken).ConfigureAwait(false);
            else if (progress.Cursor < head)
                progress = await FollowAsync(progress, cancellationToken).ConfigureAwait(false);
            else
                continue;
            worked = true;
            _progress[workspaceId] = progress;
            lag += progress.Walked is null ? Math.Max(0, head - progress.Cursor) : head;
        }

        meter.Lag = lag;
        return worked;
    }

    // Much mail comes, and not for long yet. The first look of a process knows no speed, and works.
    private async ValueTask<bool> IsRushAsync(CancellationToken cancellationToken)
    {
        var heads = await _events.HeadsAsync(cancellationToken).ConfigureAwait(false);
        Watch(heads.Sum(h => h.Cursor));
        if (!_isBusy || time.GetElapsedTime(_busySince) >= Patience)
            return false;
        meter.Lag = heads.Sum(h => _progress.TryGetValue(h.WorkspaceId, out var known) && known.Walked is null ? Math.Max(0, h.Cursor - known.Cursor) : h.Cursor);
        return true;
    }

    // How fast the log grows, and how much this process computes, while the indexer rests: few large messages are as much work as many small ones.
    private void Watch(long head)
    {
        var now = time.GetTimestamp();
        var computed = Environment.CpuUsage.TotalTime;
        var rested = time.GetElapsedTime(_restedFrom, now).TotalSeconds;
        var seconds = _headAt == 0 ? 0 : time.GetElapsedTime(_headAt, now).TotalSeconds;
        var wasBusy = _isBusy;
        _isBusy = seconds > 0 && ((head - _head) / seconds > BusyPerSecond || head > _head && rested > 0 && (computed - _computed).TotalSeconds / rested > BusyShare * Environment.ProcessorCount);
        if (_isBusy && !wasBusy)
            _busySince = now;
        (_head, _headAt) = (head, now);
        Rest();
    }

    private void Rest() => (_restedFrom, _computed) = (time.GetTimestamp(), Environment.CpuUsage.TotalTime);

    private async ValueTask<SearchProgress> ProgressAsync(string workspaceId, long head, CancellationToken cancellationToken)
    {
        if (_progress.TryGetValue(workspaceId, out var known))
            return known;
        var progress = await index.ProgressAsync(workspaceId, cancellationToken).ConfigureAwait(false);
        if (progress is not null && !await FitsAsync(progress, head, cancellationToken).ConfigureAwait(false))
        {
            log.LogWarning("The search index is of another store than this one (a restored backup?): it is made anew");
            await index.ClearAsync(cancellationToken).ConfigureAwait(false);
            _progress.Clear();
            progress = null;
        }

        // What happens during the walk is read behind it, from here.
        return _progress[workspaceId] = progress ?? new SearchProgress(workspaceId, head, await EventAtAsync(workspaceId, head, cancellationToken).ConfigureAwait(false), Walked: "");
    }

    private async ValueTask<bool> FitsAsync(SearchProgress progress, long head, CancellationToken cancellationToken) =>
        progress.Cursor <= head && (progress.EventId is null || await EventAtAsync(progress.WorkspaceId, progress.Cursor, cancellationToken).ConfigureAwait(false) is not { } id || id == progress.EventId);

    private async ValueTask<string?> EventAtAsync(string workspaceId, long cursor, CancellationToken cancellationToken) =>
        await _events.AfterAsync(new Scope(workspaceId), cursor - 1, 1, cancellationToken).ConfigureAwait(false) is [var at] && at.Cursor == cursor ? at.EventId : null;

    private async Task<SearchProgress> WalkAsync(SearchProgress progress, CancellationToken cancellationToken)
    {
        var batch = await _messages.BehindAsync(progress.WorkspaceId, progress.Walked!, WalkBatch, cancellationToken).ConfigureAwait(false);
        var next = progress with { Walked = batch.Count < WalkBatch ? null : batch[^1].MessageKey };
        await ApplyAsync(progress, next, batch, [], cancellationToken).ConfigureAwait(false);
        return next;
    }

    // Whatever happened to a message, what counts is what is there now: so the order of events does not matter, and a batch may be done again.
    private async Task<SearchProgress> FollowAsync(SearchProgress progress, CancellationToken cancellationToken)
    {
        var batch = await _events.AfterAsync(new Scope(progress.WorkspaceId), progress.Cursor, _eventBatch, cancellationToken).ConfigureAwait(false);
        if (batch.Count == 0)
            return progress;
        var named = batch.Where(e => e.MessageId is not null && e.InboxId is not null && e.Type is not (EventTypes.LabelAdded or EventTypes.LabelRemoved))
            .Select(e => (InboxId: e.InboxId!, MessageId: e.MessageId!)).Distinct().ToList();
        var present = new List<StoredMessage>();
        var gone = new List<(string InboxId, string MessageId)>();
        foreach (var name in named)
        {
            if (await _messages.GetAsync(new Scope(progress.WorkspaceId), name.InboxId, name.MessageId, cancellationToken).ConfigureAwait(false) is { } message)
                present.Add(message);
            else
                gone.Add(name);
        }

        var next = progress with { Cursor = batch[^1].Cursor, EventId = batch[^1].EventId };
        await ApplyAsync(progress, next, present, gone, cancellationToken).ConfigureAwait(false);
        return next;
    }

    private async Task ApplyAsync(
        SearchProgress before, SearchProgress next, List<StoredMessage> present, List<(string InboxId, string MessageId)> gone, CancellationToken cancellationToken)
    {
        var known = await index.KnownAsync(next.WorkspaceId, [.. present.Select(m => (m.InboxId, m.MessageId))], cancellationToken).ConfigureAwait(false);
        var added = new List<SearchDocument>();
        var characters = 0;
        foreach (var message in present)
        {
            if (known.GetValueOrDefault((message.InboxId, message.MessageId)) == message.MessageKey)
                continue;
            var document = await _reader.ReadAsync(message, cancellationToken).ConfigureAwait(false);
            added.Add(document);
            characters += document.Fields.Text.Length;
            if (characters < BatchCharacters)
                continue;
            // A part of the batch, without its progress: after a kill the batch is begun again, and finds this part known.
            await index.ApplyAsync(before, added, [], cancellationToken).ConfigureAwait(false);
            meter.Indexed(added.Count);
            added.Clear();
            characters = 0;
        }

        await index.ApplyAsync(next, added, gone, cancellationToken).ConfigureAwait(false);
        meter.Indexed(added.Count);
    }
}
