namespace AgentMta.Server.Model;

/// <summary>What a credential may see: a workspace, or one pod, or one inbox of it. Every query takes one (promise 6).</summary>
internal sealed record Scope(string WorkspaceId, string? PodId = null, string? InboxId = null)
{
    /// <summary>The narrower of this scope and the given pod or inbox; the stores then find nothing outside.</summary>
    public Scope ToInbox(string inboxId) => this with { InboxId = InboxId is null || InboxId == inboxId ? inboxId : Nothing };

    /// <summary>This scope narrowed to one pod.</summary>
    public Scope ToPod(string podId) => this with { PodId = PodId is null || PodId == podId ? podId : Nothing };

    /// <summary>Whether an event of the workspace may be seen.</summary>
    public bool Covers(StoredEvent stored) => (PodId is null || stored.PodId == PodId) && (InboxId is null || stored.InboxId == InboxId);

    /// <summary>A value that no id has: a scope that finds nothing.</summary>
    private const string Nothing = "-";
}

/// <summary>Who is calling: the scope and rights of one API key.</summary>
/// <param name="Scope">What it may see.</param>
/// <param name="ApiKeyId">Which key.</param>
/// <param name="Permissions">null: everything in the scope; otherwise the granted permissions of agentmail's ApiKeyPermissions.</param>
internal sealed record Credential(Scope Scope, string ApiKeyId, IReadOnlySet<string>? Permissions = null)
{
    /// <summary>Whether the key may do this, for instance message_send.</summary>
    public bool May(string permission) => Permissions is null || Permissions.Contains(permission);
}
