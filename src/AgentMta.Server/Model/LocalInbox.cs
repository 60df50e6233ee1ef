namespace AgentMta.Server.Model;

/// <summary>A domain that this server takes mail for.</summary>
/// <param name="Domain">The registered name; a subdomain of it was asked where the two differ.</param>
internal sealed record LocalDomain(string WorkspaceId, string PodId, string Domain, string Status, bool SubdomainsEnabled);

/// <summary>An inbox with what the gates ask of it at each message.</summary>
/// <param name="Domain">The domain of its address.</param>
/// <param name="ReceiveLists">Which entries there are for mail that comes unasked.</param>
/// <param name="ReplyLists">Which entries there are for answers.</param>
internal sealed record LocalInbox(
    string WorkspaceId, string PodId, string InboxId, string UseCaseId, string Domain, bool AcceptsColdInbound, ListPresence ReceiveLists, ListPresence ReplyLists)
{
    /// <summary>Whether its use case greylists; null leaves it to the server's setting.</summary>
    public bool? Greylist { get; init; }

    /// <summary>RFC 5321 4.5.1 and RFC 2142: free of posture, lists and spam, not of virus, size and loops.</summary>
    public bool IsPostmaster { get; } = InboxId.StartsWith("postmaster@", StringComparison.Ordinal) || InboxId.StartsWith("abuse@", StringComparison.Ordinal);
}

/// <summary>Whether a direction has entries at all, and whether an allow list among them closes the inbox to all others.</summary>
internal readonly record struct ListPresence(bool HasEntries, bool HasAllow);
