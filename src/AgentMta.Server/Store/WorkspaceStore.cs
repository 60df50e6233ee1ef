using System.Data.Common;
using AgentMta.Server.Model;

namespace AgentMta.Server.Store;

/// <summary>Workspaces and their pods.</summary>
internal sealed class WorkspaceStore(Database database)
{
    private const string PodColumns = "workspace_id, pod_id, name, client_id, created_at, updated_at";

    /// <summary>All workspaces, oldest first; only the operator's own commands ask for this.</summary>
    public ValueTask<List<Workspace>> AllAsync(CancellationToken cancellationToken) => database.ReadAsync(
        session => session.Query(
            "SELECT workspace_id, name, default_pod_id, created_at FROM workspaces ORDER BY created_at, workspace_id",
            row => new Workspace(row.GetString(0), row.GetString(1), row.GetString(2), Clock.FromMicros(row.GetInt64(3)))),
        cancellationToken);

    /// <summary>When the workspace was made.</summary>
    public static DateTimeOffset CreatedAt(StoreSession session, string workspaceId) =>
        Clock.FromMicros(session.Scalar<long>("SELECT created_at FROM workspaces WHERE workspace_id = @p1", workspaceId));

    /// <summary>A new workspace with its default pod.</summary>
    public static Workspace Create(WriteSession session, string name)
    {
        var workspace = new Workspace(Ids.New(session.Time), name, Ids.New(session.Time), Clock.FromMicros(session.Now));
        var now = session.Now;
        session.Execute(
            "INSERT INTO workspaces (workspace_id, name, default_pod_id, event_cursor, created_at) VALUES (@p1, @p2, @p3, 0, @p4)",
            workspace.WorkspaceId, name, workspace.DefaultPodId, now);
        session.Execute(
            "INSERT INTO pods (workspace_id, pod_id, name, created_at, updated_at) VALUES (@p1, @p2, @p3, @p4, @p4)",
            workspace.WorkspaceId, workspace.DefaultPodId, "Default Pod", now);
        EventStore.Append(session, workspace.WorkspaceId, new NewEvent(EventTypes.PodCreated, workspace.DefaultPodId));
        return workspace;
    }

    /// <summary>The pod within the scope, by its id or the caller's own id; null where there is none.</summary>
    public ValueTask<Pod?> FindPodAsync(Scope scope, string podId, CancellationToken cancellationToken) => database.ReadAsync(
        session => session.First(
            scope,
            $"SELECT {PodColumns} FROM pods p WHERE {scope.OnPod("p")} AND (p.pod_id = @p1 OR p.client_id = @p1)", ReadPod, podId),
        cancellationToken);

    /// <summary>A page of the pods within the scope in order of making; <paramref name="after"/> is the (time, id) that ended the last page.</summary>
    public ValueTask<List<Pod>> ListPodsAsync(Scope scope, (long, string)? after, int limit, bool ascending, CancellationToken cancellationToken) => database.ReadAsync(
        session =>
        {
            var where = new SqlConditions();
            where.AndBehind("p.created_at", "p.pod_id", after, ascending);
            var order = ascending ? "ASC" : "DESC";
            return session.Query(
                scope, $"SELECT {PodColumns} FROM pods p WHERE {scope.OnPod("p")}{where.Sql} ORDER BY p.created_at {order}, p.pod_id {order} LIMIT {where.Value(limit)}", ReadPod, where.Values);
        },
        cancellationToken);

    /// <summary>A new pod with its event; the one that was made under the same id of the caller before, where there is one.</summary>
    public static Pod CreatePod(WriteSession session, string workspaceId, string name, string? clientId)
    {
        if (clientId is not null && session.First($"SELECT {PodColumns} FROM pods WHERE workspace_id = @p1 AND client_id = @p2", ReadPod, workspaceId, clientId) is { } before)
            return before;
        var now = Clock.FromMicros(session.Now);
        var pod = new Pod(workspaceId, Ids.New(session.Time), name, clientId, now, now);
        session.Execute("INSERT INTO pods (workspace_id, pod_id, name, client_id, created_at, updated_at) VALUES (@p1, @p2, @p3, @p4, @p5, @p5)", workspaceId, pod.PodId, name, clientId, now.ToMicros());
        EventStore.Append(session, workspaceId, new NewEvent(EventTypes.PodCreated, pod.PodId));
        return pod;
    }

    /// <summary>Takes an empty pod away; false where inboxes or domains are in it, or where it is the default one.</summary>
    public static bool DeletePod(WriteSession session, Pod pod)
    {
        var inUse = session.Scalar<long>(
            """
            SELECT EXISTS (SELECT 1 FROM inboxes WHERE workspace_id = @p1 AND pod_id = @p2) OR EXISTS (SELECT 1 FROM domains WHERE workspace_id = @p1 AND pod_id = @p2)
              OR EXISTS (SELECT 1 FROM workspaces WHERE workspace_id = @p1 AND default_pod_id = @p2)
            """,
            pod.WorkspaceId, pod.PodId) == 1;
        if (inUse)
            return false;
        session.Execute("UPDATE api_keys SET revoked_at = @p3 WHERE workspace_id = @p1 AND pod_id = @p2 AND revoked_at IS NULL", pod.WorkspaceId, pod.PodId, session.Now);
        session.Execute("DELETE FROM lists WHERE workspace_id = @p1 AND pod_id = @p2", pod.WorkspaceId, pod.PodId);
        session.Execute("DELETE FROM pods WHERE workspace_id = @p1 AND pod_id = @p2", pod.WorkspaceId, pod.PodId);
        EventStore.Append(session, pod.WorkspaceId, new NewEvent(EventTypes.PodDeleted, pod.PodId));
        return true;
    }

    /// <summary>The pod that owns what is made at the root of a workspace.</summary>
    public static string DefaultPod(StoreSession session, string workspaceId) =>
        session.Scalar<string>("SELECT default_pod_id FROM workspaces WHERE workspace_id = @p1", workspaceId)
        ?? throw new InvalidOperationException($"Workspace {workspaceId} does not exist.");

    private static Pod ReadPod(DbDataReader row) => new(
        row.GetString(0), row.GetString(1), row.GetString(2), row.Text(3), Clock.FromMicros(row.GetInt64(4)), Clock.FromMicros(row.GetInt64(5)));
}
