using System.Text.Json;
using AgentMta.Protocol.Reports;
using AgentMta.Server.Model;
using AgentMta.Server.Store;

namespace AgentMta.Server.Outbound;

/// <summary>Writes how attempts ended: delivery rows, attempt rows, labels, suppressions, notifications and events, in one transaction (promises 4 and 5).</summary>
internal sealed class OutcomeWriter(Database database, RawReader raws, StatusNotifier notifier, OutboundMeter meter)
{
    /// <summary>Stores the outcomes of one transaction; those whose lease was lost are left alone. Returns those that counted.</summary>
    public async Task<IReadOnlyList<DeliveryOutcome>> WriteAsync(IReadOnlyList<DeliveryOutcome> outcomes, AttemptTrace trace, CancellationToken cancellationToken)
    {
        // The header of the original is read before the transaction, and only where a notification quotes it.
        var told = outcomes.FirstOrDefault(o => StatusNotifier.IsCalledFor(o, trace))?.Delivery;
        using var original = told is null ? null : await raws.ReadAsync(told.WorkspaceId, told.RawId, cancellationToken).ConfigureAwait(false);
        var written = await database.WriteAsync(session => Write(session, outcomes, trace, original?.Bytes ?? ReadOnlyMemory<byte>.Empty), cancellationToken).ConfigureAwait(false);
        foreach (var outcome in written)
            meter.Attempt(outcome.State, trace.Elapsed);
        return written;
    }

    /// <summary>Notifies the sender of an outcome that is stored already, where that was asked for.</summary>
    public async Task TellAsync(DeliveryOutcome outcome, AttemptTrace trace, CancellationToken cancellationToken)
    {
        if (!StatusNotifier.IsCalledFor(outcome, trace))
            return;
        using var original = await raws.ReadAsync(outcome.Delivery.WorkspaceId, outcome.Delivery.RawId, cancellationToken).ConfigureAwait(false);
        await database.WriteAsync(session => Notify(session, [outcome], trace, original?.Bytes ?? ReadOnlyMemory<byte>.Empty), cancellationToken).ConfigureAwait(false);
    }

    private List<DeliveryOutcome> Write(WriteSession session, IReadOnlyList<DeliveryOutcome> outcomes, AttemptTrace trace, ReadOnlyMemory<byte> original)
    {
        var written = new List<DeliveryOutcome>(outcomes.Count);
        foreach (var message in outcomes.GroupBy(o => (o.Delivery.WorkspaceId, o.Delivery.MessageKey)))
        {
            var leftBefore = DeliveryStore.HasLeft(session, message.Key.WorkspaceId, message.Key.MessageKey);
            var done = message.Where(o => DeliveryStore.Complete(session, o, trace)).ToList();
            written.AddRange(done);
            var delivered = done.Where(o => o.State == DeliveryState.Delivered).ToList();
            if (delivered.Count > 0 && trace.ViaRelay && RelayIds.Read(trace.Host ?? "", delivered[0].Reply) is { } alias)
                MessageStore.InsertAlias(session, delivered[0].Delivery, alias);
            if (delivered.Count > 0)
                DeliveryStore.AppendDelivered(session, delivered[0].Delivery, [.. delivered.Select(o => o.Delivery.Recipient)], trace.Host, delivered[0].Reply, leftBefore);
            Deferred(session, [.. done.Where(o => o.State == DeliveryState.Deferred)], trace);
            Bounced(session, [.. done.Where(o => o.State == DeliveryState.Bounced)], trace);
            Dropped(session, [.. done.Where(o => o.State == DeliveryState.Dropped)]);
            var reported = done.Where(o => StatusNotifier.IsCalledFor(o, trace)).ToList();
            foreach (var alike in reported.GroupBy(o => o.State))
                Notify(session, [.. alike], trace, original);
        }

        return written;
    }

    private void Notify(WriteSession session, List<DeliveryOutcome> outcomes, AttemptTrace trace, ReadOnlyMemory<byte> original)
    {
        // An inbox that was deleted since needs no word.
        if (MessageStore.HasInbox(session, outcomes[0].Delivery.WorkspaceId, outcomes[0].Delivery.InboxId))
            notifier.Notify(session, outcomes, trace, original);
    }

    private static void Deferred(WriteSession session, List<DeliveryOutcome> deferred, AttemptTrace trace)
    {
        if (deferred.Count == 0)
            return;
        Append(session, EventTypes.Deferred, deferred[0].Delivery, Facts(deferred, trace));
    }

    private static void Bounced(WriteSession session, List<DeliveryOutcome> bounced, AttemptTrace trace)
    {
        foreach (var alike in bounced.GroupBy(o => (Permanent: ReplyClass.Of(o.Status, o.Reply) == BounceClass.Hard, o.Cause)))
        {
            var first = alike.First().Delivery;
            MessageStore.Mark(session, first.WorkspaceId, first.MessageKey, Labels.Bounced);
            var facts = new BounceFacts(
                alike.Key.Permanent ? "Permanent" : "Transient", ReplyCause.Word(alike.Key.Cause), [.. alike.Select(o => new RecipientStatus(o.Delivery.Recipient, o.Status, o.Reply))], trace.Host);
            Append(session, EventTypes.Bounced, first, JsonSerializer.Serialize(facts, DeliveryJson.Default.BounceFacts));
            if (alike.Key is not { Permanent: true, Cause: BounceCause.Recipient })
                continue;
            foreach (var outcome in alike)
                Suppress(session, outcome.Delivery.WorkspaceId, outcome.Delivery, outcome.Reply);
        }
    }

    private static void Dropped(WriteSession session, List<DeliveryOutcome> dropped)
    {
        if (dropped.Count == 0)
            return;
        MessageStore.Mark(session, dropped[0].Delivery.WorkspaceId, dropped[0].Delivery.MessageKey, Labels.Rejected);
        var facts = new RejectionFacts(dropped[0].Reply, [.. dropped.Select(o => o.Delivery.Recipient)]);
        Append(session, EventTypes.Rejected, dropped[0].Delivery, JsonSerializer.Serialize(facts, DeliveryJson.Default.RejectionFacts));
    }

    // An address that is not there is not there for any use case.
    private static void Suppress(WriteSession session, string workspaceId, LeasedDelivery delivery, string reply) =>
        SuppressionStore.Add(
            session,
            new Suppression(workspaceId, SuppressionScope.Workspace, Suppression.Everything, AddressParts.Normalise(delivery.Recipient), Suppression.Bounce, reply, delivery.MessageId, default),
            delivery.PodId, delivery.InboxId, delivery.ThreadId);

    private static string Facts(List<DeliveryOutcome> deferred, AttemptTrace trace) =>
        JsonSerializer.Serialize(
            new DeferralFacts([.. deferred.Select(o => new RecipientStatus(o.Delivery.Recipient, o.Status, o.Reply, o.NextAttempt))], trace.Host), DeliveryJson.Default.DeferralFacts);

    private static void Append(WriteSession session, string type, LeasedDelivery delivery, string facts) =>
        EventStore.Append(session, delivery.WorkspaceId, new NewEvent(type, delivery.PodId, delivery.InboxId, delivery.MessageId, delivery.ThreadId, facts));
}
