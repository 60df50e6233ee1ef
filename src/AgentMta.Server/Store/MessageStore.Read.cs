using AgentMta.Server.Model;

namespace AgentMta.Server.Store;

/// <content>Messages as they are read: one, by thread, in lists.</content>
internal sealed partial class MessageStore
{
    /// <summary>One message of an inbox, or null within the scope.</summary>
    public ValueTask<StoredMessage?> GetAsync(Scope scope, string inboxId, string messageId, CancellationToken cancellationToken) =>
        database.ReadAsync(session => Get(session, scope, inboxId, messageId), cancellationToken);

    /// <summary>The same within a transaction or query.</summary>
    public static StoredMessage? Get(StoreSession session, Scope scope, string inboxId, string messageId) =>
        session.First(scope, $"SELECT {StoredMessage.Columns} FROM messages m WHERE {scope.OnInbox("m")} AND m.inbox_id = @p1 AND m.message_id = @p2", StoredMessage.Read, inboxId, messageId);

    /// <summary>One message by its key, or null within the scope.</summary>
    public ValueTask<StoredMessage?> ByKeyAsync(Scope scope, string messageKey, CancellationToken cancellationToken) => database.ReadAsync(
        session => session.First(scope, $"SELECT {StoredMessage.Columns} FROM messages m WHERE {scope.OnInbox("m")} AND m.message_key = @p1", StoredMessage.Read, messageKey), cancellationToken);

    /// <summary>Those of the messages that are there, in the order asked for.</summary>
    public ValueTask<List<StoredMessage>> GetAllAsync(Scope scope, string inboxId, IEnumerable<string> messageIds, CancellationToken cancellationToken) =>
        database.ReadAsync(session => messageIds.Select(id => Get(session, scope, inboxId, id)).OfType<StoredMessage>().ToList(), cancellationToken);

    /// <summary>A page of an inbox by time; <paramref name="after"/> is the (timestamp, key) that ended the last page.</summary>
    public ValueTask<Listing<StoredMessage>> ListAsync(Scope scope, string inboxId, MessageFilter filter, (long, string)? after, int limit, CancellationToken cancellationToken) =>
        database.ReadAsync(
            session =>
            {
                // The first label leads through its own index, and what the plain list shows has one too; further labels and all texts are looked at row by row.
                var scan = new ListScan();
                var where = scan.Where;
                var byLabel = filter.Labels.Count > 0;
                var (from, order) = byLabel
                    ? ("message_labels l JOIN messages m ON m.workspace_id = l.workspace_id AND m.message_key = l.message_key", "l")
                    : ("messages m", "m");
                where.And($"{order}.inbox_id = {where.Value(inboxId)}");
                if (byLabel)
                    where.And($"l.workspace_id = @ws AND l.label = {where.Value(filter.Labels[0])}");
                var isPlain = !byLabel && PlainlyHidden.All(label => filter.Without.Contains(label, StringComparer.Ordinal));
                if (isPlain)
                    where.And("m.shown = 1");
                where.AndBehind($"{order}.timestamp", $"{order}.message_key", after, filter.Ascending);
                if (filter.Before is { } before)
                    where.And($"{order}.timestamp < {where.Value(before.ToMicros())}");
                if (filter.After is { } since)
                    where.And($"{order}.timestamp > {where.Value(since.ToMicros())}");
                foreach (var condition in Looks(where, filter with { Labels = [.. filter.Labels.Skip(1)], Without = isPlain ? [.. filter.Without.Except(PlainlyHidden, StringComparer.Ordinal)] : filter.Without }))
                    scan.Fit(condition);
                return scan.Read(session, scope, StoredMessage.Columns, from, scope.OnInbox("m"), [$"{order}.timestamp", $"{order}.message_key"], filter.Ascending, limit, StoredMessage.Read);
            },
            cancellationToken);

    /// <summary>A page of a thread, newest first; <paramref name="before"/> is the (timestamp, key) that ended the last page.</summary>
    public ValueTask<List<StoredMessage>> OfThreadAsync(Scope scope, string threadId, IReadOnlyList<string> without, (long, string)? before, int limit, CancellationToken cancellationToken) =>
        database.ReadAsync(
            session =>
            {
                var where = new SqlConditions();
                where.And($"m.thread_id = {where.Value(threadId)}");
                where.AndBehind("m.timestamp", "m.message_key", before, ascending: false);
                foreach (var label in without)
                    where.AndHasNot("m.labels", label);
                return session.Query(
                    scope,
                    $"SELECT {StoredMessage.Columns} FROM messages m WHERE {scope.OnInbox("m")}{where.Sql} ORDER BY m.timestamp DESC, m.message_key DESC LIMIT {where.Value(limit)}",
                    StoredMessage.Read, where.Values);
            },
            cancellationToken);

    /// <summary>How many messages of the inbox carry a label and none of the others.</summary>
    public ValueTask<long> CountAsync(Scope scope, string inboxId, string label, IReadOnlyList<string> without, CancellationToken cancellationToken) =>
        database.ReadAsync(
            session =>
            {
                var where = new SqlConditions();
                where.And($"l.workspace_id = @ws AND l.inbox_id = {where.Value(inboxId)} AND l.label = {where.Value(label)}");
                foreach (var other in without)
                    where.AndHasNot("m.labels", other);
                return session.Scalar<long>(
                    scope,
                    $"SELECT COUNT(*) FROM message_labels l JOIN messages m ON m.workspace_id = l.workspace_id AND m.message_key = l.message_key WHERE {scope.OnInbox("m")}{where.Sql}",
                    where.Values);
            },
            cancellationToken);

    /// <summary>The judgement of the gates over a message, as JSON; null where none is kept.</summary>
    public ValueTask<string?> VerdictsAsync(Scope scope, string inboxId, string messageId, CancellationToken cancellationToken) =>
        database.ReadAsync(
            session => session.Scalar<string>(scope, $"SELECT m.verdicts FROM messages m WHERE {scope.OnInbox("m")} AND m.inbox_id = @p1 AND m.message_id = @p2", inboxId, messageId),
            cancellationToken);

    // The labels of the column "shown".
    private static readonly string[] PlainlyHidden = [Labels.Archived, .. Labels.Hiding];

    // What of a filter is asked of each row.
    private static IEnumerable<string> Looks(SqlConditions where, MessageFilter filter)
    {
        foreach (var label in filter.Labels)
            yield return where.Has("m.labels", label);
        foreach (var label in filter.Without)
            yield return where.HasNot("m.labels", label);
        foreach (var text in filter.From)
            yield return where.Contains("m.from_addr", text);
        foreach (var text in filter.To)
            yield return where.ListContains(text, "m.to_addrs", "m.cc_addrs", "m.bcc_addrs");
        foreach (var text in filter.Subject)
            yield return where.Contains("m.subject", text);
        if (filter.VerifiedOnly)
            yield return "m.aligned = 1";
        if (filter.Text is { } any)
            yield return where.Contains("(COALESCE(m.subject, '') || ' | ' || COALESCE(m.preview, '') || ' | ' || m.from_addr)", any);
    }
}
