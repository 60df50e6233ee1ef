using System.Text.Json;
using AgentMta.Server.Model;

namespace AgentMta.Server.Store;

/// <content>The one way in which a message gets into the store, whichever way it went.</content>
internal sealed partial class MessageStore
{
    internal const int ThreadPeopleLimit = 100;

    /// <summary>Stores the bytes of one end of data or one composed message; a large one already lies in its flushed file.</summary>
    public static void InsertRaw(WriteSession session, NewRaw raw)
    {
        var removed = raw.Removed is { Count: > 0 } ranges
            ? JsonSerializer.Serialize(ranges.Select(r => new[] { r.Offset, r.Length }).ToList(), StoreJson.Default.ListInt32Array)
            : null;
        session.Execute(
            "INSERT INTO raws (workspace_id, raw_id, size, content, file, trace, removed, session, authentication, created_at) VALUES (@p1, @p2, @p3, @p4, @p5, @p6, @p7, @p8, @p9, @p10)",
            raw.WorkspaceId, raw.RawId, (long)raw.Content.Bytes.Length, raw.Content.File is null ? raw.Content.Bytes : (object?)null, raw.Content.File,
            raw.Trace, removed, raw.Session, raw.Authentication, session.Now);
    }

    /// <summary>
    /// Stores a message in its thread (a new one where <see cref="NewMessage.ThreadId"/> is null) with labels, ids, the inbox's next number and modseq,
    /// and its event. Returns the thread's id. The raw must be in the store; the caller has ruled out duplicates.
    /// </summary>
    public static string Insert(WriteSession session, NewMessage message)
    {
        var now = session.Now;
        var at = message.Timestamp.ToMicros();
        var (uid, modseq) = NextNumber(session, message.WorkspaceId, message.InboxId);
        var threadId = message.ThreadId ?? Ids.New(session.Time);
        var labels = StoreJson.Write(message.Labels) ?? "[]";
        session.Execute(
            """
            INSERT INTO messages (workspace_id, message_key, pod_id, inbox_id, thread_id, raw_id, message_id, direction, uid, modseq, timestamp,
              from_addr, to_addrs, cc_addrs, bcc_addrs, reply_to, subject, preview, labels, attachments, in_reply_to, refs, size, content_hash, verdicts,
              resolved_key, created_at, updated_at, aligned, authentication)
            VALUES (@p1, @p2, @p3, @p4, @p5, @p6, @p7, @p8, @p9, @p10, @p11, @p12, @p13, @p14, @p15, @p16, @p17, @p18, @p19, @p20, @p21, @p22, @p23, @p24,
              @p25, @p26, @p27, @p27, @p28, @p29)
            """,
            message.WorkspaceId, message.MessageKey, message.PodId, message.InboxId, threadId, message.RawId, message.MessageId, Word(message.Direction), uid, modseq, at,
            message.From, StoreJson.Write(message.To) ?? "[]", StoreJson.Write(message.Cc), StoreJson.Write(message.Bcc), StoreJson.Write(message.ReplyTo),
            message.Subject, message.Preview, labels,
            message.Attachments.Count == 0 ? null : JsonSerializer.Serialize(message.Attachments, StoreJson.Default.IReadOnlyListStoredAttachment),
            message.InReplyTo, StoreJson.Write(message.References), message.Size, message.ContentHash, message.Verdicts, message.ResolvedKey, now, message.Aligned ? 1 : 0, message.Authentication);
        InsertId(
            session, message.WorkspaceId, message.InboxId, message.MessageId, message.MessageKey, threadId, message.UseCaseId, message.Direction,
            message.EnvelopeRecipients, message.ContentHash);
        foreach (var label in message.Labels)
        {
            session.Execute(
                "INSERT INTO message_labels (workspace_id, inbox_id, label, timestamp, message_key) VALUES (@p1, @p2, @p3, @p4, @p5)",
                message.WorkspaceId, message.InboxId, label, at, message.MessageKey);
        }

        if (message.ThreadId is null || !ExtendThread(session, message, threadId, at, now))
            InsertThread(session, message, threadId, at, now);
        EventStore.Append(session, message.WorkspaceId, new NewEvent(message.EventType, message.PodId, message.InboxId, message.MessageId, threadId, message.EventFacts));
        return threadId;
    }

    /// <summary>Makes a Message-ID known: the message's own, or an alias (an id that a submitting client chose, or that a relay's final 250 named).</summary>
    public static void InsertId(
        WriteSession session, string workspaceId, string inboxId, string messageId, string messageKey, string threadId, string useCaseId,
        MessageDirection direction, IReadOnlyList<string>? envelopeRecipients, byte[]? contentHash) =>
        session.Execute(
            """
            INSERT INTO message_ids (workspace_id, inbox_id, message_id, message_key, thread_id, use_case_id, direction, recipients, content_hash, created_at)
            VALUES (@p1, @p2, @p3, @p4, @p5, @p6, @p7, @p8, @p9, @p10)
            ON CONFLICT (workspace_id, inbox_id, message_id) DO UPDATE SET message_key = excluded.message_key, thread_id = excluded.thread_id,
              use_case_id = excluded.use_case_id, direction = excluded.direction, recipients = excluded.recipients, content_hash = excluded.content_hash
            WHERE message_ids.direction = 'ref'
            """,
            workspaceId, inboxId, messageId, messageKey, threadId, useCaseId, Word(direction),
            envelopeRecipients is null ? null : StoreJson.Write(envelopeRecipients), contentHash, session.Now);

    /// <summary>Takes the next number and modseq of an inbox (design.md, Order).</summary>
    internal static (long Uid, long Modseq) NextNumber(WriteSession session, string workspaceId, string inboxId)
    {
        // The update first, which locks the row; RETURNING would have SQLite build and drop a table for its one row.
        if (session.Execute("UPDATE inboxes SET next_uid = next_uid + 1, modseq = modseq + 1 WHERE workspace_id = @p1 AND inbox_id = @p2", workspaceId, inboxId) == 0)
            throw new InboxGoneException(inboxId);
        Span<long> next = [0, 0];
        session.Numbers("SELECT next_uid - 1, modseq FROM inboxes WHERE workspace_id = @p1 AND inbox_id = @p2", next, workspaceId, inboxId);
        return (next[0], next[1]);
    }

    private static string Word(MessageDirection direction) => direction == MessageDirection.In ? "in" : "out";

    private static void InsertThread(WriteSession session, NewMessage message, string threadId, long at, long now) =>
        session.Execute(
            """
            INSERT INTO threads (workspace_id, thread_id, pod_id, inbox_id, subject, base_subject, preview, last_message_id, message_count, size, senders,
              recipients, labels, timestamp, received_at, sent_at, created_at, updated_at)
            VALUES (@p1, @p2, @p3, @p4, @p5, @p6, @p7, @p8, 1, @p9, @p10, @p11, @p12, @p13, @p14, @p15, @p16, @p16)
            """,
            message.WorkspaceId, threadId, message.PodId, message.InboxId, message.Subject, message.BaseSubject, message.Preview, message.MessageId, message.Size,
            StoreJson.Write([message.From]), StoreJson.Write(People(message)) ?? "[]",
            StoreJson.WriteCounts(message.Labels.Distinct(StringComparer.Ordinal).ToDictionary(l => l, _ => 1L, StringComparer.Ordinal)), at,
            message.Direction == MessageDirection.In ? at : null, message.Direction == MessageDirection.Out ? at : null, now);

    private static bool ExtendThread(WriteSession session, NewMessage message, string threadId, long at, long now)
    {
        var old = session.First(
            "SELECT senders, recipients, labels, timestamp FROM threads WHERE workspace_id = @p1 AND thread_id = @p2 AND inbox_id = @p3",
            row => new { Senders = StoreJson.ReadList(row.GetString(0)), Recipients = StoreJson.ReadList(row.GetString(1)), Labels = StoreJson.ReadCounts(row.GetString(2)), Timestamp = row.GetInt64(3) },
            message.WorkspaceId, threadId, message.InboxId);
        if (old is null)
            return false;
        Join(old.Senders, [message.From]);
        Join(old.Recipients, People(message));
        foreach (var label in message.Labels)
            old.Labels[label] = old.Labels.GetValueOrDefault(label) + 1;
        var newest = at >= old.Timestamp;
        session.Execute(
            $"""
            UPDATE threads SET message_count = message_count + 1, size = size + @p4, senders = @p5, recipients = @p6, labels = @p7, updated_at = @p8,
              {(message.Direction == MessageDirection.In ? "received_at = CASE WHEN received_at > @p9 THEN received_at ELSE @p9 END" : "sent_at = CASE WHEN sent_at > @p9 THEN sent_at ELSE @p9 END")}
              {(newest ? ", timestamp = @p9, preview = @p10, last_message_id = @p11" : "")}
            WHERE workspace_id = @p1 AND thread_id = @p2 AND inbox_id = @p3
            """,
            [message.WorkspaceId, threadId, message.InboxId, message.Size, StoreJson.Write(old.Senders), StoreJson.Write(old.Recipients) ?? "[]",
            StoreJson.WriteCounts(old.Labels), now, at, .. newest ? new object?[] { message.Preview, message.MessageId } : []]);
        return true;
    }

    private static List<string> People(NewMessage message)
    {
        var people = new List<string>();
        Join(people, message.To);
        Join(people, message.Cc);
        Join(people, message.Bcc);
        return people;
    }

    private static void Join(List<string> people, IReadOnlyList<string> more)
    {
        foreach (var one in more)
        {
            if (people.Count >= ThreadPeopleLimit)
                return;
            if (!people.Contains(one, StringComparer.OrdinalIgnoreCase))
                people.Add(one);
        }
    }
}
