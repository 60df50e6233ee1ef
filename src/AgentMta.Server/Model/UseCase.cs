namespace AgentMta.Server.Model;

/// <summary>Whether mail of a use case answers the recipient's own business or advertises.</summary>
internal enum EmailType
{
    Transactional,
    Marketing,
}

/// <summary>How far an opt-out reaches: this use case alone, or all of its setup (the sending domain).</summary>
internal enum UnsubscribeScope
{
    UseCase,
    Setup,
}

/// <summary>One sender address with its posture: may recipients opt out, and may strangers write to it first.</summary>
internal sealed record UseCase(
    string WorkspaceId, string UseCaseId, string PodId, string Sender, EmailType EmailType, bool Unsubscribable, bool AcceptsColdInbound,
    UnsubscribeScope UnsubscribeScope, string? EntityName, string? Name, bool IsDefault, DateTimeOffset CreatedAt, DateTimeOffset UpdatedAt)
{
    /// <summary>Whether strangers' mail is greylisted; null leaves it to the server's setting.</summary>
    public bool? Greylist { get; init; }

    /// <summary>The sending domain, which is the setup's.</summary>
    public string Domain => Sender[(Sender.LastIndexOf('@') + 1)..];
}

/// <summary>An address with its mailbox; the id is the address in lower case.</summary>
internal sealed record Inbox(
    string WorkspaceId, string InboxId, string PodId, string UseCaseId, string? DisplayName, string? ClientId, string? Metadata,
    DateTimeOffset CreatedAt, DateTimeOffset UpdatedAt);
