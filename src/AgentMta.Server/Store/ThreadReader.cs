using AgentMta.Server.Model;

namespace AgentMta.Server.Store;

/// <summary>Threads as they are read at root, pod and inbox.</summary>
internal sealed class ThreadReader(Database database)
{
    /// <summary>The thread of this id, or the one that took its messages in a merge; null where the scope has none.</summary>
    public ValueTask<StoredThread?> GetAsync(Scope scope, string threadId, CancellationToken cancellationToken) =>
        database.ReadAsync(session => Get(session, scope, threadId), cancellationToken);

    /// <summary>The same within a transaction or query.</summary>
    public static StoredThread? Get(StoreSession session, Scope scope, string threadId)
    {
        var id = session.Scalar<string>("SELECT into_thread_id FROM thread_merges WHERE workspace_id = @p1 AND thread_id = @p2", scope.WorkspaceId, threadId) ?? threadId;
        return session.First(scope, $"SELECT {StoredThread.Columns} FROM threads t WHERE {scope.OnInbox("t")} AND t.thread_id = @p1", StoredThread.Read, id);
    }

    /// <summary>A page by time; <paramref name="after"/> is the (timestamp, id) that ended the last page.</summary>
    public ValueTask<List<StoredThread>> ListAsync(Scope scope, ThreadFilter filter, (long, string)? after, int limit, CancellationToken cancellationToken) =>
        database.ReadAsync(
            session =>
            {
                var where = new SqlConditions();
                where.AndBehind("t.timestamp", "t.thread_id", after, filter.Ascending);
                Narrow(where, filter);
                var direction = filter.Ascending ? "ASC" : "DESC";
                return session.Query(
                    scope, $"SELECT {StoredThread.Columns} FROM threads t WHERE {scope.OnInbox("t")}{where.Sql} ORDER BY t.timestamp {direction}, t.thread_id {direction} LIMIT {where.Value(limit)}",
                    StoredThread.Read, where.Values);
            },
            cancellationToken);

    /// <summary>One thread, where the filter lets it through.</summary>
    public ValueTask<StoredThread?> OfFilterAsync(Scope scope, string threadId, ThreadFilter filter, CancellationToken cancellationToken) => database.ReadAsync(
        session =>
        {
            var where = new SqlConditions();
            where.And($"t.thread_id = {where.Value(threadId)}");
            Narrow(where, filter);
            return session.First(scope, $"SELECT {StoredThread.Columns} FROM threads t WHERE {scope.OnInbox("t")}{where.Sql}", StoredThread.Read, where.Values);
        },
        cancellationToken);

    /// <summary>The attachments of all messages of a thread, oldest first, with the message of each.</summary>
    public ValueTask<List<(string MessageId, StoredAttachment Attachment)>> AttachmentsAsync(Scope scope, string threadId, int limit, CancellationToken cancellationToken) =>
        database.ReadAsync(
            session => session.Query(
                scope,
                $"SELECT m.message_id, m.attachments FROM messages m WHERE {scope.OnInbox("m")} AND m.thread_id = @p1 AND m.attachments IS NOT NULL ORDER BY m.timestamp, m.message_key LIMIT @p2",
                row => (Id: row.GetString(0), All: StoreJson.ReadAttachments(row.GetString(1))), threadId, limit)
                .SelectMany(row => row.All.Select(a => (row.Id, a))).ToList(),
            cancellationToken);

    private static void Narrow(SqlConditions where, ThreadFilter filter)
    {
        if (filter.Before is { } before)
            where.And($"t.timestamp < {where.Value(before.ToMicros())}");
        if (filter.After is { } since)
            where.And($"t.timestamp > {where.Value(since.ToMicros())}");
        foreach (var label in filter.Labels)
            where.AndHas("t.labels", label);
        foreach (var text in filter.Senders)
            where.AndListContains(text, "t.senders");
        foreach (var text in filter.Recipients)
            where.AndListContains(text, "t.recipients");
        foreach (var text in filter.Subject)
            where.AndContains("t.subject", text);
    }
}
