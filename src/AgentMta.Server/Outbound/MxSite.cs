using System.Threading.Channels;
using AgentMta.Protocol.Smtp;
using AgentMta.Protocol.Reports;
using AgentMta.Server.Model;

namespace AgentMta.Server.Outbound;

/// <summary>The mail that waits for one set of hosts, and the connections that carry it: few at first, more as the site takes them, each used again while there is mail.</summary>
internal sealed class MxSite(bool closedSender, MxConnector connector, DeliveryRun run, OutboundOptions options, OutboundMeter meter, SemaphoreSlim connections)
{
    private readonly Channel<QueueBatch> _waiting = Channel.CreateUnbounded<QueueBatch>();
    private readonly SitePacing _pacing = new(options.SiteConnections, options.SiteConnectionsLimit);
    private readonly HashSet<Task> _workers = [];
    private readonly Lock _gate = new();
    private volatile Route? _route;
    private int _busy;
    private int _connected;

    /// <summary>Whether nothing waits and nobody works.</summary>
    public bool IsQuiet
    {
        get
        {
            lock (_gate)
                return _workers.Count == 0 && _waiting.Reader.Count == 0;
        }
    }

    /// <summary>Connections that the site is thought to take.</summary>
    public int Allowed
    {
        get
        {
            lock (_gate)
                return _pacing.Allowed;
        }
    }

    /// <summary>Puts batches in line, with the route as it was just looked up; starts a connection where one more is allowed. <paramref name="stopping"/> ends the waiting, <paramref name="abort"/> the transactions.</summary>
    public void Enqueue(Route route, IEnumerable<QueueBatch> batches, CancellationToken stopping, CancellationToken abort)
    {
        _route = route;
        foreach (var batch in batches)
            _waiting.Writer.TryWrite(batch);
        StartWorkers(stopping, abort);
    }

    /// <summary>Completes when all connections are closed, and gives back what still waits.</summary>
    public async Task DrainAsync()
    {
        Task[] workers;
        lock (_gate)
            workers = [.. _workers];
        await Task.WhenAll(workers).ConfigureAwait(false);
        await run.ReleaseAsync([.. TakeAll().SelectMany(b => b.Deliveries)]).ConfigureAwait(false);
    }

    private void StartWorkers(CancellationToken stopping, CancellationToken abort)
    {
        lock (_gate)
        {
            // As many as there is mail for, beyond those that are free to take some.
            while (_workers.Count < _pacing.Allowed && _waiting.Reader.Count > _workers.Count - _busy && !stopping.IsCancellationRequested)
            {
                var done = new TaskCompletionSource();
                _workers.Add(done.Task);
                _ = Task.Run(() => WorkAsync(done, stopping, abort), CancellationToken.None);
            }
        }
    }

    private async Task WorkAsync(TaskCompletionSource done, CancellationToken stopping, CancellationToken abort)
    {
        SmtpClient? client = null;
        var entered = false;
        try
        {
            await connections.WaitAsync(stopping).ConfigureAwait(false);
            entered = true;
            while (!stopping.IsCancellationRequested && !IsTooMany() && await NextAsync(client, stopping).ConfigureAwait(false) is { } batch)
            {
                Interlocked.Increment(ref _busy);
                StartWorkers(stopping, abort);
                try
                {
                    client = await DeliverAsync(client, batch, abort).ConfigureAwait(false);
                }
                finally
                {
                    Interlocked.Decrement(ref _busy);
                }
            }
        }
        catch (OperationCanceledException)
        {
            // Stopping: what waits is given back by DrainAsync.
        }
        finally
        {
            await CloseAsync(client).ConfigureAwait(false);
            if (entered)
                connections.Release();
            lock (_gate)
                _workers.Remove(done.Task);
            done.SetResult();
            StartWorkers(stopping, abort);
        }
    }

    // The next batch; an open connection waits a little for one before it says goodbye.
    private async Task<QueueBatch?> NextAsync(SmtpClient? client, CancellationToken stopping)
    {
        if (_waiting.Reader.TryRead(out var batch))
            return batch;
        if (client is null)
            return null;
        try
        {
            using var patience = new CancellationTokenSource(options.IdleConnection, run.Time);
            using var either = CancellationTokenSource.CreateLinkedTokenSource(patience.Token, stopping);
            return await _waiting.Reader.ReadAsync(either.Token).ConfigureAwait(false);
        }
        catch (OperationCanceledException)
        {
            return null;
        }
    }

    private bool IsTooMany()
    {
        lock (_gate)
            return _workers.Count > _pacing.Allowed;
    }

    // One batch: connect where needed → transaction → outcome. Returns the connection while it can be used again.
    private async Task<SmtpClient?> DeliverAsync(SmtpClient? client, QueueBatch batch, CancellationToken abort)
    {
        try
        {
            var startedAt = run.Time.GetUtcNow();
            using var content = await run.ContentAsync(batch, abort).ConfigureAwait(false);
            if (content is null)
                return client;
            var transaction = batch.ToTransaction(content.Bytes);
            var reused = client is not null;
            client = await FitAsync(client).ConfigureAwait(false) ?? await ConnectAsync(batch, startedAt, abort).ConfigureAwait(false);
            if (client is null)
                return null;
            var results = await client.SendAsync(transaction, abort).ConfigureAwait(false);
            if (reused && !client.ContentSent && results.All(r => r.Fault is not null))
            {
                // The server closed the idle connection as we began: nothing was tried yet.
                await CloseAsync(client).ConfigureAwait(false);
                client = await ConnectAsync(batch, startedAt, abort).ConfigureAwait(false);
                if (client is null)
                    return null;
                results = await client.SendAsync(transaction, abort).ConfigureAwait(false);
            }

            await FinishAsync(client, batch, results, startedAt).ConfigureAwait(false);
            if (client.IsUsable)
                return client;
            await CloseAsync(client).ConfigureAwait(false);
            return null;
        }
        catch (OperationCanceledException)
        {
            await CloseAsync(client).ConfigureAwait(false);
            await run.ReleaseAsync([.. batch.Deliveries]).ConfigureAwait(false);
            return null;
        }
        catch (Exception e)
        {
            // What trips us must not hold a lease that is renewed for ever, nor be tried without pause.
            await CloseAsync(client).ConfigureAwait(false);
            await run.StumbleAsync(batch, e).ConfigureAwait(false);
            return null;
        }
    }

    private async Task FinishAsync(SmtpClient client, QueueBatch batch, IReadOnlyList<RecipientResult> results, DateTimeOffset startedAt)
    {
        var trace = new AttemptTrace(
            startedAt, run.Time.GetUtcNow() - startedAt, client.Target.Host, client.Target.Address.ToString(), client.TlsState, client.Transcript.ToString(), client.Features.Dsn, _route?.Relay is not null);
        Learn(results);
        var ended = Enumerable.Range(0, results.Count).Where(i => !results[i].TryAgainNow).ToList();
        await run.FinishAsync([.. ended.Select(i => batch.Deliveries[i])], [.. ended.Select(i => results[i])], trace, CancellationToken.None).ConfigureAwait(false);
        // RFC 5321 4.5.3.1.10: those that were too many for this transaction make up the next one.
        var rest = Enumerable.Range(0, results.Count).Where(i => results[i].TryAgainNow).Select(i => batch.Deliveries[i]).ToList();
        if (rest.Count > 0)
            _waiting.Writer.TryWrite(new QueueBatch(rest));
    }

    private async Task<SmtpClient?> ConnectAsync(QueueBatch batch, DateTimeOffset startedAt, CancellationToken abort)
    {
        var (client, failure) = await connector.ConnectAsync(_route!, closedSender, abort).ConfigureAwait(false);
        meter.Connection(client is not null, client?.TlsState);
        if (client is not null)
        {
            Interlocked.Increment(ref _connected);
            return client;
        }

        var others = Volatile.Read(ref _connected);
        lock (_gate)
            _pacing.Struggled(others);
        if (others > 0 && !failure!.Permanent)
        {
            // Others got through: the site takes no more connections than those, and they take this batch.
            _waiting.Writer.TryWrite(batch);
            return null;
        }

        // Nobody got through: what waits would fail in the same way, each after the same time.
        var batches = new List<QueueBatch> { batch };
        batches.AddRange(TakeAll());
        var trace = new AttemptTrace(startedAt, run.Time.GetUtcNow() - startedAt, failure!.Host, failure.Address, null, failure.Transcript.ToString());
        var reply = new SmtpReply(failure.Permanent ? 550 : 0, failure.Status, failure.Text);
        foreach (var failed in batches)
            await run.FailAsync(failed, reply, trace, CancellationToken.None).ConfigureAwait(false);
        return null;
    }

    private async Task<SmtpClient?> FitAsync(SmtpClient? client)
    {
        if (client is null)
            return null;
        var limit = client.Features.MaxMessages > 0 ? Math.Min(client.Features.MaxMessages, options.MessagesPerConnection) : options.MessagesPerConnection;
        if (client.IsUsable && client.Transactions < limit)
        {
            client.StartTranscript();
            return client;
        }

        await CloseAsync(client).ConfigureAwait(false);
        return null;
    }

    private async Task CloseAsync(SmtpClient? client)
    {
        if (client is null || !client.TryClose())
            return;
        Interlocked.Decrement(ref _connected);
        await client.QuitAsync(CancellationToken.None).ConfigureAwait(false);
        await client.DisposeAsync().ConfigureAwait(false);
    }

    private void Learn(IReadOnlyList<RecipientResult> results)
    {
        lock (_gate)
        {
            if (results.Any(r => r.Fault is not null || r.Reply?.Code is 421 or 451 && ReplyCause.Of(r.Reply.EnhancedStatus, r.Reply.Text) != BounceCause.Recipient))
                _pacing.Struggled(int.MaxValue);
            else
                _pacing.Succeeded();
        }
    }

    private List<QueueBatch> TakeAll()
    {
        var batches = new List<QueueBatch>();
        while (_waiting.Reader.TryRead(out var batch))
            batches.Add(batch);
        return batches;
    }
}
