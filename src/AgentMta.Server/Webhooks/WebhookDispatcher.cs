using AgentMta.Server.Model;
using AgentMta.Server.Store;
using Microsoft.Extensions.Hosting;
using Microsoft.Extensions.Logging;

namespace AgentMta.Server.Webhooks;

/// <summary>Keeps one <see cref="EndpointWorker"/> for each webhook that is switched on, and forgets what is settled for long.</summary>
internal sealed class WebhookDispatcher(WebhookServices services) : BackgroundService
{
    private const int SweepBatch = 500;
    private static readonly TimeSpan SweepInterval = TimeSpan.FromHours(1);

    private readonly Dictionary<string, Running> _running = new(StringComparer.Ordinal);
    private DateTimeOffset _sweptAt;

    /// <inheritdoc/>
    protected override async Task ExecuteAsync(CancellationToken stoppingToken)
    {
        long? known = null;
        while (!stoppingToken.IsCancellationRequested)
        {
            try
            {
                var change = services.Database.Chores.Next;
                var version = services.Database.SettingsVersion;
                if (version != known)
                {
                    await FollowAsync(await services.Webhooks.EnabledAsync(stoppingToken).ConfigureAwait(false), stoppingToken).ConfigureAwait(false);
                    known = version;
                }

                await SweepAsync(stoppingToken).ConfigureAwait(false);
                await ChangeSignal.WaitAsync(change, SweepInterval, services.Time, stoppingToken).ConfigureAwait(false);
            }
            catch (OperationCanceledException) when (stoppingToken.IsCancellationRequested)
            {
                break;
            }
            catch (StoreException e)
            {
                services.Log.LogError(e, "Webhooks cannot be read");
                await Task.Delay(TimeSpan.FromSeconds(1), services.Time, stoppingToken).ConfigureAwait(ConfigureAwaitOptions.SuppressThrowing);
            }
        }

        await Task.WhenAll(_running.Values.Select(r => r.StopAsync())).ConfigureAwait(false);
    }

    private async Task FollowAsync(List<Webhook> enabled, CancellationToken stoppingToken)
    {
        var wanted = enabled.ToDictionary(w => w.WebhookId, StringComparer.Ordinal);
        foreach (var (id, gone) in _running.Where(r => !wanted.ContainsKey(r.Key) || r.Value.IsOver).ToList())
        {
            await gone.StopAsync().ConfigureAwait(false);
            _running.Remove(id);
        }

        foreach (var webhook in enabled)
        {
            if (!_running.ContainsKey(webhook.WebhookId))
                _running.Add(webhook.WebhookId, new Running(new EndpointWorker(services, webhook), stoppingToken));
        }
    }

    private async Task SweepAsync(CancellationToken cancellationToken)
    {
        var now = services.Time.GetUtcNow();
        if (now - _sweptAt < SweepInterval)
            return;
        while (await services.Database.WriteAsync(session => WebhookStore.Sweep(session, now - services.Options.Retention, SweepBatch), cancellationToken).ConfigureAwait(false) == SweepBatch)
        {
        }

        _sweptAt = now;
    }

    private sealed class Running
    {
        private readonly CancellationTokenSource _stop;
        private readonly Task _task;

        public Running(EndpointWorker worker, CancellationToken stoppingToken)
        {
            _stop = CancellationTokenSource.CreateLinkedTokenSource(stoppingToken);
            _task = Task.Run(() => worker.RunAsync(_stop.Token), CancellationToken.None);
        }

        public bool IsOver => _task.IsCompleted;

        public async Task StopAsync()
        {
            await _stop.CancelAsync().ConfigureAwait(false);
            await _task.ConfigureAwait(false);
            _stop.Dispose();
        }
    }
}
