using AgentMta.Server.Model;

namespace AgentMta.Server.Store;

/// <content>Messages that go for good: their ids stay as tombstones, their raw stays while the queue or another inbox needs it.</content>
internal sealed partial class MessageStore
{
    /// <summary>Deletes a message; false where it is not within the scope. <paramref name="files"/> takes the files to be removed after the commit.</summary>
    public static bool Delete(WriteSession session, Scope scope, string inboxId, string messageId, List<string> files)
    {
        if (Get(session, scope, inboxId, messageId) is not { } message)
            return false;
        DeleteRow(session, message, files);
        if (!ShrinkThread(session, message))
            session.Execute("DELETE FROM threads WHERE workspace_id = @p1 AND thread_id = @p2", message.WorkspaceId, message.ThreadId);
        return true;
    }

    /// <summary>Deletes the rows of one message, not its part in the thread.</summary>
    internal static void DeleteRow(WriteSession session, StoredMessage message, List<string> files)
    {
        session.Execute("DELETE FROM messages WHERE workspace_id = @p1 AND message_key = @p2", message.WorkspaceId, message.MessageKey);
        session.Execute("DELETE FROM turns WHERE workspace_id = @p1 AND message_key = @p2", message.WorkspaceId, message.MessageKey);
        foreach (var label in message.Labels)
        {
            session.Execute(
                "DELETE FROM message_labels WHERE workspace_id = @p1 AND inbox_id = @p2 AND label = @p3 AND timestamp = @p4 AND message_key = @p5",
                message.WorkspaceId, message.InboxId, label, message.Timestamp.ToMicros(), message.MessageKey);
        }

        // design.md, Identity: a message_ids row outlives its message.
        session.Execute(
            "UPDATE message_ids SET message_key = NULL WHERE workspace_id = @p1 AND inbox_id = @p2 AND message_id = @p3", message.WorkspaceId, message.InboxId, message.MessageId);
        session.Scalar<long>("UPDATE inboxes SET modseq = modseq + 1 WHERE workspace_id = @p1 AND inbox_id = @p2 RETURNING modseq", message.WorkspaceId, message.InboxId);
        DeleteRaw(session, message, files);
        EventStore.Append(session, message.WorkspaceId, new NewEvent(EventTypes.Deleted, message.PodId, message.InboxId, message.MessageId, message.ThreadId));
    }

    private static void DeleteRaw(WriteSession session, StoredMessage message, List<string> files)
    {
        var needed = session.Scalar<long>("SELECT EXISTS (SELECT 1 FROM messages WHERE workspace_id = @p1 AND raw_id = @p2)", message.WorkspaceId, message.RawId) == 1
            || session.Scalar<long>(
                "SELECT EXISTS (SELECT 1 FROM deliveries WHERE workspace_id = @p1 AND message_key = @p2 AND state IN ('queued', 'deferred', 'held'))",
                message.WorkspaceId, message.MessageKey) == 1;
        if (needed)
            return;
        if (session.Scalar<string>("DELETE FROM raws WHERE workspace_id = @p1 AND raw_id = @p2 RETURNING COALESCE(file, '')", message.WorkspaceId, message.RawId) is { Length: > 0 } file)
            files.Add(file);
    }

    // False where it was the last message.
    private static bool ShrinkThread(WriteSession session, StoredMessage message)
    {
        var last = session.First(
            "SELECT message_id, preview, timestamp FROM messages WHERE workspace_id = @p1 AND thread_id = @p2 ORDER BY timestamp DESC, message_key DESC LIMIT 1",
            row => new { Id = row.GetString(0), Preview = row.Text(1), At = row.GetInt64(2) }, message.WorkspaceId, message.ThreadId);
        if (last is null)
            return false;
        CountLabels(session, message, [], message.Labels);
        session.Execute(
            """
            UPDATE threads SET message_count = message_count - 1, size = size - @p3, last_message_id = @p4, preview = @p5, timestamp = @p6, updated_at = @p7
            WHERE workspace_id = @p1 AND thread_id = @p2
            """,
            message.WorkspaceId, message.ThreadId, message.Size, last.Id, last.Preview, last.At, session.Now);
        return true;
    }
}
