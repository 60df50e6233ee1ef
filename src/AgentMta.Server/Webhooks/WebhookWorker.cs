using System.Collections.Concurrent;
using System.Net.Http.Headers;
using AgentMta.Server.Model;
using AgentMta.Server.Store;
using Microsoft.Extensions.Hosting;

namespace AgentMta.Server.Webhooks;

/// <summary>
/// Brings events to endpoints: 1 fan out what is new by each webhook's cursor → 2 start one run an endpoint that has something due → 3 sleep until an event or the
/// next due time. A slow endpoint holds up its own run alone.
/// </summary>
/// <param name="http">Connects only where promise 7 allows and follows no redirects.</param>
internal sealed class WebhookWorker(
    Database database, WebhookStore webhooks, EventStore events, RenderEvent render, HttpMessageInvoker http, WebhookOptions options, Func<double> chance, TimeProvider time, ILogger<WebhookWorker> log) : BackgroundService
{
    private const int Batch = 200;
    private const int RunLength = 50;
    private const int ParallelRuns = 32;
    private static readonly TimeSpan Longest = TimeSpan.FromSeconds(30);

    private readonly ConcurrentDictionary<string, Task> _runs = new(StringComparer.Ordinal);

    /// <inheritdoc/>
    protected override async Task ExecuteAsync(CancellationToken stoppingToken)
    {
        while (!stoppingToken.IsCancellationRequested)
        {
            try
            {
                var change = database.Changes.Next;
                var more = false;
                foreach (var webhook in await webhooks.EnabledAsync(stoppingToken).ConfigureAwait(false))
                {
                    more |= await FanOutAsync(webhook, stoppingToken).ConfigureAwait(false);
                    if (_runs.Count < ParallelRuns && !_runs.ContainsKey(webhook.WebhookId) && (await webhooks.DueAsync(webhook, time.GetUtcNow(), 1, stoppingToken).ConfigureAwait(false)).Count > 0)
                        _runs[webhook.WebhookId] = RunAsync(webhook, stoppingToken);
                }

                foreach (var (id, run) in _runs)
                {
                    if (run.IsCompleted)
                        more |= _runs.TryRemove(id, out _);
                }

                if (!more)
                    await SleepAsync(change, stoppingToken).ConfigureAwait(false);
            }
            catch (OperationCanceledException) when (stoppingToken.IsCancellationRequested)
            {
                break;
            }
            catch (StoreException e)
            {
                log.LogError(e, "Webhooks wait: the store cannot keep changes");
                await Task.Delay(Longest, time, stoppingToken).ConfigureAwait(ConfigureAwaitOptions.SuppressThrowing);
            }
        }

        await Task.WhenAll(_runs.Values).ConfigureAwait(ConfigureAwaitOptions.SuppressThrowing);
    }

    private async Task SleepAsync(Task change, CancellationToken cancellationToken)
    {
        var now = time.GetUtcNow();
        var wait = await webhooks.NextAsync(cancellationToken).ConfigureAwait(false) is { } next && next - now < Longest ? next - now : Longest;
        // A due row that has a run already is that run's business.
        wait = wait < TimeSpan.FromMilliseconds(50) ? TimeSpan.FromMilliseconds(50) : wait;
        using var waking = CancellationTokenSource.CreateLinkedTokenSource(cancellationToken);
        await Task.WhenAny([ChangeSignal.WaitAsync(change, wait, time, waking.Token), .. _runs.Values]).ConfigureAwait(false);
        await waking.CancelAsync().ConfigureAwait(false);
        cancellationToken.ThrowIfCancellationRequested();
    }

    private async Task<bool> FanOutAsync(Webhook webhook, CancellationToken cancellationToken)
    {
        var rows = await events.AfterAsync(webhook.Scope, webhook.Cursor, Batch, cancellationToken).ConfigureAwait(false);
        if (rows.Count == 0)
            return false;
        var filter = new EventFilter(webhook.Scope, webhook.EventTypes, webhook.PodIds, webhook.InboxIds);
        await webhooks.FanOutAsync(webhook, [.. rows.Where(filter.Takes)], rows[^1].Cursor, cancellationToken).ConfigureAwait(false);
        return true;
    }

    private async Task RunAsync(Webhook webhook, CancellationToken cancellationToken)
    {
        foreach (var delivery in await webhooks.DueAsync(webhook, time.GetUtcNow(), RunLength, cancellationToken).ConfigureAwait(false))
        {
            var stored = (await events.AfterAsync(new Scope(delivery.WorkspaceId), delivery.EventCursor - 1, 1, cancellationToken).ConfigureAwait(false)).Find(e => e.Cursor == delivery.EventCursor);
            if (stored is null || await render(stored, cancellationToken).ConfigureAwait(false) is not { } body)
            {
                await webhooks.CompleteAsync(delivery, cancellationToken).ConfigureAwait(false);
                continue;
            }

            var (status, error) = await PostAsync(webhook, delivery, body, cancellationToken).ConfigureAwait(false);
            if (error is null)
            {
                await webhooks.CompleteAsync(delivery, cancellationToken).ConfigureAwait(false);
                continue;
            }

            var attempt = delivery.Attempts + 1;
            // Up to a fifth more, so that many failed at once do not come back at once.
            var next = attempt < options.Steps.Count ? time.GetUtcNow() + (options.Steps[attempt] * (1 + (chance() / 5))) : (DateTimeOffset?)null;
            await webhooks.FailAsync(delivery, status, error, next, options.Patience, cancellationToken).ConfigureAwait(false);
            log.LogWarning("Webhook {Webhook} did not take event {Event} at attempt {Attempt}: {Error}", webhook.WebhookId, delivery.EventId, attempt, error);
            // An endpoint that is down is not asked for each of its events in a row.
            break;
        }
    }

    private async Task<(int? Status, string? Error)> PostAsync(Webhook webhook, WebhookDelivery delivery, byte[] body, CancellationToken cancellationToken)
    {
        using var patience = new CancellationTokenSource(options.Timeout, time);
        using var both = CancellationTokenSource.CreateLinkedTokenSource(patience.Token, cancellationToken);
        using var request = new HttpRequestMessage(HttpMethod.Post, webhook.Url) { Content = new ByteArrayContent(body) };
        request.Content.Headers.ContentType = new MediaTypeHeaderValue("application/json");
        request.Headers.TryAddWithoutValidation("User-Agent", "AgentMta-Webhooks/1");
        foreach (var line in webhook.Headers)
            request.Headers.TryAddWithoutValidation(line[..line.IndexOf(':', StringComparison.Ordinal)], line[(line.IndexOf(':', StringComparison.Ordinal) + 1)..].Trim());
        foreach (var (name, value) in WebhookSigner.Headers(webhook.Secrets, delivery.EventId, time.GetUtcNow(), body))
            request.Headers.TryAddWithoutValidation(name, value);
        try
        {
            using var answer = await http.SendAsync(request, both.Token).ConfigureAwait(false);
            var status = (int)answer.StatusCode;
            return (status, status is >= 200 and < 300 ? null : $"answered {status}");
        }
        catch (OperationCanceledException) when (!cancellationToken.IsCancellationRequested)
        {
            return (null, $"no answer within {options.Timeout.TotalSeconds:0} s");
        }
        catch (Exception e) when (e is HttpRequestException or IOException)
        {
            return (null, e.InnerException?.Message ?? e.Message);
        }
    }
}
