using AgentMta.Protocol.Reports;
using AgentMta.Protocol.Smtp;
using AgentMta.Server.Model;
using AgentMta.Server.Store;
using Microsoft.Extensions.Logging;

namespace AgentMta.Server.Outbound;

/// <summary>What every route shares: reading the bytes of a batch, and ending its attempt.</summary>
internal sealed class DeliveryRun(DeliveryStore store, RawReader raws, OutcomePolicy policy, OutcomeWriter writer, LeaseTable leases, TimeProvider time, ILogger log)
{
    /// <summary>The clock of attempts.</summary>
    public TimeProvider Time => time;

    /// <summary>The shared bytes of a batch, to be disposed of; null where they are gone, and the batch is over.</summary>
    public async Task<RawContent?> ContentAsync(QueueBatch batch, CancellationToken cancellationToken)
    {
        var content = await raws.ReadAsync(batch.First.WorkspaceId, batch.First.RawId, cancellationToken).ConfigureAwait(false);
        if (content is null)
            await FailAsync(batch, new SmtpReply(554, "5.6.0", "the message was deleted before it could be sent"), Trace(time.GetUtcNow()), CancellationToken.None).ConfigureAwait(false);
        return content;
    }

    /// <summary>Ends an attempt with one reply for all.</summary>
    public Task FailAsync(QueueBatch batch, SmtpReply reply, AttemptTrace trace, CancellationToken cancellationToken) =>
        FinishAsync(batch.Deliveries, [.. batch.Deliveries.Select(_ => new RecipientResult(reply))], trace, cancellationToken);

    /// <summary>Ends an attempt that a fault of our own broke off: logged, and tried again later.</summary>
    public Task StumbleAsync(QueueBatch batch, Exception fault)
    {
        log.LogError(fault, "Mail for {Destination} could not be sent", batch.First.Destination);
        return FailAsync(batch, new SmtpReply(451, "4.3.0", "internal error while sending"), Trace(time.GetUtcNow()), CancellationToken.None);
    }

    /// <summary>Ends an attempt with a result for each delivery. The store being away leaves the leases to run out: nothing is lost, the attempt is made again.</summary>
    public async Task FinishAsync(IReadOnlyList<LeasedDelivery> deliveries, IReadOnlyList<RecipientResult> results, AttemptTrace trace, CancellationToken cancellationToken)
    {
        var now = time.GetUtcNow();
        await WriteAsync([.. deliveries.Select((d, i) => policy.Decide(d, results[i], now))], trace, cancellationToken).ConfigureAwait(false);
    }

    /// <summary>Gives deliveries up before they leave: their recipients were suppressed since.</summary>
    public Task DropAsync(IReadOnlyList<(LeasedDelivery Delivery, Suppression Entry)> suppressed, CancellationToken cancellationToken) =>
        WriteAsync(
            [.. suppressed.Select(s => new DeliveryOutcome(s.Delivery, DeliveryState.Dropped, 0, "5.7.1", $"the recipient is suppressed ({s.Entry.Reason})", BounceCause.Policy))],
            Trace(time.GetUtcNow()), cancellationToken);

    private async Task WriteAsync(List<DeliveryOutcome> outcomes, AttemptTrace trace, CancellationToken cancellationToken)
    {
        try
        {
            var counted = await writer.WriteAsync(outcomes, trace, cancellationToken).ConfigureAwait(false);
            foreach (var outcome in counted)
                DeliveryLog.Ended(log, outcome, trace);
            if (counted.Count < outcomes.Count)
                log.LogWarning("{Lost} deliveries had lost their lease when their attempt ended", outcomes.Count - counted.Count);
        }
        catch (StoreException e)
        {
            log.LogError(e, "The outcome of {Count} deliveries could not be stored", outcomes.Count);
        }
        finally
        {
            foreach (var outcome in outcomes)
                leases.Remove(outcome.Delivery);
        }
    }

    /// <summary>Gives deliveries back without an attempt.</summary>
    public async Task ReleaseAsync(IReadOnlyCollection<LeasedDelivery> deliveries)
    {
        try
        {
            if (deliveries.Count > 0)
                await store.ReleaseAsync(deliveries, time.GetUtcNow(), CancellationToken.None).ConfigureAwait(false);
        }
        catch (StoreException e)
        {
            log.LogWarning(e, "Leases could not be given back; they run out by themselves");
        }
        finally
        {
            foreach (var delivery in deliveries)
                leases.Remove(delivery);
        }
    }

    /// <summary>Lets go of a delivery that the receiver completed, and tells the sender where that was asked (RFC 3461 6.2.7).</summary>
    public async Task EndLocallyAsync(LeasedDelivery delivery, SmtpReply reply, AttemptTrace trace)
    {
        leases.Remove(delivery);
        var outcome = new DeliveryOutcome(delivery, DeliveryState.Delivered, reply.Code, reply.EnhancedStatus ?? "2.0.0", reply.Text);
        DeliveryLog.Ended(log, outcome, trace);
        try
        {
            await writer.TellAsync(outcome, trace, CancellationToken.None).ConfigureAwait(false);
        }
        catch (StoreException e)
        {
            log.LogError(e, "The sender of {Delivery} could not be told that it was delivered", delivery.DeliveryId);
        }
    }

    /// <summary>The trace of an attempt that had no remote side.</summary>
    public AttemptTrace Trace(DateTimeOffset startedAt, string? host = null, string? dialogue = null) => new(startedAt, time.GetUtcNow() - startedAt, host, null, null, dialogue);
}
