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

    /// <summary>The pod that owns what is made at the root of a workspace.</summary>
    public static string DefaultPod(StoreSession session, string workspaceId) =>
        session.Scalar<string>("SELECT default_pod_id FROM workspaces WHERE workspace_id = @p1", workspaceId)
        ?? throw new InvalidOperationException($"Workspace {workspaceId} does not exist.");

    private static Pod ReadPod(DbDataReader row) => new(
        row.GetString(0), row.GetString(1), row.GetString(2), row.Text(3), Clock.FromMicros(row.GetInt64(4)), Clock.FromMicros(row.GetInt64(5)));
}
