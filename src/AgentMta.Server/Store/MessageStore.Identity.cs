using System.Text.Json;
using AgentMta.Server.Model;

namespace AgentMta.Server.Store;

/// <summary>What an inbox has under a Message-ID: a message, its tombstone (no key), or an id that was only referred to so far.</summary>
internal sealed record KnownMessageId(string? MessageKey, string Direction, byte[]? ContentHash, string ThreadId)
{
    /// <summary>A message that came or went, also a deleted one.</summary>
    public bool IsMessage => Direction != "ref";
}

/// <content>Who is who: duplicates are told by inbox, Message-ID and content (design.md, Identity).</content>
internal sealed partial class MessageStore
{
    /// <summary>The facts of the event that tells of mail to oneself coming in.</summary>
    public const string ReceivedAgain = """{"sent":true}""";

    /// <summary>What this inbox knows under a Message-ID, in its thread after merges; null where it knows nothing.</summary>
    public static KnownMessageId? FindId(StoreSession session, LocalInbox inbox, string messageId) =>
        session.First(
            """
            SELECT i.message_key, i.direction, i.content_hash, COALESCE(m.into_thread_id, i.thread_id) FROM message_ids i
            LEFT JOIN thread_merges m ON m.workspace_id = i.workspace_id AND m.thread_id = i.thread_id
            WHERE i.workspace_id = @p1 AND i.inbox_id = @p2 AND i.message_id = @p3
            """,
            row => new KnownMessageId(row.Text(0), row.GetString(1), row.Octets(2), row.GetString(3)),
            inbox.WorkspaceId, inbox.InboxId, messageId);

    /// <summary>The id that a sender was told, or could be told, of this message: its transaction, else (what was sent over the API has none) its delivery; null where there is none.</summary>
    public static string? Traced(StoreSession session, string workspaceId, string messageKey)
    {
        var kept = session.Scalar<string>(
            "SELECT r.session FROM messages m JOIN raws r ON r.workspace_id = m.workspace_id AND r.raw_id = m.raw_id WHERE m.workspace_id = @p1 AND m.message_key = @p2",
            workspaceId, messageKey);
        using var came = JsonDocument.Parse(string.IsNullOrEmpty(kept) ? "{}" : kept);
        return came.RootElement.TryGetProperty("transaction_id", out var transaction)
            ? transaction.GetString()
            : session.Scalar<string>("SELECT delivery_id FROM deliveries WHERE workspace_id = @p1 AND message_key = @p2 ORDER BY delivery_id LIMIT 1", workspaceId, messageKey);
    }

    /// <summary>
    /// A message that the inbox sent comes in again with the same content: mail to oneself is one row with both labels (agentmail-api.md, message_id).
    /// False where it has been received before or is deleted.
    /// </summary>
    public static bool MarkReceived(WriteSession session, LocalInbox inbox, string messageKey, DateTimeOffset at)
    {
        var row = session.First(
            "SELECT labels, message_id, thread_id FROM messages WHERE workspace_id = @p1 AND message_key = @p2",
            r => new { Labels = StoreJson.ReadList(r.GetString(0)), MessageId = r.GetString(1), ThreadId = r.GetString(2) }, inbox.WorkspaceId, messageKey);
        if (row is null || row.Labels.Contains(Labels.Received))
            return false;
        Mark(session, inbox.WorkspaceId, messageKey, Labels.Received);
        Mark(session, inbox.WorkspaceId, messageKey, Labels.Unread);
        session.Execute("UPDATE threads SET received_at = @p3 WHERE workspace_id = @p1 AND thread_id = @p2", inbox.WorkspaceId, row.ThreadId, at.ToMicros());
        EventStore.Append(session, inbox.WorkspaceId, new NewEvent(EventTypes.Received, inbox.PodId, inbox.InboxId, row.MessageId, row.ThreadId, ReceivedAgain));
        return true;
    }

    /// <summary>Every message of an inbox with its thread, in the order of arrival.</summary>
    public ValueTask<List<(string MessageId, string ThreadId)>> ThreadedIdsAsync(LocalInbox inbox, CancellationToken cancellationToken) => database.ReadAsync(
        session => session.Query(
            "SELECT message_id, thread_id FROM messages WHERE workspace_id = @p1 AND inbox_id = @p2 ORDER BY uid",
            row => (row.GetString(0), row.GetString(1)), inbox.WorkspaceId, inbox.InboxId),
        cancellationToken);
}
