using System.Data.Common;
using System.Text.Json;
using AgentMta.Server.Model;

namespace AgentMta.Server.Store;

/// <summary>Addresses that get no more mail: who is on the list for this sender, and how entries come and go.</summary>
internal sealed class SuppressionStore(Database database)
{
    private const string Columns = "workspace_id, scope, scope_key, address, reason, detail, message_id, created_at";

    /// <summary>Those of the addresses that this use case must not write to, with the entry that forbids it.</summary>
    public static List<Suppression> Check(StoreSession session, string workspaceId, string useCaseId, string domain, IEnumerable<string> addresses)
    {
        var found = new List<Suppression>();
        foreach (var address in addresses)
        {
            var entry = session.First(
                $"""
                SELECT {Columns} FROM suppressions WHERE workspace_id = @p1 AND address = @p2
                  AND ((scope = 'workspace' AND scope_key = '*') OR (scope = 'setup' AND scope_key = @p3) OR (scope = 'use_case' AND scope_key = @p4)) LIMIT 1
                """,
                Read, workspaceId, address.ToLowerInvariant(), domain, useCaseId);
            if (entry is not null)
                found.Add(entry);
        }

        return found;
    }

    /// <summary>Adds an entry with its event; false where it is there already.</summary>
    public static bool Add(WriteSession session, Suppression entry, string? podId = null, string? inboxId = null, string? threadId = null)
    {
        var added = session.Execute(
            $"INSERT INTO suppressions ({Columns}) VALUES (@p1, @p2, @p3, @p4, @p5, @p6, @p7, @p8) ON CONFLICT (workspace_id, address, scope, scope_key) DO NOTHING",
            entry.WorkspaceId, Word(entry.Scope), entry.ScopeKey, entry.Address.ToLowerInvariant(), entry.Reason, entry.Detail, entry.MessageId, session.Now) == 1;
        if (added)
            EventStore.Append(session, entry.WorkspaceId, new NewEvent(EventTypes.SuppressionAdded, podId, inboxId, entry.MessageId, threadId, Facts(entry)));
        return added;
    }

    /// <summary>Adds an entry by a person's wish; false where it is there already.</summary>
    public Task<bool> AddAsync(Suppression entry, CancellationToken cancellationToken) => database.WriteAsync(session => Add(session, entry), cancellationToken);

    /// <summary>Removes an entry; false where there is none.</summary>
    public Task<bool> RemoveAsync(Scope scope, SuppressionScope reach, string key, string address, CancellationToken cancellationToken) =>
        database.WriteAsync(
            session =>
            {
                var entry = session.First(
                    $"DELETE FROM suppressions WHERE workspace_id = @p1 AND address = @p2 AND scope = @p3 AND scope_key = @p4 RETURNING {Columns}",
                    Read, scope.WorkspaceId, address.ToLowerInvariant(), Word(reach), key);
                if (entry is not null)
                    EventStore.Append(session, scope.WorkspaceId, new NewEvent(EventTypes.SuppressionRemoved, Facts: Facts(entry)));
                return entry is not null;
            },
            cancellationToken);

    /// <summary>A page of entries, newest first; <paramref name="before"/> is the last entry of the page before. A pod or inbox scope sees what its own use cases and setups have.</summary>
    public ValueTask<List<Suppression>> ListAsync(Scope scope, string? address, Suppression? before, int limit, CancellationToken cancellationToken) =>
        database.ReadAsync(
            session => session.Query(
                scope,
                $"""
                SELECT {Columns} FROM suppressions s WHERE {scope.OnWorkspace("s")}{Visible(scope)} AND (@p1 IS NULL OR s.address = @p1)
                  AND (@p2 IS NULL OR s.created_at < @p2 OR (s.created_at = @p2 AND s.address < @p3)) ORDER BY s.created_at DESC, s.address DESC LIMIT @p4
                """,
                Read, address?.ToLowerInvariant(), before?.CreatedAt.ToMicros(), before?.Address, limit),
            cancellationToken);

    /// <summary>The word of a scope in columns and on the wire.</summary>
    public static string Word(SuppressionScope scope) => scope switch { SuppressionScope.UseCase => "use_case", SuppressionScope.Setup => "setup", _ => "workspace" };

    /// <summary>Reads a scope's word; null for any other.</summary>
    public static SuppressionScope? ReadScope(string word) => word switch
    {
        "use_case" => SuppressionScope.UseCase,
        "setup" => SuppressionScope.Setup,
        "workspace" => SuppressionScope.Workspace,
        _ => null,
    };

    private static string Visible(Scope scope) =>
        scope.InboxId is not null
            ? " AND s.scope = 'use_case' AND s.scope_key IN (SELECT i.use_case_id FROM inboxes i WHERE i.workspace_id = @ws AND i.inbox_id = @inbox)"
            : scope.PodId is not null
                ? " AND ((s.scope = 'use_case' AND s.scope_key IN (SELECT u.use_case_id FROM use_cases u WHERE u.workspace_id = @ws AND u.pod_id = @pod))" +
                  " OR (s.scope = 'setup' AND s.scope_key IN (SELECT d.domain FROM domains d WHERE d.workspace_id = @ws AND d.pod_id = @pod)))"
                : "";

    private static string Facts(Suppression entry) =>
        JsonSerializer.Serialize(new SuppressionFacts(entry.Address, Word(entry.Scope), entry.ScopeKey, entry.Reason), DeliveryJson.Default.SuppressionFacts);

    private static Suppression Read(DbDataReader row) => new(
        row.GetString(0), ReadScope(row.GetString(1)) ?? SuppressionScope.Workspace, row.GetString(2), row.GetString(3), row.GetString(4), row.Text(5), row.Text(6),
        Clock.FromMicros(row.GetInt64(7)));
}
