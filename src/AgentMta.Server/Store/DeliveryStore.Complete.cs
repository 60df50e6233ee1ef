using AgentMta.Server.Model;

namespace AgentMta.Server.Store;

/// <content>Queueing and completion: row changes within the transaction of the caller, who writes the events beside them.</content>
internal sealed partial class DeliveryStore
{
    /// <summary>Queues the copies of a message, in the transaction that stores it.</summary>
    public static void Enqueue(WriteSession session, NewMessage message, string threadId, IReadOnlyList<NewDelivery> deliveries, DateTimeOffset dueAt, TimeSpan lifetime)
    {
        foreach (var delivery in deliveries)
        {
            session.Execute(
                """
                INSERT INTO deliveries (workspace_id, delivery_id, pod_id, inbox_id, use_case_id, message_key, message_id, thread_id, raw_id, reverse_path, recipient,
                  destination, state, next_attempt_at, expires_at, options, prefix, created_at, updated_at)
                VALUES (@p1, @p2, @p3, @p4, @p5, @p6, @p7, @p8, @p9, @p10, @p11, @p12, 'queued', @p13, @p14, @p15, @p16, @p17, @p17)
                """,
                message.WorkspaceId, delivery.DeliveryId, message.PodId, message.InboxId, message.UseCaseId, message.MessageKey, message.MessageId, threadId, message.RawId,
                delivery.ReversePath, delivery.Recipient, delivery.Destination, dueAt.ToMicros(), (dueAt + lifetime).ToMicros(), DeliveryJson.Write(delivery.Options),
                delivery.Prefix, session.Now);
        }
    }

    /// <summary>Whether the message has a copy for this recipient.</summary>
    public static bool HasRecipient(WriteSession session, string workspaceId, string messageKey, string recipient) =>
        session.Scalar<long>("SELECT COUNT(*) FROM deliveries WHERE workspace_id = @p1 AND message_key = @p2 AND recipient = @p3", workspaceId, messageKey, recipient) > 0;

    /// <summary>Whether any copy of the message has left already.</summary>
    public static bool HasLeft(WriteSession session, string workspaceId, string messageKey) =>
        session.Scalar<long>("SELECT COUNT(*) FROM deliveries WHERE workspace_id = @p1 AND message_key = @p2 AND state = 'delivered'", workspaceId, messageKey) > 0;

    /// <summary>Ends an attempt: new state, next time, attempt row. False where the lease was lost, and nothing was changed.</summary>
    public static bool Complete(WriteSession session, DeliveryOutcome outcome, AttemptTrace trace)
    {
        var delivery = outcome.Delivery;
        var attempt = session.Scalar<long>(
            $"""
            UPDATE deliveries SET state = @p5, attempts = attempts + 1, lease_owner = NULL, lease_until = NULL, next_attempt_at = @p6,
              last_status = @p7, last_reply = @p8, last_host = @p9, updated_at = @p10
            WHERE workspace_id = @p1 AND delivery_id = @p2 AND lease_owner = @p3 AND lease_attempt = @p4 AND {Open} RETURNING attempts
            """,
            delivery.WorkspaceId, delivery.DeliveryId, delivery.LeaseOwner, delivery.LeaseAttempt, Word(outcome.State), (outcome.NextAttempt ?? trace.StartedAt).ToMicros(),
            outcome.Status, outcome.Reply, trace.Host, session.Now);
        if (attempt == 0)
            return false;
        session.Execute(
            """
            INSERT INTO attempts (workspace_id, delivery_id, attempt, started_at, elapsed, remote_host, remote_address, tls, outcome, reply_code, enhanced_status, reply, dialogue)
            VALUES (@p1, @p2, @p3, @p4, @p5, @p6, @p7, @p8, @p9, @p10, @p11, @p12, @p13)
            """,
            delivery.WorkspaceId, delivery.DeliveryId, attempt, trace.StartedAt.ToMicros(), (long)trace.Elapsed.TotalMicroseconds, trace.Host, trace.Address, trace.Tls,
            Word(outcome.State), outcome.ReplyCode, outcome.Status, outcome.Reply, trace.Dialogue);
        return true;
    }

    /// <summary>Marks a copy as bounced after it was delivered: a status notification came back. False where it already had.</summary>
    public static bool BounceLater(WriteSession session, string workspaceId, string deliveryId, string status, string? reply) =>
        session.Execute(
            "UPDATE deliveries SET state = 'bounced', lease_owner = NULL, lease_until = NULL, last_status = @p3, last_reply = @p4, updated_at = @p5 WHERE workspace_id = @p1 AND delivery_id = @p2 AND state NOT IN ('bounced', 'dropped')",
            workspaceId, deliveryId, status, reply, session.Now) == 1;

    private static string Word(DeliveryState state) => state switch
    {
        DeliveryState.Queued => "queued",
        DeliveryState.Deferred => "deferred",
        DeliveryState.Held => "held",
        DeliveryState.Delivered => "delivered",
        DeliveryState.Bounced => "bounced",
        _ => "dropped",
    };
}
