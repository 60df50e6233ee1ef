using AgentMta.Server.Model;

namespace AgentMta.Server.Store;

/// <summary>What an inbox already has under a Message-ID; <paramref name="MessageKey"/> is null for a tombstone.</summary>
internal sealed record SameMessageId(string? MessageKey, MessageDirection Direction, byte[]? ContentHash, string ThreadId);

/// <content>Who is who: duplicates are told by inbox, Message-ID and content (design.md, Identity).</content>
internal sealed partial class MessageStore
{
    /// <summary>The message of this inbox, present or deleted, with that Message-ID; ids that were only referred to do not count.</summary>
    public static SameMessageId? FindSame(WriteSession session, LocalInbox inbox, string messageId) =>
        session.First(
            "SELECT message_key, direction, content_hash, thread_id FROM message_ids WHERE workspace_id = @p1 AND inbox_id = @p2 AND message_id = @p3 AND direction <> 'ref'",
            row => new SameMessageId(row.Text(0), row.GetString(1) == "out" ? MessageDirection.Out : MessageDirection.In, row.Octets(2), row.GetString(3)),
            inbox.WorkspaceId, inbox.InboxId, messageId);

    /// <summary>
    /// A message that the inbox sent comes in again with the same content: mail to oneself is one row with both labels (agentmail-api.md, message_id).
    /// False where it has been received before or is deleted.
    /// </summary>
    public static bool MarkReceived(WriteSession session, LocalInbox inbox, string messageKey, DateTimeOffset at)
    {
        var row = session.First(
            "SELECT labels, timestamp, message_id, thread_id FROM messages WHERE workspace_id = @p1 AND message_key = @p2",
            r => new { Labels = StoreJson.ReadList(r.GetString(0)), Timestamp = r.GetInt64(1), MessageId = r.GetString(2), ThreadId = r.GetString(3) },
            inbox.WorkspaceId, messageKey);
        if (row is null || row.Labels.Contains(Labels.Received))
            return false;
        string[] added = [Labels.Received, Labels.Unread];
        session.Execute(
            "UPDATE messages SET labels = @p3, updated_at = @p4, modseq = @p5 WHERE workspace_id = @p1 AND message_key = @p2",
            inbox.WorkspaceId, messageKey, StoreJson.Write([.. row.Labels, .. added]), session.Now, NextModseq(session, inbox));
        foreach (var label in added)
        {
            session.Execute(
                "INSERT INTO message_labels (workspace_id, inbox_id, label, timestamp, message_key) VALUES (@p1, @p2, @p3, @p4, @p5) ON CONFLICT DO NOTHING",
                inbox.WorkspaceId, inbox.InboxId, label, row.Timestamp, messageKey);
        }

        var counts = StoreJson.ReadCounts(session.Scalar<string>("SELECT labels FROM threads WHERE workspace_id = @p1 AND thread_id = @p2", inbox.WorkspaceId, row.ThreadId));
        foreach (var label in added)
            counts[label] = counts.GetValueOrDefault(label) + 1;
        session.Execute(
            "UPDATE threads SET labels = @p3, received_at = @p4, updated_at = @p5 WHERE workspace_id = @p1 AND thread_id = @p2",
            inbox.WorkspaceId, row.ThreadId, StoreJson.WriteCounts(counts), at.ToMicros(), session.Now);
        EventStore.Append(session, inbox.WorkspaceId, new NewEvent(EventTypes.Received, inbox.PodId, inbox.InboxId, row.MessageId, row.ThreadId));
        return true;
    }

    private static long NextModseq(WriteSession session, LocalInbox inbox) =>
        session.Scalar<long>("UPDATE inboxes SET modseq = modseq + 1 WHERE workspace_id = @p1 AND inbox_id = @p2 RETURNING modseq", inbox.WorkspaceId, inbox.InboxId);
}
