using AgentMta.Server.Model;

namespace AgentMta.Server.Store;

/// <summary>Opt-outs by the public page: written for the outcome worker, which alone suppresses (design.md, Layout).</summary>
internal sealed class OptOutStore(Database database, AddressTokens tokens)
{
    /// <summary>The <see cref="RecordOptOut"/> of the server. A link that is used twice is recorded once and confirmed twice.</summary>
    public async Task<OptOutResult?> RecordAsync(string domain, string token, bool commit, CancellationToken cancellationToken)
    {
        if (!tokens.TryReadToken(TokenKind.Unsubscribe, token, domain, out var deliveryId))
            return null;
        var found = await database.ReadAsync(session => Find(session, domain, deliveryId), cancellationToken).ConfigureAwait(false);
        if (found is null)
            return null;
        if (commit)
            await database.WriteAsync(session => Record(session, found), cancellationToken).ConfigureAwait(false);
        return new OptOutResult(found.Recipient, found.InboxId);
    }

    private static Copy? Find(StoreSession session, string domain, string deliveryId) =>
        session.First(
            """
            SELECT d.workspace_id, d.delivery_id, d.recipient, d.pod_id, d.inbox_id, d.message_id, d.thread_id
            FROM domains o JOIN deliveries d ON d.workspace_id = o.workspace_id WHERE o.domain = @p1 AND d.delivery_id = @p2
            """,
            row => new Copy(row.GetString(0), row.GetString(1), row.GetString(2), row.GetString(3), row.GetString(4), row.GetString(5), row.GetString(6)), domain, deliveryId);

    private static void Record(WriteSession session, Copy copy)
    {
        if (session.Scalar<long>("SELECT 1 FROM unsubscribe_requests WHERE workspace_id = @p1 AND delivery_id = @p2 AND processed_at IS NULL LIMIT 1", copy.WorkspaceId, copy.DeliveryId) == 1)
            return;
        session.Execute(
            "INSERT INTO unsubscribe_requests (workspace_id, request_id, delivery_id, address, via, created_at) VALUES (@p1, @p2, @p3, @p4, 'one_click', @p5)",
            copy.WorkspaceId, Ids.New(session.Time), copy.DeliveryId, copy.Recipient, session.Now);
        EventStore.Append(session, copy.WorkspaceId, new NewEvent(EventTypes.UnsubscribeRequested, copy.PodId, copy.InboxId, copy.MessageId, copy.ThreadId));
    }

    private sealed record Copy(string WorkspaceId, string DeliveryId, string Recipient, string PodId, string InboxId, string MessageId, string ThreadId);
}
