using AgentMta.Server.Model;

namespace AgentMta.Server.Store;

/// <content>Labels that tell what became of a message.</content>
internal sealed partial class MessageStore
{
    /// <summary>Whether the inbox is still there.</summary>
    public static bool HasInbox(WriteSession session, string workspaceId, string inboxId) =>
        session.Scalar<long>("SELECT COUNT(*) FROM inboxes WHERE workspace_id = @p1 AND inbox_id = @p2", workspaceId, inboxId) > 0;

    /// <summary>Makes a further Message-ID of a sent message known, with the same recipients.</summary>
    public static void InsertAlias(WriteSession session, LeasedDelivery delivery, string alias) =>
        session.Execute(
            """
            INSERT INTO message_ids (workspace_id, inbox_id, message_id, message_key, thread_id, use_case_id, direction, recipients, content_hash, created_at)
            SELECT workspace_id, inbox_id, @p4, message_key, thread_id, use_case_id, direction, recipients, content_hash, @p5 FROM message_ids
            WHERE workspace_id = @p1 AND inbox_id = @p2 AND message_id = @p3
            ON CONFLICT (workspace_id, inbox_id, message_id) DO NOTHING
            """,
            delivery.WorkspaceId, delivery.InboxId, delivery.MessageId, alias, session.Now);

    /// <summary>Adds a system label to a message and its thread; the caller writes the event that it stands for. Nothing happens where the message is gone or has it.</summary>
    public static void Mark(WriteSession session, string workspaceId, string messageKey, string label)
    {
        var message = session.First(
            "SELECT inbox_id, thread_id, timestamp, labels FROM messages WHERE workspace_id = @p1 AND message_key = @p2",
            row => new { InboxId = row.GetString(0), ThreadId = row.GetString(1), Timestamp = row.GetInt64(2), Labels = StoreJson.ReadList(row.GetString(3)) },
            workspaceId, messageKey);
        if (message is null || message.Labels.Contains(label, StringComparer.Ordinal))
            return;
        message.Labels.Add(label);
        var modseq = session.Scalar<long>("UPDATE inboxes SET modseq = modseq + 1 WHERE workspace_id = @p1 AND inbox_id = @p2 RETURNING modseq", workspaceId, message.InboxId);
        session.Execute(
            "UPDATE messages SET labels = @p3, modseq = @p4, updated_at = @p5 WHERE workspace_id = @p1 AND message_key = @p2",
            workspaceId, messageKey, StoreJson.Write(message.Labels), modseq, session.Now);
        session.Execute(
            "INSERT INTO message_labels (workspace_id, inbox_id, label, timestamp, message_key) VALUES (@p1, @p2, @p3, @p4, @p5)",
            workspaceId, message.InboxId, label, message.Timestamp, messageKey);
        var labels = session.Scalar<string>("SELECT labels FROM threads WHERE workspace_id = @p1 AND thread_id = @p2", workspaceId, message.ThreadId);
        if (labels is null)
            return;
        var counts = StoreJson.ReadCounts(labels);
        counts[label] = counts.GetValueOrDefault(label) + 1;
        session.Execute(
            "UPDATE threads SET labels = @p3, updated_at = @p4 WHERE workspace_id = @p1 AND thread_id = @p2",
            workspaceId, message.ThreadId, StoreJson.WriteCounts(counts), session.Now);
    }
}
