namespace AgentMta.Server.Model;

/// <summary>How far a suppression reaches.</summary>
internal enum SuppressionScope
{
    UseCase,

    /// <summary>All use cases of the sending domain.</summary>
    Setup,

    Workspace,
}

/// <summary>An address that gets no more mail within the scope.</summary>
/// <param name="ScopeKey">The use case's id, the domain of the setup, or "*" for the workspace.</param>
/// <param name="Reason">bounce, complaint, unsubscribe or manual.</param>
internal sealed record Suppression(
    string WorkspaceId, SuppressionScope Scope, string ScopeKey, string Address, string Reason, string? Detail, string? MessageId, DateTimeOffset CreatedAt)
{
    public const string Bounce = "bounce";
    public const string Complaint = "complaint";
    public const string Unsubscribe = "unsubscribe";
    public const string Manual = "manual";

    /// <summary>The key of a suppression for the whole workspace.</summary>
    public const string Everything = "*";
}
