using AgentMta.Server.Model;
using AgentMta.Server.Store;
using Microsoft.Extensions.Logging;

namespace AgentMta.Server.Webhooks;

/// <summary>Delivers to one endpoint, alone with it: what another endpoint does or does not do is never felt here.</summary>
internal sealed class EndpointWorker(WebhookServices services, Webhook webhook)
{
    private const int BatchSize = 100;
    // A position that only passed over foreign events is written this often, so that a restart does not read the whole log.
    private const int UnwrittenEvents = 1000;
    private static readonly TimeSpan LongestWait = TimeSpan.FromHours(1);
    private static readonly TimeSpan PauseAfterFault = TimeSpan.FromSeconds(1);

    private Webhook _webhook = webhook;
    private long _position = webhook.Cursor;
    private long _written = webhook.Cursor;
    private DateTimeOffset? _failingSince = webhook.FailingSince;
    private DateTimeOffset? _nextDue = DateTimeOffset.MinValue;
    private long _settings = -1;
    private long _webhookVersion = -1;
    private bool _isOver;

    /// <summary>Delivers until it is stopped or the endpoint is switched off.</summary>
    public async Task RunAsync(CancellationToken cancellationToken)
    {
        while (!_isOver && !cancellationToken.IsCancellationRequested)
        {
            try
            {
                var change = services.Database.Changes.Next;
                if (await RunOnceAsync(cancellationToken).ConfigureAwait(false))
                    continue;
                var wait = _nextDue is { } due ? due - services.Time.GetUtcNow() : LongestWait;
                await ChangeSignal.WaitAsync(change, wait < TimeSpan.Zero ? TimeSpan.Zero : wait < LongestWait ? wait : LongestWait, services.Time, cancellationToken).ConfigureAwait(false);
            }
            catch (OperationCanceledException) when (cancellationToken.IsCancellationRequested)
            {
                return;
            }
            catch (Exception e) when (e is not OperationCanceledException)
            {
                // Nothing was written, so the same events come again.
                services.Log.LogError(e, "Webhook {Webhook} cannot be worked on", _webhook.WebhookId);
                await Task.Delay(PauseAfterFault, services.Time, cancellationToken).ConfigureAwait(ConfigureAwaitOptions.SuppressThrowing);
            }
        }
    }

    /// <summary>
    /// 1 what is due again → 2 the next events of the log, as many at once as the endpoint's health allows → 3 the outcomes and the new position in one transaction.
    /// Returns whether there may be more.
    /// </summary>
    public async Task<bool> RunOnceAsync(CancellationToken cancellationToken)
    {
        var retried = await RetryAsync(cancellationToken).ConfigureAwait(false);
        if (_isOver)
            return false; // that was its last chance: what comes now waits for somebody to switch it on
        var events = await services.Feed.AfterAsync(_webhook.WorkspaceId, _position, BatchSize, cancellationToken).ConfigureAwait(false);
        await FollowAsync(cancellationToken).ConfigureAwait(false);
        var chosen = new List<StoredEvent>();
        var end = _position;
        foreach (var stored in events)
        {
            if (_webhook.Wants(stored))
            {
                if (chosen.Count == Room)
                    break;
                chosen.Add(stored);
            }

            end = stored.Cursor;
        }

        if (chosen.Count > 0)
        {
            var outcomes = await Task.WhenAll(chosen.Select(stored => TryAsync(stored, isRetry: false, 0, cancellationToken))).ConfigureAwait(false);
            await WriteAsync(outcomes, end, cancellationToken).ConfigureAwait(false);
        }
        else if (end - _written >= UnwrittenEvents)
        {
            await WriteAsync([], end, cancellationToken).ConfigureAwait(false);
        }

        _position = end;
        return retried || events.Count > 0;
    }

    private int Room => _failingSince is null ? Math.Max(1, services.Options.Concurrency) : 1;

    private async Task<bool> RetryAsync(CancellationToken cancellationToken)
    {
        // A replay writes an event that counts as a setting.
        var settings = services.Database.SettingsVersion;
        if (settings == _settings && (_nextDue is null || _nextDue > services.Time.GetUtcNow()))
            return false;
        var waiting = await services.Webhooks.WaitingAsync(_webhook, Room + 1, cancellationToken).ConfigureAwait(false);
        var now = services.Time.GetUtcNow();
        var due = waiting.Where(d => d.NextAttemptAt <= now).Take(Room).ToList();
        if (due.Count > 0)
        {
            await FollowAsync(cancellationToken).ConfigureAwait(false);
            var outcomes = await Task.WhenAll(due.Select(d => TryAsync(d.Event, isRetry: true, d.Attempts, cancellationToken))).ConfigureAwait(false);
            await WriteAsync(outcomes, null, cancellationToken).ConfigureAwait(false);
            _nextDue = now;
            return true;
        }

        _settings = settings;
        _nextDue = waiting.Count == 0 ? null : waiting[0].NextAttemptAt;
        return false;
    }

    // Behind the look at what is to be sent: secrets, headers and filters that were changed before it was asked for hold for it.
    private async ValueTask FollowAsync(CancellationToken cancellationToken)
    {
        var version = services.Database.SettingsVersion;
        if (version == _webhookVersion)
            return;
        _webhook = await services.Webhooks.GetAsync(new Scope(_webhook.WorkspaceId), _webhook.WebhookId, cancellationToken).ConfigureAwait(false) ?? _webhook;
        _webhookVersion = version;
    }

    private async Task<WebhookOutcome> TryAsync(StoredEvent stored, bool isRetry, int attempts, CancellationToken cancellationToken)
    {
        var body = await services.Render(stored, cancellationToken).ConfigureAwait(false);
        var failure = await services.Sender.SendAsync(_webhook, stored.EventId, body, cancellationToken).ConfigureAwait(false);
        var next = failure is not null && RetrySchedule.After(attempts + 1, services.Chance()) is { } delay ? services.Time.GetUtcNow() + delay : (DateTimeOffset?)null;
        services.Meter.Attempt(failure is not null, last: next is null);
        if (failure is null)
            return new WebhookOutcome(stored, isRetry, attempts + 1, null, null);
        var outcome = new WebhookOutcome(stored, isRetry, attempts + 1, failure, next);
        WebhookLog.Failed(services.Log, _webhook, stored, outcome, failure);
        return outcome;
    }

    private async Task WriteAsync(WebhookOutcome[] outcomes, long? cursor, CancellationToken cancellationToken)
    {
        // One success among them and the endpoint is alive.
        var failingSince = outcomes.Length == 0 ? _failingSince
            : Array.Exists(outcomes, o => o.Failure is null) ? null
            : _failingSince ?? outcomes.Min(o => o.Failure!.StartedAt);
        var giveUp = failingSince is { } since && outcomes.Length > 0 && services.Time.GetUtcNow() - since >= services.Options.DisableAfter;
        await services.Database.WriteAsync(
            session =>
            {
                if (!WebhookStore.Record(session, _webhook, outcomes, cursor, failingSince) || !giveUp)
                    return;
                WebhookStore.Abandon(session, _webhook);
                WebhookStore.Switch(session, _webhook, on: false);
            },
            cancellationToken).ConfigureAwait(false);
        _failingSince = failingSince;
        _written = cursor ?? _written;
        if (Array.Exists(outcomes, o => o.NextAttemptAt is not null))
            _nextDue = services.Time.GetUtcNow();
        _isOver = giveUp;
        if (giveUp)
            services.Log.LogWarning("Webhook {Webhook} took nothing since {Since} and was switched off", _webhook.WebhookId, failingSince);
    }
}
