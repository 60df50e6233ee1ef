namespace AgentMta.Server.Model;

/// <summary>An API key as it may be shown: never its secret.</summary>
/// <param name="Permissions">null: everything in the scope.</param>
internal sealed record ApiKey(
    string WorkspaceId, string ApiKeyId, string? PodId, string? InboxId, string Name, string Prefix, IReadOnlyList<string>? Permissions, DateTimeOffset? UsedAt,
    DateTimeOffset? ExpiresAt, DateTimeOffset CreatedAt, DateTimeOffset UpdatedAt);
