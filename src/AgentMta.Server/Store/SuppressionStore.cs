using System.Data.Common;
using System.Globalization;
using System.Text.Json;
using AgentMta.Server.Model;

namespace AgentMta.Server.Store;

/// <summary>Addresses that get no more mail: who is on the list for this sender, and how entries come and go.</summary>
internal sealed class SuppressionStore(Database database)
{
    private const string Columns = "workspace_id, scope, scope_key, address, reason, detail, message_id, created_at";

    private const string OfPod =
        "CASE s.scope WHEN 'use_case' THEN EXISTS (SELECT 1 FROM use_cases u WHERE u.workspace_id = @ws AND u.use_case_id = s.scope_key AND u.pod_id = @pod) " +
        "WHEN 'setup' THEN EXISTS (SELECT 1 FROM domains d WHERE d.workspace_id = @ws AND d.domain = s.scope_key AND d.pod_id = @pod) ELSE 0 END";

    private static readonly string[] Order = ["s.created_at", "s.address", "s.scope", "s.scope_key"];

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

    /// <summary>A page of entries, newest first, behind the position of the page before. A pod or inbox scope sees what its own use cases and setups have.</summary>
    public ValueTask<Listing<Suppression>> ListAsync(Scope scope, string? address, IReadOnlyList<string>? position, int limit, CancellationToken cancellationToken) =>
        database.ReadAsync(
            session =>
            {
                var scan = new ListScan();
                var where = scan.Where;
                if (address is not null)
                    where.And($"s.address = {where.Value(address.ToLowerInvariant())}");
                if (scope.InboxId is not null)
                    where.And("s.scope = 'use_case' AND s.scope_key = (SELECT i.use_case_id FROM inboxes i WHERE i.workspace_id = @ws AND i.inbox_id = @inbox)");
                else if (scope.PodId is not null)
                    scan.Fit(OfPod);
                if (position is not null)
                    where.And($"({string.Join(", ", Order)}) < ({where.Value(long.Parse(position[0], CultureInfo.InvariantCulture))}, {string.Join(", ", position.Skip(1).Select(where.Value))})");
                return scan.Read(session, scope, Columns, "suppressions s", scope.OnWorkspace("s"), Order, ascending: false, limit, Read);
            },
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

    private static string Facts(Suppression entry) =>
        JsonSerializer.Serialize(new SuppressionFacts(entry.Address, Word(entry.Scope), entry.ScopeKey, entry.Reason), DeliveryJson.Default.SuppressionFacts);

    private static Suppression Read(DbDataReader row) => new(
        row.GetString(0), ReadScope(row.GetString(1)) ?? SuppressionScope.Workspace, row.GetString(2), row.GetString(3), row.GetString(4), row.Text(5), row.Text(6),
        Clock.FromMicros(row.GetInt64(7)));
}
