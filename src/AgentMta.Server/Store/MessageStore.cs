using AgentMta.Server.Model;

namespace AgentMta.Server.Store;

/// <summary>Messages with their raws, ids, labels and threads.</summary>
internal sealed partial class MessageStore(Database database)
{
    /// <summary>The stored bytes of a raw with what is shown in front of them; null where the scope has none.</summary>
    public ValueTask<StoredRaw?> RawAsync(Scope scope, string inboxId, string messageId, CancellationToken cancellationToken) =>
        database.ReadAsync(
            session => session.First(
                scope,
                $"""
                SELECT r.raw_id, r.size, r.content, r.file, r.trace, r.removed, r.session, r.authentication
                FROM messages m JOIN raws r ON r.workspace_id = m.workspace_id AND r.raw_id = m.raw_id
                WHERE {scope.OnInbox("m")} AND m.inbox_id = @p1 AND m.message_id = @p2
                """,
                row => new StoredRaw(row.GetString(0), row.GetInt64(1), row.Octets(2), row.Text(3), row.Octets(4), row.Text(5), row.Text(6), row.Text(7)),
                inboxId, messageId),
            cancellationToken);

    /// <summary>The files in one folder of the <see cref="RawSpool"/> that raws name, from the index alone.</summary>
    public static List<string> Files(StoreSession session, string folder) => session.Query(FilesOfFolder, row => row.GetString(0), folder + "/", folder + "0"); // '0' follows '/'

    internal const string FilesOfFolder = "SELECT file FROM raws WHERE file IS NOT NULL AND file >= @p1 AND file < @p2";
}

/// <summary>A raw as it lies in the store: content or file, never both.</summary>
internal sealed record StoredRaw(string RawId, long Size, byte[]? Content, string? File, byte[]? Trace, string? Removed, string? Session, string? Authentication);

/// <summary>The inbox was deleted between the decision and the transaction; the sender gets the reply for an unknown recipient.</summary>
internal sealed class InboxGoneException(string inboxId) : Exception($"The inbox {inboxId} does not exist any more.")
{
    /// <summary>Which one.</summary>
    public string InboxId => inboxId;
}
