using System.Collections.Concurrent;
using AgentMta.Protocol.Smtp;
using AgentMta.Server.Model;
using AgentMta.Server.Store;
using Microsoft.Extensions.Hosting;
using Microsoft.Extensions.Logging;

namespace AgentMta.Server.Outbound;

/// <summary>Takes due deliveries from the queue and sees to it that each ends with an outcome, or is given back.</summary>
internal sealed class QueueWorker(
    Database database, DeliveryStore store, DeliveryRun run, LeaseTable leases, Router router, MxConnector connector, LocalRoute local, DelayTeller delays, OutboundOptions options,
    OutboundMeter meter, TimeProvider time, ILogger<QueueWorker> log) : BackgroundService
{
    private const int SitesKept = 5000;

    // A command in another process may change the queue too, and wakes nobody here; it says how long this takes.
    internal static readonly TimeSpan LongestWait = TimeSpan.FromSeconds(2);

    private static readonly TimeSpan DelayCheck = TimeSpan.FromMinutes(1);
    private static readonly TimeSpan StopTime = TimeSpan.FromSeconds(20);

    private readonly string _owner = $"{options.HostName}/{Environment.ProcessId}/{Ids.New(time)}";
    private readonly ConcurrentDictionary<string, MxSite> _sites = new(StringComparer.Ordinal);
    private readonly ConcurrentDictionary<Task, bool> _routing = new();
    private readonly SemaphoreSlim _connections = new(options.Connections);
    private readonly SemaphoreSlim _localCopies = new(4);
    private readonly CancellationTokenSource _abort = new();
    private string _from = "";

    /// <summary>How many deliveries this process has in hand.</summary>
    public int InHand => leases.Count;

    /// <inheritdoc/>
    public override void Dispose()
    {
        _abort.Dispose();
        _connections.Dispose();
        _localCopies.Dispose();
        base.Dispose();
    }

    /// <summary>
    /// 1 see what is due → 2 take leases → 3 route each destination → 4 its site delivers; meanwhile leases are renewed. At the end nothing new is
    /// claimed, what is under way has <see cref="StopTime"/>, and the rest is given back.
    /// </summary>
    protected override async Task ExecuteAsync(CancellationToken stoppingToken)
    {
        if (options.OwnsDatabase)
            await FreeAbandonedAsync(stoppingToken).ConfigureAwait(false);
        var renewing = Task.WhenAll(RenewAsync(), TellDelaysAsync(stoppingToken));
        while (!stoppingToken.IsCancellationRequested)
        {
            try
            {
                var next = database.Chores.Next;
                if (await ClaimAsync(stoppingToken).ConfigureAwait(false) == 0)
                    await ChangeSignal.WaitAsync(next, await WaitAsync(stoppingToken).ConfigureAwait(false), time, stoppingToken).ConfigureAwait(false);
            }
            catch (OperationCanceledException) when (stoppingToken.IsCancellationRequested)
            {
                break;
            }
            catch (StoreException e)
            {
                log.LogError(e, "The queue cannot be read");
                await Task.Delay(TimeSpan.FromSeconds(1), time, stoppingToken).ConfigureAwait(ConfigureAwaitOptions.SuppressThrowing);
            }
        }

        await FinishAsync(renewing).ConfigureAwait(false);
    }

    // Whoever held these died with the last process: nobody has to wait for the end of their leases.
    private async Task FreeAbandonedAsync(CancellationToken stopping)
    {
        try
        {
            if (await store.ReleaseAbandonedAsync(stopping).ConfigureAwait(false) is > 0 and var freed)
                log.LogInformation("Took over {Count} deliveries of a process that ended in their midst", freed);
        }
        catch (StoreException e)
        {
            log.LogError(e, "Abandoned deliveries could not be freed; their leases run out by themselves");
        }
    }

    private async Task<int> ClaimAsync(CancellationToken stopping)
    {
        var room = options.ClaimLimit - leases.Count;
        if (room <= 0)
            return 0;
        var due = await store.DueAsync(
            d => leases.For(d) >= options.ClaimPerDestination / 2, _from, Math.Min(room, options.ClaimLimit), options.ClaimPerDestination, time.GetUtcNow(), stopping).ConfigureAwait(false);
        if (due.Count == 0)
            return 0;
        _from = due[^1].Destination;
        var claimed = await store.ClaimAsync(due, _owner, options.Lease, stopping).ConfigureAwait(false);
        foreach (var delivery in claimed)
            leases.Add(delivery);
        // The last look before anything leaves: who opted out or bounced since the message was queued gets nothing.
        var suppressed = await store.SuppressedAsync(claimed, stopping).ConfigureAwait(false);
        if (suppressed.Count > 0)
        {
            await run.DropAsync(suppressed, CancellationToken.None).ConfigureAwait(false);
            claimed.RemoveAll(d => suppressed.Exists(s => s.Delivery == d));
        }

        foreach (var group in claimed.GroupBy(d => (d.Destination, Closed: IsClosed(d.InboxId), d.Options.RequireTls)))
        {
            var routing = RouteAsync(group.Key.Destination, group.Key.Closed, [.. group], stopping);
            _routing.TryAdd(routing, true);
            _ = routing.ContinueWith(t => _routing.TryRemove(t, out _), TaskScheduler.Default);
        }

        return due.Count;
    }

    private async Task<TimeSpan> WaitAsync(CancellationToken stopping)
    {
        // Something is due already, and there was no room for it: soon there is.
        var next = await store.NextDueAsync(stopping).ConfigureAwait(false);
        var wait = next is null ? LongestWait : next.Value - time.GetUtcNow();
        return wait > LongestWait ? LongestWait : wait < TimeSpan.FromMilliseconds(50) ? TimeSpan.FromMilliseconds(50) : wait;
    }

    private async Task RouteAsync(string destination, bool closedSender, List<LeasedDelivery> deliveries, CancellationToken stopping)
    {
        var startedAt = time.GetUtcNow();
        try
        {
            if (await local.TakesAsync(destination, stopping).ConfigureAwait(false))
            {
                await DeliverLocallyAsync(deliveries, stopping).ConfigureAwait(false);
                return;
            }

            var result = await router.FindAsync(destination, stopping).ConfigureAwait(false);
            // RFC 8689 4.2.1: a certificate that proves the host, whatever the destination's own policy.
            if (result.Route is { Tls: null } open && deliveries[0].Options.RequireTls)
                result = result with { Route = open with { Tls = TlsPolicy.Verified("requiretls") } };
            if (result.Route is { } route)
                Site(route, closedSender).Enqueue(route, QueueBatch.Group(deliveries, options.RecipientsPerTransaction), stopping, _abort.Token);
            else
                await run.FailAsync(new QueueBatch(deliveries), result.Fault!, run.Trace(startedAt), CancellationToken.None).ConfigureAwait(false);
        }
        catch (OperationCanceledException)
        {
            await run.ReleaseAsync(deliveries).ConfigureAwait(false);
        }
        catch (Exception e)
        {
            // A destination that trips us must not stop the others, nor be tried without pause.
            log.LogError(e, "Mail for {Destination} could not be routed", destination);
            await run.FailAsync(new QueueBatch(deliveries), new SmtpReply(451, "4.3.0", "internal error while routing"), run.Trace(startedAt), CancellationToken.None).ConfigureAwait(false);
        }
    }

    private async Task DeliverLocallyAsync(List<LeasedDelivery> deliveries, CancellationToken stopping)
    {
        await _localCopies.WaitAsync(stopping).ConfigureAwait(false);
        try
        {
            await local.DeliverAsync(deliveries, stopping).ConfigureAwait(false);
        }
        finally
        {
            _localCopies.Release();
        }
    }

    private MxSite Site(Route route, bool closedSender)
    {
        if (_sites.Count > SitesKept)
        {
            foreach (var (key, site) in _sites)
            {
                if (site.IsQuiet)
                    _sites.TryRemove(key, out _);
            }
        }

        var policy = route.Tls?.Source ?? "";
        return _sites.GetOrAdd($"{(closedSender ? "closed " : "")}{policy} {route.Site}", _ => new MxSite(closedSender, connector, run, options, meter, _connections));
    }

    // design.md, Closed networks: mail of these senders leaves only to addresses that a setting names.
    private static bool IsClosed(string sender) => sender[(sender.LastIndexOf('.') + 1)..] is "test" or "invalid" or "localhost" || sender.EndsWith("@localhost", StringComparison.Ordinal);

    private async Task RenewAsync()
    {
        using var timer = new PeriodicTimer(options.Lease / 3, time);
        while (!_abort.IsCancellationRequested)
        {
            try
            {
                await timer.WaitForNextTickAsync(_abort.Token).ConfigureAwait(false);
                foreach (var some in leases.All.Chunk(500))
                    await store.RenewAsync(some, options.Lease, CancellationToken.None).ConfigureAwait(false);
            }
            catch (OperationCanceledException)
            {
                return;
            }
            catch (StoreException e)
            {
                log.LogError(e, "Leases could not be renewed");
            }
        }
    }

    private async Task TellDelaysAsync(CancellationToken stopping)
    {
        using var timer = new PeriodicTimer(DelayCheck, time);
        while (!stopping.IsCancellationRequested)
        {
            try
            {
                await timer.WaitForNextTickAsync(stopping).ConfigureAwait(false);
                await delays.TellAsync(stopping).ConfigureAwait(false);
            }
            catch (OperationCanceledException)
            {
                return;
            }
            catch (StoreException e)
            {
                log.LogError(e, "Delays could not be told");
            }
        }
    }

    private async Task FinishAsync(Task renewing)
    {
        _abort.CancelAfter(StopTime);
        await Task.WhenAll(_routing.Keys).ConfigureAwait(ConfigureAwaitOptions.SuppressThrowing);
        await Task.WhenAll(_sites.Values.Select(s => s.DrainAsync())).ConfigureAwait(ConfigureAwaitOptions.SuppressThrowing);
        await _abort.CancelAsync().ConfigureAwait(false);
        await renewing.ConfigureAwait(ConfigureAwaitOptions.SuppressThrowing);
        await run.ReleaseAsync([.. leases.All]).ConfigureAwait(false);
    }
}
