using System.Data.Common;
using AgentMta.Server.Model;

namespace AgentMta.Server.Store;

/// <summary>What a submission asks before it is composed: who sends, what is answered, and what was sent before under the same key.</summary>
internal sealed class SubmissionStore(Database database)
{
    private const int ThreadLimit = 2000;

    /// <summary>The inbox within the scope, with its use case; null where the scope has none.</summary>
    public ValueTask<SenderProfile?> SenderAsync(Scope scope, string inboxId, CancellationToken cancellationToken) =>
        database.ReadAsync(
            session => session.First(
                scope,
                $"""
                SELECT i.workspace_id, i.inbox_id, i.pod_id, i.use_case_id, i.display_name, i.client_id, i.metadata, i.created_at, i.updated_at,
                  u.sender, u.email_type, u.unsubscribable, u.accepts_cold_inbound, u.unsubscribe_scope, u.entity_name, u.name, u.is_default, u.created_at, u.updated_at
                FROM inboxes i JOIN use_cases u ON u.workspace_id = i.workspace_id AND u.use_case_id = i.use_case_id
                WHERE {scope.OnInbox("i")} AND i.inbox_id = @p1
                """,
                ReadSender, inboxId),
            cancellationToken);

    /// <summary>A message of the inbox within the scope; null where there is none: another use case's message is never found.</summary>
    public ValueTask<TargetMessage?> TargetAsync(Scope scope, string inboxId, string messageId, CancellationToken cancellationToken) =>
        database.ReadAsync(
            session => session.First(
                scope,
                $"""
                SELECT m.message_key, m.message_id, m.thread_id, m.raw_id, m.direction, m.timestamp, m.from_addr, m.to_addrs, m.cc_addrs, m.reply_to, m.subject, m.labels
                FROM messages m WHERE {scope.OnInbox("m")} AND m.inbox_id = @p1 AND m.message_id = @p2
                """,
                ReadTarget, inboxId, messageId),
            cancellationToken);

    /// <summary>The messages of a thread, oldest first, as links.</summary>
    public ValueTask<List<ThreadLink>> ThreadAsync(string workspaceId, string threadId, CancellationToken cancellationToken) =>
        database.ReadAsync(
            session => session.Query(
                """
                SELECT m.message_id, m.in_reply_to, m.refs, (SELECT a.message_id FROM messages a WHERE a.workspace_id = m.workspace_id AND a.message_key = m.resolved_key), m.timestamp
                FROM messages m WHERE m.workspace_id = @p1 AND m.thread_id = @p2 ORDER BY m.timestamp, m.message_key LIMIT @p3
                """,
                row => new ThreadLink(row.GetString(0), row.Text(1), StoreJson.ReadList(row.Text(2)), row.Text(3), row.GetInt64(4)), workspaceId, threadId, ThreadLimit),
            cancellationToken);

    /// <summary>What was sent under this key since then: the request's hash and the ids; null where nothing was.</summary>
    public ValueTask<SentBefore?> FindKeyAsync(string workspaceId, string key, DateTimeOffset since, CancellationToken cancellationToken) =>
        database.ReadAsync(session => FindKey(session, workspaceId, key, since), cancellationToken);

    /// <summary>The same within a transaction.</summary>
    public static SentBefore? FindKey(StoreSession session, string workspaceId, string key, DateTimeOffset since) =>
        session.First(
            "SELECT request_hash, message_id, thread_id FROM idempotency_keys WHERE workspace_id = @p1 AND idempotency_key = @p2 AND created_at > @p3",
            row => new SentBefore(row.Octets(0) ?? [], row.GetString(1), row.GetString(2)), workspaceId, key, since.ToMicros());

    /// <summary>Records a key in the send's own transaction; keys from before <paramref name="since"/> are forgotten.</summary>
    public static void InsertKey(WriteSession session, string workspaceId, string key, SentBefore sent, DateTimeOffset? since = null)
    {
        session.Execute("DELETE FROM idempotency_keys WHERE workspace_id = @p1 AND idempotency_key = @p2", workspaceId, key);
        if (since is { } oldest)
            session.Execute("DELETE FROM idempotency_keys WHERE created_at < @p1", oldest.ToMicros());
        session.Execute(
            "INSERT INTO idempotency_keys (workspace_id, idempotency_key, request_hash, message_id, thread_id, created_at) VALUES (@p1, @p2, @p3, @p4, @p5, @p6)",
            workspaceId, key, sent.RequestHash, sent.MessageId, sent.ThreadId, session.Now);
    }

    /// <summary>How many recipients the inbox has written to since then.</summary>
    public ValueTask<long> RecipientsSinceAsync(string workspaceId, string inboxId, DateTimeOffset since, CancellationToken cancellationToken) =>
        database.ReadAsync(
            session => session.Scalar<long>("SELECT COUNT(*) FROM deliveries WHERE workspace_id = @p1 AND inbox_id = @p2 AND created_at > @p3", workspaceId, inboxId, since.ToMicros()),
            cancellationToken);

    /// <summary>How many messages we sent into the thread since then.</summary>
    public ValueTask<long> RepliesSinceAsync(string workspaceId, string threadId, DateTimeOffset since, CancellationToken cancellationToken) =>
        database.ReadAsync(
            session => session.Scalar<long>(
                "SELECT COUNT(*) FROM messages WHERE workspace_id = @p1 AND thread_id = @p2 AND direction = 'out' AND timestamp > @p3", workspaceId, threadId, since.ToMicros()),
            cancellationToken);

    /// <summary>The suppressions that forbid these recipients to the use case.</summary>
    public ValueTask<List<Suppression>> SuppressedAsync(UseCase useCase, IReadOnlyList<string> addresses, CancellationToken cancellationToken) =>
        database.ReadAsync(session => SuppressionStore.Check(session, useCase.WorkspaceId, useCase.UseCaseId, useCase.Domain, addresses), cancellationToken);

    /// <summary>The raw of a stored message; null where the message is gone.</summary>
    public static string? RawId(WriteSession session, string workspaceId, string messageKey) =>
        session.Scalar<string>("SELECT raw_id FROM messages WHERE workspace_id = @p1 AND message_key = @p2", workspaceId, messageKey);

    /// <summary>Adds envelope recipients to a sent message: their answers are proven replies too.</summary>
    public static void AddRecipients(WriteSession session, NewMessage message, IReadOnlyList<string> recipients)
    {
        var known = StoreJson.ReadList(session.Scalar<string>(
            "SELECT recipients FROM message_ids WHERE workspace_id = @p1 AND inbox_id = @p2 AND message_id = @p3", message.WorkspaceId, message.InboxId, message.MessageId));
        session.Execute(
            "UPDATE message_ids SET recipients = @p4 WHERE workspace_id = @p1 AND inbox_id = @p2 AND message_id = @p3",
            message.WorkspaceId, message.InboxId, message.MessageId, StoreJson.Write([.. known.Union(recipients, StringComparer.Ordinal)]));
    }

    private static SenderProfile ReadSender(DbDataReader row)
    {
        var (workspaceId, inboxId, podId, useCaseId) = (row.GetString(0), row.GetString(1), row.GetString(2), row.GetString(3));
        return new SenderProfile(
            new Inbox(workspaceId, inboxId, podId, useCaseId, row.Text(4), row.Text(5), row.Text(6), Clock.FromMicros(row.GetInt64(7)), Clock.FromMicros(row.GetInt64(8))),
            new UseCase(
                workspaceId, useCaseId, podId, row.GetString(9), row.GetString(10) == "marketing" ? EmailType.Marketing : EmailType.Transactional, row.GetInt64(11) != 0, row.GetInt64(12) != 0,
                row.GetString(13) == "setup" ? UnsubscribeScope.Setup : UnsubscribeScope.UseCase, row.Text(14), row.Text(15), row.GetInt64(16) != 0, Clock.FromMicros(row.GetInt64(17)),
                Clock.FromMicros(row.GetInt64(18))));
    }

    private static TargetMessage ReadTarget(DbDataReader row) => new(
        row.GetString(0), row.GetString(1), row.GetString(2), row.GetString(3), row.GetString(4) == "out" ? MessageDirection.Out : MessageDirection.In, Clock.FromMicros(row.GetInt64(5)),
        row.GetString(6), StoreJson.ReadList(row.GetString(7)), StoreJson.ReadList(row.Text(8)), StoreJson.ReadList(row.Text(9)), row.Text(10),
        StoreJson.ReadList(row.GetString(11)).Contains(Labels.AutoReply, StringComparer.Ordinal));
}

/// <summary>What an idempotency key stands for.</summary>
internal sealed record SentBefore(byte[] RequestHash, string MessageId, string ThreadId);
