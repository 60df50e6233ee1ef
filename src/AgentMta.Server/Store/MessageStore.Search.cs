using AgentMta.Server.Model;

namespace AgentMta.Server.Store;

/// <content>Messages as the search index asks for them, and as its finds are looked up.</content>
internal sealed partial class MessageStore
{
    /// <summary>Messages of a workspace behind a key, in the order of keys, which is that of their making.</summary>
    public ValueTask<List<StoredMessage>> BehindAsync(string workspaceId, string messageKey, int limit, CancellationToken cancellationToken) => database.ReadAsync(
        session => session.Query(
            $"SELECT {StoredMessage.Columns} FROM messages m WHERE m.workspace_id = @p1 AND m.message_key > @p2 ORDER BY m.message_key LIMIT @p3", StoredMessage.Read, workspaceId, messageKey, limit),
        cancellationToken);

    /// <summary>Those of the finds that are there, within the scope, and that the filter lets through.</summary>
    public ValueTask<Dictionary<string, StoredMessage>> OfKeysAsync(Scope scope, IEnumerable<string> messageKeys, MessageFilter filter, CancellationToken cancellationToken) => database.ReadAsync(
        session =>
        {
            var found = new Dictionary<string, StoredMessage>(StringComparer.Ordinal);
            var where = new SqlConditions();
            foreach (var condition in Looks(where, filter))
                where.And(condition);
            if (filter.Before is { } before)
                where.And($"m.timestamp < {where.Value(before.ToMicros())}");
            if (filter.After is { } since)
                where.And($"m.timestamp > {where.Value(since.ToMicros())}");
            var sql = $"SELECT {StoredMessage.Columns} FROM messages m WHERE {scope.OnInbox("m")}{where.Sql} AND m.message_key = {where.Value(null)}";
            var values = where.Values;
            foreach (var key in messageKeys)
            {
                values[^1] = key;
                if (session.First(scope, sql, StoredMessage.Read, values) is { } message)
                    found[key] = message;
            }

            return found;
        },
        cancellationToken);

    /// <summary>The Message-IDs of the newest messages of a thread.</summary>
    public ValueTask<List<string>> IdsOfThreadAsync(Scope scope, string threadId, IReadOnlyList<string> without, int limit, CancellationToken cancellationToken) => database.ReadAsync(
        session =>
        {
            var where = new SqlConditions();
            where.And($"m.thread_id = {where.Value(threadId)}");
            foreach (var label in without)
                where.AndHasNot("m.labels", label);
            return session.Query(
                scope, $"SELECT m.message_id FROM messages m WHERE {scope.OnInbox("m")}{where.Sql} ORDER BY m.timestamp DESC, m.message_key DESC LIMIT {where.Value(limit)}",
                row => row.GetString(0), where.Values);
        },
        cancellationToken);
}
