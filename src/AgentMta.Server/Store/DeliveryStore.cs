using AgentMta.Server.Model;

namespace AgentMta.Server.Store;

/// <summary>The queue: one row for each recipient of an outbound message, with its lease and attempts.</summary>
internal sealed partial class DeliveryStore(Database database)
{
    private Database Database => database;

    /// <summary>
    /// Completes a delivery whose copy is stored for another inbox of ours in this same transaction (design.md, Between our own inboxes).
    /// False where the lease was lost: the caller must throw, so that nothing is stored twice.
    /// </summary>
    public static bool CompleteLocal(WriteSession session, LocalHandOff handOff) =>
        session.Execute(
            """
            UPDATE deliveries SET state = 'delivered', lease_owner = NULL, lease_until = NULL, attempts = attempts + 1, updated_at = @p5
            WHERE workspace_id = @p1 AND delivery_id = @p2 AND lease_owner = @p3 AND lease_attempt = @p4 AND state IN ('queued', 'deferred')
            """,
            handOff.WorkspaceId, handOff.DeliveryId, handOff.LeaseOwner, handOff.LeaseAttempt, session.Now) == 1;
}
