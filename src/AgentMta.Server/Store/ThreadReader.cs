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

    /// <summary>A page by time; <paramref name="after"/> is the (timestamp, id) that ended the last page. Threads of which nothing is to be shown are left out.</summary>
    public ValueTask<Listing<StoredThread>> ListAsync(Scope scope, ThreadFilter filter, (long, string)? after, int limit, CancellationToken cancellationToken) =>
        database.ReadAsync(
            session =>
            {
                var scan = new ListScan();
                scan.Where.AndBehind("t.timestamp", "t.thread_id", after, filter.Ascending);
                AndBetween(scan.Where, filter);
                foreach (var condition in Looks(scan.Where, filter))
                    scan.Fit(condition);
                return scan.Read(
                    session, scope, StoredThread.Columns, "threads t", scope.OnInbox("t"), ["t.timestamp", "t.thread_id"], filter.Ascending, limit, StoredThread.Read, t => !t.IsHiddenBy(filter.Without));
            },
            cancellationToken);

    /// <summary>One thread, where the filter lets it through.</summary>
    public ValueTask<StoredThread?> OfFilterAsync(Scope scope, string threadId, ThreadFilter filter, CancellationToken cancellationToken) => database.ReadAsync(
        session =>
        {
            var where = new SqlConditions();
            where.And($"t.thread_id = {where.Value(threadId)}");
            AndBetween(where, filter);
            foreach (var condition in Looks(where, filter))
                where.And(condition);
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

    private static void AndBetween(SqlConditions where, ThreadFilter filter)
    {
        if (filter.Before is { } before)
            where.And($"t.timestamp < {where.Value(before.ToMicros())}");
        if (filter.After is { } since)
            where.And($"t.timestamp > {where.Value(since.ToMicros())}");
    }

    // What of a filter is asked of each row.
    private static IEnumerable<string> Looks(SqlConditions where, ThreadFilter filter)
    {
        foreach (var label in filter.Labels)
            yield return where.Has("t.labels", label);
        foreach (var text in filter.Senders)
            yield return where.ListContains(text, "t.senders");
        foreach (var text in filter.Recipients)
            yield return where.ListContains(text, "t.recipients");
        foreach (var text in filter.Subject)
            yield return where.Contains("t.subject", text);
    }
}
