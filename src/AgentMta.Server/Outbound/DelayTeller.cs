using System.Text.Json;
using AgentMta.Server.Model;
using AgentMta.Server.Store;

namespace AgentMta.Server.Outbound;

/// <summary>Tells senders, once, that mail has been waiting for hours, whenever its next attempt is (RFC 5321 4.5.4.1 leaves four days for it).</summary>
internal sealed class DelayTeller(Database database, DeliveryStore store, RawReader raws, StatusNotifier notifier, OutboundOptions options, TimeProvider time)
{
    private const int Limit = 500;

    /// <summary>Writes message.delayed for what is late by now; returns how many deliveries that were.</summary>
    public async Task<int> TellAsync(CancellationToken cancellationToken)
    {
        var late = await store.LateAsync(time.GetUtcNow() - options.DelayReportAfter, Limit, cancellationToken).ConfigureAwait(false);
        foreach (var message in late.GroupBy(d => (d.Delivery.WorkspaceId, d.Delivery.MessageKey)))
        {
            var outcomes = message.Select(d => new DeliveryOutcome(d.Delivery, DeliveryState.Deferred, 0, d.Status, d.Reply, NextAttempt: d.NextAttempt)).ToList();
            var first = outcomes[0].Delivery;
            using var original = outcomes.Exists(StatusNotifier.IsCalledForDelay) ? await raws.ReadAsync(first.WorkspaceId, first.RawId, cancellationToken).ConfigureAwait(false) : null;
            await database.WriteAsync(session => Tell(session, outcomes, original?.Bytes ?? ReadOnlyMemory<byte>.Empty), cancellationToken).ConfigureAwait(false);
        }

        return late.Count;
    }

    private void Tell(WriteSession session, List<DeliveryOutcome> outcomes, ReadOnlyMemory<byte> original)
    {
        var told = outcomes.FindAll(o => DeliveryStore.MarkDelayed(session, o.Delivery));
        if (told.Count == 0)
            return;
        var first = told[0].Delivery;
        MessageStore.Mark(session, first.WorkspaceId, first.MessageKey, Labels.Delayed);
        var facts = new DeferralFacts([.. told.Select(o => new RecipientStatus(o.Delivery.Recipient, o.Status, o.Reply, o.NextAttempt))]);
        EventStore.Append(session, first.WorkspaceId, new NewEvent(
            EventTypes.Delayed, first.PodId, first.InboxId, first.MessageId, first.ThreadId, JsonSerializer.Serialize(facts, DeliveryJson.Default.DeferralFacts)));
        var asked = told.FindAll(StatusNotifier.IsCalledForDelay);
        if (asked.Count > 0 && MessageStore.HasInbox(session, first.WorkspaceId, first.InboxId))
            notifier.Notify(session, asked, new AttemptTrace(time.GetUtcNow(), TimeSpan.Zero, null, null, null, null), original);
    }
}
