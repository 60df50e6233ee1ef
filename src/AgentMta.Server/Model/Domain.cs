using AgentMta.Protocol.Addresses;

namespace AgentMta.Server.Model;

/// <summary>How far a sending domain is set up.</summary>
internal enum DomainStatus
{
    NotStarted,
    Pending,
    Invalid,
    Failed,
    Verifying,
    Verified,
}

/// <summary>A sending and receiving domain of one workspace: the setup that its use cases share.</summary>
internal sealed record Domain(
    string WorkspaceId, string Name, string PodId, string? SetupName, DomainStatus Status, string? Reason, bool FeedbackEnabled, bool SubdomainsEnabled,
    bool TrackingEnabled, string? ClientId, string VerificationToken, string? Checks, DateTimeOffset? VerifiedAt, DateTimeOffset? CheckedAt,
    DateTimeOffset CreatedAt, DateTimeOffset UpdatedAt)
{
    /// <summary>The normal form of a name that can be set up as a domain: a host name with at least two labels; null for any other text.</summary>
    public static string? ReadName(string? text) => text is not null && DomainName.Normalise(text) is { } name && name.Contains('.', StringComparison.Ordinal) ? name : null;
}

/// <summary>A DNS record that a domain needs, with what was found at the last check.</summary>
/// <param name="Type">TXT, MX or CNAME.</param>
/// <param name="Name">Full owner name without trailing dot.</param>
/// <param name="Status">MISSING, INVALID or VALID.</param>
/// <param name="Found">What DNS answered instead, or null.</param>
/// <param name="Reason">value_mismatch, duplicate_records, or a sentence naming the likely slip.</param>
internal sealed record DomainRecord(string Type, string Name, string Value, int? Priority, string Status, string? Found, string? Reason);

/// <summary>A container of one tenant's resources within a workspace.</summary>
internal sealed record Pod(string WorkspaceId, string PodId, string Name, string? ClientId, DateTimeOffset CreatedAt, DateTimeOffset UpdatedAt);

/// <summary>The outermost tenant; nothing is ever shared between two of them.</summary>
internal sealed record Workspace(string WorkspaceId, string Name, string DefaultPodId, DateTimeOffset CreatedAt);
