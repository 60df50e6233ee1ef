using System.Data.Common;
using AgentMta.Server.Model;

namespace AgentMta.Server.Store;

/// <summary>Names one list: its direction and type within a scope; pod and inbox are "" at the wider scopes.</summary>
internal sealed record ListKey(string WorkspaceId, string PodId, string InboxId, string Direction, string Type);

/// <summary>An entry of an allow or block list.</summary>
internal sealed record ListEntry(ListKey List, string Entry, string EntryType, string? Reason, bool ReadOnly, DateTimeOffset CreatedAt);

/// <content>Lists for people: read, extended, cut.</content>
internal sealed partial class ListStore
{
    private const string OfList = "workspace_id = @p1 AND pod_id = @p2 AND inbox_id = @p3 AND direction = @p4 AND list_type = @p5";
    private const string EntryColumns = "workspace_id, pod_id, inbox_id, direction, list_type, entry, entry_type, reason, read_only, created_at";

    /// <summary>A page by entry; <paramref name="after"/> is the last entry of the page before.</summary>
    public ValueTask<List<ListEntry>> PageAsync(ListKey list, string after, int limit, CancellationToken cancellationToken) => database.ReadAsync(
        session => session.Query(
            $"SELECT {EntryColumns} FROM lists WHERE {OfList} AND entry > @p6 ORDER BY entry LIMIT @p7", ReadEntry,
            list.WorkspaceId, list.PodId, list.InboxId, list.Direction, list.Type, after, limit),
        cancellationToken);

    /// <summary>One entry, or null.</summary>
    public ValueTask<ListEntry?> GetAsync(ListKey list, string entry, CancellationToken cancellationToken) => database.ReadAsync(session => Get(session, list, entry), cancellationToken);

    /// <summary>Adds an entry with its event; one that is there stays as it is. Returns what is there now.</summary>
    public static ListEntry Add(WriteSession session, ListKey list, string entry, string? reason)
    {
        var type = entry.Contains('@', StringComparison.Ordinal) ? "email" : "domain";
        var added = session.Execute(
            $"INSERT INTO lists ({EntryColumns}) VALUES (@p1, @p2, @p3, @p4, @p5, @p6, @p7, @p8, 0, @p9) ON CONFLICT DO NOTHING",
            list.WorkspaceId, list.PodId, list.InboxId, list.Direction, list.Type, entry, type, reason, session.Now) == 1;
        if (added)
            Tell(session, list, EventTypes.ListEntryAdded);
        return Get(session, list, entry)!;
    }

    /// <summary>Takes an entry out; false where there is none.</summary>
    public static bool Remove(WriteSession session, ListKey list, string entry)
    {
        var removed = session.Execute(
            $"DELETE FROM lists WHERE {OfList} AND entry = @p6", list.WorkspaceId, list.PodId, list.InboxId, list.Direction, list.Type, entry) == 1;
        if (removed)
            Tell(session, list, EventTypes.ListEntryRemoved);
        return removed;
    }

    private static ListEntry? Get(StoreSession session, ListKey list, string entry) =>
        session.First($"SELECT {EntryColumns} FROM lists WHERE {OfList} AND entry = @p6", ReadEntry, list.WorkspaceId, list.PodId, list.InboxId, list.Direction, list.Type, entry);

    private static void Tell(WriteSession session, ListKey list, string type) =>
        EventStore.Append(session, list.WorkspaceId, new NewEvent(
            type, list.PodId.Length == 0 ? null : list.PodId, list.InboxId.Length == 0 ? null : list.InboxId, Facts: $$"""{"direction":"{{list.Direction}}","type":"{{list.Type}}"}"""));

    private static ListEntry ReadEntry(DbDataReader row) => new(
        new ListKey(row.GetString(0), row.GetString(1), row.GetString(2), row.GetString(3), row.GetString(4)), row.GetString(5), row.GetString(6), row.Text(7), row.GetInt64(8) != 0,
        Clock.FromMicros(row.GetInt64(9)));
}
