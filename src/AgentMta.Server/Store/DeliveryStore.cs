using System.Text.Json;
using AgentMta.Server.Model;

namespace AgentMta.Server.Store;

/// <summary>The queue: one row for each recipient of an outbound message, with its lease and attempts.</summary>
internal sealed partial class DeliveryStore(Database database)
{
    /// <summary>The bytes of a queued message, or the file that has them; both null where the raw is gone.</summary>
    public ValueTask<(byte[]? Content, string? File)> RawAsync(string workspaceId, string rawId, CancellationToken cancellationToken) =>
        database.ReadAsync(
            session =>
            {
                var row = session.First("SELECT content, file FROM raws WHERE workspace_id = @p1 AND raw_id = @p2", r => new { Content = r.Octets(0), File = r.Text(1) }, workspaceId, rawId);
                return (row?.Content, row?.File);
            },
            cancellationToken);

    /// <summary>
    /// Completes a delivery whose copy is stored for another inbox of ours in this same transaction (design.md, Between our own inboxes), with its
    /// attempt, label and events. False where the lease was lost: the caller must throw, so that nothing is stored twice.
    /// </summary>
    public static bool CompleteLocal(WriteSession session, LocalHandOff handOff)
    {
        const string Reply = "250 2.0.0 stored in the inbox";
        var delivery = session.First(
            $"SELECT {LeasedColumns} FROM deliveries WHERE workspace_id = @p1 AND delivery_id = @p2 AND lease_owner = @p3 AND lease_attempt = @p4 AND {Open}",
            ReadLeased, handOff.WorkspaceId, handOff.DeliveryId, handOff.LeaseOwner, handOff.LeaseAttempt);
        if (delivery is null)
            return false;
        var leftBefore = HasLeft(session, delivery.WorkspaceId, delivery.MessageKey);
        Complete(
            session, new DeliveryOutcome(delivery, DeliveryState.Delivered, 250, "2.0.0", Reply), new AttemptTrace(Clock.FromMicros(session.Now), TimeSpan.Zero, AttemptTrace.LocalHost, null, null, null));
        AppendDelivered(session, delivery, [delivery.Recipient], AttemptTrace.LocalHost, Reply, leftBefore);
        return true;
    }

    /// <summary>Writes message.sent (once a message) and message.delivered, and the label.</summary>
    public static void AppendDelivered(WriteSession session, LeasedDelivery delivery, IReadOnlyList<string> recipients, string? host, string reply, bool leftBefore)
    {
        var facts = JsonSerializer.Serialize(new RecipientFacts(recipients, host, reply), DeliveryJson.Default.RecipientFacts);
        if (!leftBefore)
            EventStore.Append(session, delivery.WorkspaceId, new NewEvent(EventTypes.Sent, delivery.PodId, delivery.InboxId, delivery.MessageId, delivery.ThreadId, facts));
        MessageStore.Mark(session, delivery.WorkspaceId, delivery.MessageKey, Labels.Delivered);
        EventStore.Append(session, delivery.WorkspaceId, new NewEvent(EventTypes.Delivered, delivery.PodId, delivery.InboxId, delivery.MessageId, delivery.ThreadId, facts));
    }

    /// <summary>Whether the lease still stands: the attempt has no outcome yet.</summary>
    public ValueTask<bool> IsHeldAsync(LeasedDelivery delivery, CancellationToken cancellationToken) =>
        database.ReadAsync(
            session => session.Scalar<long>(
                $"SELECT 1 FROM deliveries WHERE workspace_id = @p1 AND delivery_id = @p2 AND lease_owner = @p3 AND lease_attempt = @p4 AND {Open}",
                delivery.WorkspaceId, delivery.DeliveryId, delivery.LeaseOwner, delivery.LeaseAttempt) == 1,
            cancellationToken);
}
