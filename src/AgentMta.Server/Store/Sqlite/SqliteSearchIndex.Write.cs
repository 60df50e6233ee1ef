using AgentMta.Server.Model;

namespace AgentMta.Server.Store.Sqlite;

/// <content>What goes into the index and what leaves it.</content>
internal sealed partial class SqliteSearchIndex
{
    private const int SequenceBits = 10;
    private const long LastMicros = long.MaxValue >> SequenceBits;

    /// <inheritdoc/>
    public override async Task ApplyAsync(SearchProgress progress, IReadOnlyList<SearchDocument> added, IReadOnlyList<(string InboxId, string MessageId)> gone, CancellationToken cancellationToken)
    {
        // Words are cut before the writer has its turn; oldest first is how FTS5 takes them fastest.
        var rows = added.OrderBy(d => d.Timestamp).Select(d =>
        {
            var scope = SearchMatch.Places(d.WorkspaceId, d.PodId, d.InboxId);
            return (Document: d, Words: SearchRow.Of(d.Fields, scope), Octets: SearchFieldsCodec.Write(d.Fields, scope));
        }).ToList();
        await _database.WriteAsync(
            session =>
            {
                foreach (var (inboxId, messageId) in gone)
                    Remove(session, progress.WorkspaceId, inboxId, messageId);
                foreach (var (document, words, octets) in rows)
                {
                    Remove(session, document.WorkspaceId, document.InboxId, document.MessageId);
                    Add(session, document, words, octets);
                }

                session.Execute(
                    """
                    INSERT INTO progress (workspace_id, event_cursor, event_id, walked) VALUES (@p1, @p2, @p3, @p4)
                    ON CONFLICT (workspace_id) DO UPDATE SET event_cursor = excluded.event_cursor, event_id = excluded.event_id, walked = excluded.walked
                    """,
                    progress.WorkspaceId, progress.Cursor, progress.EventId, progress.Walked);
            },
            cancellationToken).ConfigureAwait(false);
    }

    /// <inheritdoc/>
    public override Task ClearAsync(CancellationToken cancellationToken) => _database.WriteAsync(
        session =>
        {
            session.Execute("INSERT INTO words (words) VALUES ('delete-all')");
            session.Execute("DELETE FROM documents");
            session.Execute("DELETE FROM name_words");
            session.Execute("DELETE FROM progress");
        },
        cancellationToken);

    private static void Add(WriteSession session, SearchDocument document, SearchRow words, byte[] octets)
    {
        var id = FirstDocument(document.Timestamp.ToMicros());
        while (session.Scalar<long>("SELECT 1 FROM documents WHERE doc_id = @p1", id) == 1)
            id++;
        session.Execute(
            "INSERT INTO documents (doc_id, workspace_id, inbox_id, message_id, message_key, fields) VALUES (@p1, @p2, @p3, @p4, @p5, @p6)",
            id, document.WorkspaceId, document.InboxId, document.MessageId, document.MessageKey, octets);
        session.Execute("INSERT INTO words (rowid, row) VALUES (@p1, @p2)", id, words.Words);
        foreach (var word in words.Names)
        {
            session.Execute(
                "INSERT INTO name_words (workspace_id, word, uses) VALUES (@p1, @p2, 1) ON CONFLICT (workspace_id, word) DO UPDATE SET uses = uses + 1", document.WorkspaceId, word);
        }
    }

    // The index keeps no text: a document is taken out by the very words that were put in.
    private static void Remove(WriteSession session, string workspaceId, string inboxId, string messageId)
    {
        var old = session.First(
            "SELECT doc_id, fields FROM documents WHERE workspace_id = @p1 AND inbox_id = @p2 AND message_id = @p3",
            row => new { Id = row.GetInt64(0), Octets = row.Octets(1)! }, workspaceId, inboxId, messageId);
        if (old is null)
            return;
        var (fields, scope) = SearchFieldsCodec.Read(old.Octets);
        var words = SearchRow.Of(fields, scope);
        session.Execute("INSERT INTO words (words, rowid, row) VALUES ('delete', @p1, @p2)", old.Id, words.Words);
        session.Execute("DELETE FROM documents WHERE doc_id = @p1", old.Id);
        foreach (var word in words.Names)
        {
            session.Execute("UPDATE name_words SET uses = uses - 1 WHERE workspace_id = @p1 AND word = @p2", workspaceId, word);
            session.Execute("DELETE FROM name_words WHERE workspace_id = @p1 AND word = @p2 AND uses <= 0", workspaceId, word);
        }
    }
}
