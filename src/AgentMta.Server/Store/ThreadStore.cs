using AgentMta.Server.Model;

namespace AgentMta.Server.Store;

/// <summary>The look-ups and changes behind <see cref="ThreadRules"/>, within the transaction that stores the message.</summary>
internal static class ThreadStore
{
    private const int SubjectCandidates = 10;

    /// <summary>The thread of an id that this inbox knows; null where it knows none.</summary>
    public static KnownId? Find(WriteSession session, LocalInbox inbox, string messageId) =>
        MessageStore.FindId(session, inbox, messageId) is { } known ? new KnownId(known.ThreadId, known.IsMessage) : null;

    /// <summary>The newest thread with this base subject, not older than <see cref="ThreadRules.SubjectWindow"/>, in which only the same people take part.</summary>
    public static string? FindBySubject(WriteSession session, LocalInbox inbox, string baseSubject, DateTimeOffset at, IReadOnlyList<string> people)
    {
        var candidates = session.Query(
            """
            SELECT thread_id, senders, recipients FROM threads
            WHERE workspace_id = @p1 AND inbox_id = @p2 AND base_subject = @p3 AND timestamp >= @p4 ORDER BY timestamp DESC LIMIT @p5
            """,
            row => (Id: row.GetString(0), People: StoreJson.ReadList(row.GetString(1)).Concat(StoreJson.ReadList(row.GetString(2)))),
            inbox.WorkspaceId, inbox.InboxId, baseSubject, (at - ThreadRules.SubjectWindow).ToMicros(), SubjectCandidates);
        foreach (var (id, known) in candidates)
        {
            if (ThreadRules.SamePeople(known, people, inbox.InboxId))
                return id;
        }

        return null;
    }

    /// <summary>Notes ids that were only referred to, so that a late parent finds the thread.</summary>
    public static void Expect(WriteSession session, LocalInbox inbox, string threadId, IReadOnlyList<string> messageIds)
    {
        foreach (var id in messageIds)
        {
            session.Execute(
                """
                INSERT INTO message_ids (workspace_id, inbox_id, message_id, thread_id, use_case_id, direction, created_at) VALUES (@p1, @p2, @p3, @p4, @p5, 'ref', @p6)
                ON CONFLICT (workspace_id, inbox_id, message_id) DO NOTHING
                """,
                inbox.WorkspaceId, inbox.InboxId, id, threadId, inbox.UseCaseId, session.Now);
        }
    }

    /// <summary>
    /// Joins threads that one message shows to be the same; the largest takes the messages of the others, so that a message moves a logarithmic number of
    /// times. The old ids stay names of the joined thread. Returns its id.
    /// </summary>
    public static string Merge(WriteSession session, LocalInbox inbox, IReadOnlyList<string> threadIds)
    {
        var sizes = threadIds.Select(id => (Id: id, Count: session.Scalar<long>("SELECT message_count FROM threads WHERE workspace_id = @p1 AND thread_id = @p2", inbox.WorkspaceId, id)))
            .OrderByDescending(t => t.Count).ThenBy(t => t.Id, StringComparer.Ordinal).ToList();
        var target = sizes[0].Id;
        foreach (var (id, count) in sizes.Skip(1))
        {
            if (count > 0)
                MoveMessages(session, inbox, id, target);
            session.Execute("UPDATE thread_merges SET into_thread_id = @p3 WHERE workspace_id = @p1 AND into_thread_id = @p2", inbox.WorkspaceId, id, target);
            session.Execute(
                "INSERT INTO thread_merges (workspace_id, thread_id, inbox_id, into_thread_id, created_at) VALUES (@p1, @p2, @p3, @p4, @p5)",
                inbox.WorkspaceId, id, inbox.InboxId, target, session.Now);
            EventStore.Append(session, inbox.WorkspaceId, new NewEvent(EventTypes.ThreadMerged, inbox.PodId, inbox.InboxId, ThreadId: target, Facts: $$"""{"merged_thread_id":"{{id}}"}"""));
        }

        return target;
    }

    private static void MoveMessages(WriteSession session, LocalInbox inbox, string from, string target)
    {
        session.Execute("UPDATE messages SET thread_id = @p3, updated_at = @p4 WHERE workspace_id = @p1 AND thread_id = @p2", inbox.WorkspaceId, from, target, session.Now);
        var (old, into) = (Read(session, inbox, from), Read(session, inbox, target));
        foreach (var (label, count) in old.Labels)
            into.Labels[label] = into.Labels.GetValueOrDefault(label) + count;
        session.Execute(
            """
            UPDATE threads SET senders = @p4, recipients = @p5, labels = @p6, updated_at = @p7,
              message_count = message_count + o.old_count, size = size + o.old_size,
              received_at = CASE WHEN received_at IS NULL OR o.old_received > received_at THEN o.old_received ELSE received_at END,
              sent_at = CASE WHEN sent_at IS NULL OR o.old_sent > sent_at THEN o.old_sent ELSE sent_at END,
              preview = CASE WHEN o.old_time > timestamp THEN o.old_preview ELSE preview END,
              last_message_id = CASE WHEN o.old_time > timestamp THEN o.old_last ELSE last_message_id END,
              timestamp = CASE WHEN o.old_time > timestamp THEN o.old_time ELSE timestamp END
            FROM (SELECT message_count AS old_count, size AS old_size, received_at AS old_received, sent_at AS old_sent, preview AS old_preview,
              last_message_id AS old_last, timestamp AS old_time FROM threads WHERE workspace_id = @p1 AND thread_id = @p3) AS o
            WHERE workspace_id = @p1 AND thread_id = @p2
            """,
            inbox.WorkspaceId, target, from, StoreJson.Write(Union(into.Senders, old.Senders)) ?? "[]", StoreJson.Write(Union(into.Recipients, old.Recipients)) ?? "[]",
            StoreJson.WriteCounts(into.Labels), session.Now);
        session.Execute("DELETE FROM threads WHERE workspace_id = @p1 AND thread_id = @p2", inbox.WorkspaceId, from);
    }

    private static ThreadPeople Read(WriteSession session, LocalInbox inbox, string threadId) =>
        session.First(
            "SELECT senders, recipients, labels FROM threads WHERE workspace_id = @p1 AND thread_id = @p2",
            row => new ThreadPeople(StoreJson.ReadList(row.GetString(0)), StoreJson.ReadList(row.GetString(1)), StoreJson.ReadCounts(row.GetString(2))),
            inbox.WorkspaceId, threadId) ?? new ThreadPeople([], [], []);

    private static List<string> Union(List<string> a, List<string> b) => [.. a.Union(b, StringComparer.OrdinalIgnoreCase).Take(MessageStore.ThreadPeopleLimit)];

    private sealed record ThreadPeople(List<string> Senders, List<string> Recipients, Dictionary<string, long> Labels);
}
