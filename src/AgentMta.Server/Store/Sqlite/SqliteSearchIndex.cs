using System.Data.Common;
using AgentMta.Server.Model;
using Microsoft.Data.Sqlite;

namespace AgentMta.Server.Store.Sqlite;

/// <summary>
/// The full-text index in SQLite's FTS5, in a file of its own with a writer of its own, so that receiving never waits for it. Commits are not flushed one by one
/// (synchronous=NORMAL): after a loss of power it is a moment behind, and catches up.
/// </summary>
internal sealed partial class SqliteSearchIndex : SearchIndex
{
    private const int Schema = 2;

    private readonly SqliteDatabase _database;

    private SqliteSearchIndex(SqliteDatabase database) => _database = database;

    /// <summary>Opens or creates the file. One that cannot be used, or that another version of this program wrote, is thrown away: it holds nothing that the store has not.</summary>
    public static SqliteSearchIndex Open(string path, TimeProvider time, ILogger<SqliteDatabase> log)
    {
        try
        {
            if (SqliteDatabase.SchemaOf(path) is not (null or 0 or Schema))
                Discard(path, "another program wrote it", log);
            return new SqliteSearchIndex(SqliteDatabase.OpenSearch(path, time, log));
        }
        catch (Exception e) when (e is DatabaseDamagedException || SqliteDatabase.IsDamage(e))
        {
            Discard(path, e.Message, log);
            return new SqliteSearchIndex(SqliteDatabase.OpenSearch(path, time, log));
        }
    }

    private static void Discard(string path, string reason, ILogger log)
    {
        log.LogWarning("The search index {Path} is made anew: {Reason}", path, reason);
        foreach (var end in (ReadOnlySpan<string>)["", "-wal", "-shm"])
            File.Delete(path + end);
    }

    /// <inheritdoc/>
    public override ValueTask<SearchProgress?> ProgressAsync(string workspaceId, CancellationToken cancellationToken) => _database.ReadAsync(
        session => session.First(
            "SELECT workspace_id, event_cursor, event_id, walked FROM progress WHERE workspace_id = @p1",
            row => new SearchProgress(row.GetString(0), row.GetInt64(1), row.Text(2), row.Text(3)), workspaceId),
        cancellationToken);

    /// <inheritdoc/>
    public override ValueTask<Dictionary<(string InboxId, string MessageId), string>> KnownAsync(
        string workspaceId, IReadOnlyList<(string InboxId, string MessageId)> messages, CancellationToken cancellationToken) => _database.ReadAsync(
        session =>
        {
            var known = new Dictionary<(string InboxId, string MessageId), string>();
            foreach (var message in messages)
            {
                if (session.Scalar<string>(
                    "SELECT message_key FROM documents WHERE workspace_id = @p1 AND inbox_id = @p2 AND message_id = @p3", workspaceId, message.InboxId, message.MessageId) is { } key)
                    known[message] = key;
            }

            return known;
        },
        cancellationToken);

    /// <inheritdoc/>
    public override ValueTask<SearchPlan> PrepareAsync(Scope scope, SearchQuery query, CancellationToken cancellationToken) =>
        _database.ReadAsync(session => (SearchPlan)new SearchMatch(session, scope, query) { Scope = scope }, cancellationToken);

    /// <inheritdoc/>
    public override ValueTask<List<SearchHit>> FindAsync(SearchPlan plan, SearchRange range, SearchPosition? after, int limit, CancellationToken cancellationToken) => _database.ReadAsync(
        session =>
        {
            var hits = new List<SearchHit>();
            var matches = (SearchMatch)plan;
            for (var rank = after?.Rank ?? 0; rank < Ranks && hits.Count < limit; rank++)
            {
                var where = new SqlConditions();
                where.And($"words MATCH {where.Value(matches.OfRank(rank))}");
                if (rank == after?.Rank)
                    where.And($"words.rowid < {where.Value(after.Document)}");
                if (range.Before is { } before)
                    where.And($"words.rowid < {where.Value(FirstDocument(before.ToMicros()))}");
                if (range.After is { } since)
                    where.And($"words.rowid >= {where.Value(FirstDocument(since.ToMicros() + 1))}");
                // CROSS JOIN: the index leads, newest first, and stops at the limit.
                hits.AddRange(session.Query(
                    $"""
                    SELECT words.rowid, d.message_key FROM words CROSS JOIN documents d ON d.doc_id = words.rowid
                    WHERE d.workspace_id = {where.Value(plan.Scope.WorkspaceId)}{where.Sql} ORDER BY words.rowid DESC LIMIT {where.Value(limit - hits.Count)}
                    """,
                    row => new SearchHit(new SearchPosition(rank, row.GetInt64(0)), row.GetString(1)), where.Values));
            }

            return hits;
        },
        cancellationToken);

    /// <inheritdoc/>
    public override ValueTask<List<string>> FoundBeforeAsync(
        SearchPlan plan, SearchPosition position, string inboxId, IReadOnlyList<string> messageIds, CancellationToken cancellationToken) => _database.ReadAsync(
        session =>
        {
            var matches = (SearchMatch)plan;
            var found = new List<string>();
            foreach (var id in messageIds)
            {
                var document = session.Scalar<long?>("SELECT doc_id FROM documents WHERE workspace_id = @p1 AND inbox_id = @p2 AND message_id = @p3", plan.Scope.WorkspaceId, inboxId, id);
                if (document is null || document == position.Document)
                    continue;
                // Behind the position in its own rank counts for nothing; in a rank before it every place does.
                var ranks = document > position.Document ? position.Rank + 1 : position.Rank;
                if (Enumerable.Range(0, ranks).Any(rank => session.Scalar<long>("SELECT 1 FROM words WHERE words MATCH @p1 AND rowid = @p2", matches.OfRank(rank), document) == 1))
                    found.Add(id);
            }

            return found;
        },
        cancellationToken);

    /// <inheritdoc/>
    public override ValueTask<Dictionary<long, SearchFields>> FieldsAsync(IReadOnlyList<long> documents, CancellationToken cancellationToken) => _database.ReadAsync(
        session =>
        {
            var fields = new Dictionary<long, SearchFields>(documents.Count);
            foreach (var document in documents)
            {
                if (session.First("SELECT fields FROM documents WHERE doc_id = @p1", row => row.Octets(0)!, document) is { } octets)
                    fields[document] = SearchFieldsCodec.Read(octets).Fields;
            }

            return fields;
        },
        cancellationToken);

    /// <inheritdoc/>
    public override ValueTask DisposeAsync() => _database.DisposeAsync();

    private static long FirstDocument(long micros) => Math.Clamp(micros, 0, LastMicros) << SequenceBits;
}
