using System.Text.Json;
using AgentMta.Server.Model;

namespace AgentMta.Server.Store;

/// <summary>A message would have more labels of its users than are allowed; nothing was changed.</summary>
internal sealed class TooManyLabelsException(string messageId) : Exception($"The message {messageId} would have more than {LabelRules.MaximumUserLabels} labels.");

/// <content>Labels that users add and remove.</content>
internal sealed partial class MessageStore
{
    /// <summary>
    /// Adds and removes labels of a message with the event of each; on overlap the removal wins. Returns the labels, or null where the message is not
    /// within the scope. Nothing is written where nothing changes.
    /// </summary>
    public static IReadOnlyList<string>? ChangeLabels(WriteSession session, Scope scope, string inboxId, string messageId, IReadOnlyCollection<string> add, IReadOnlyCollection<string> remove)
    {
        if (Get(session, scope, inboxId, messageId) is not { } message)
            return null;
        var added = add.Where(l => !remove.Contains(l) && !message.Labels.Contains(l)).Distinct(StringComparer.Ordinal).ToList();
        var removed = remove.Where(message.Labels.Contains).Distinct(StringComparer.Ordinal).ToList();
        if (added.Count == 0 && removed.Count == 0)
            return message.Labels;
        List<string> labels = [.. message.Labels.Except(removed, StringComparer.Ordinal), .. added];
        if (added.Count > 0 && labels.Count(l => !LabelRules.IsOurs(l)) > LabelRules.MaximumUserLabels)
            throw new TooManyLabelsException(messageId);
        var modseq = session.Scalar<long>("UPDATE inboxes SET modseq = modseq + 1 WHERE workspace_id = @p1 AND inbox_id = @p2 RETURNING modseq", message.WorkspaceId, message.InboxId);
        session.Execute(
            "UPDATE messages SET labels = @p3, modseq = @p4, updated_at = @p5 WHERE workspace_id = @p1 AND message_key = @p2",
            message.WorkspaceId, message.MessageKey, StoreJson.Write(labels) ?? "[]", modseq, session.Now);
        foreach (var label in removed)
        {
            session.Execute(
                "DELETE FROM message_labels WHERE workspace_id = @p1 AND inbox_id = @p2 AND label = @p3 AND timestamp = @p4 AND message_key = @p5",
                message.WorkspaceId, message.InboxId, label, message.Timestamp.ToMicros(), message.MessageKey);
            Tell(session, message, EventTypes.LabelRemoved, label);
        }

        foreach (var label in added)
        {
            session.Execute(
                "INSERT INTO message_labels (workspace_id, inbox_id, label, timestamp, message_key) VALUES (@p1, @p2, @p3, @p4, @p5)",
                message.WorkspaceId, message.InboxId, label, message.Timestamp.ToMicros(), message.MessageKey);
            Tell(session, message, EventTypes.LabelAdded, label);
        }

        CountLabels(session, message, added, removed);
        return labels;
    }

    private static void Tell(WriteSession session, StoredMessage message, string type, string label) =>
        EventStore.Append(
            session, message.WorkspaceId,
            new NewEvent(type, message.PodId, message.InboxId, message.MessageId, message.ThreadId, $$"""{"label":{{JsonSerializer.Serialize(label, StoreJson.Default.String)}}}"""));

    private static void CountLabels(WriteSession session, StoredMessage message, IEnumerable<string> added, IEnumerable<string> removed)
    {
        var column = session.Scalar<string>("SELECT labels FROM threads WHERE workspace_id = @p1 AND thread_id = @p2", message.WorkspaceId, message.ThreadId);
        if (column is null)
            return;
        var counts = StoreJson.ReadCounts(column);
        foreach (var label in added)
            counts[label] = counts.GetValueOrDefault(label) + 1;
        foreach (var label in removed)
        {
            if (counts.GetValueOrDefault(label) > 1)
                counts[label]--;
            else
                counts.Remove(label);
        }

        session.Execute(
            "UPDATE threads SET labels = @p3, updated_at = @p4 WHERE workspace_id = @p1 AND thread_id = @p2", message.WorkspaceId, message.ThreadId, StoreJson.WriteCounts(counts), session.Now);
    }
}
