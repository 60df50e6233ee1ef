using AgentMta.Server.Model;

namespace AgentMta.Server.Store;

/// <summary>The one place where a credential's scope becomes SQL (promise 6). Use with the scoped overloads of <see cref="StoreSession"/>.</summary>
internal static class ScopeSql
{
    /// <summary>A condition on a table with workspace_id, pod_id and inbox_id.</summary>
    public static string OnInbox(this Scope scope, string alias)
    {
        if (scope.InboxId is null)
            return scope.OnPod(alias);
        // As an expression, so that the index of the inbox serves the list and not that of its pod.
        var ofPod = scope.PodId is null ? "" : $" AND ({alias}.pod_id || '') = @pod";
        return $"{scope.OnWorkspace(alias)} AND {alias}.inbox_id = @inbox{ofPod}";
    }

    /// <summary>A condition on a table with workspace_id and pod_id; an inbox credential sees its pod's row.</summary>
    public static string OnPod(this Scope scope, string alias) =>
        scope.OnWorkspace(alias) + (scope.PodId is null ? "" : $" AND {alias}.pod_id = @pod");

    /// <summary>A condition on a table with workspace_id alone.</summary>
    public static string OnWorkspace(this Scope scope, string alias)
    {
        ArgumentException.ThrowIfNullOrEmpty(scope.WorkspaceId);
        return $"{alias}.workspace_id = @ws";
    }
}
