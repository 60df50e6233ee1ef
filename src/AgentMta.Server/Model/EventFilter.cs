namespace AgentMta.Server.Model;

/// <summary>Which events a subscriber gets: without types all but the filtered kinds, without pods and inboxes all that its scope sees.</summary>
internal sealed record EventFilter(Scope Scope, IReadOnlyList<string> Types, IReadOnlyList<string> PodIds, IReadOnlyList<string> InboxIds)
{
    /// <summary>Types that subscribers can name.</summary>
    public static readonly IReadOnlyList<string> Offered =
    [
        EventTypes.Received, EventTypes.ReceivedSpam, EventTypes.ReceivedBlocked, EventTypes.ReceivedUnauthenticated, EventTypes.Sent, EventTypes.Delivered, EventTypes.Bounced,
        EventTypes.Complained, EventTypes.Rejected, "message.opened", EventTypes.DomainVerified, EventTypes.Delayed, EventTypes.Unsubscribed,
    ];

    private static readonly string[] OnlyByName = [EventTypes.ReceivedSpam, EventTypes.ReceivedBlocked, EventTypes.ReceivedUnauthenticated, EventTypes.Delayed, EventTypes.Unsubscribed];

    /// <summary>Whether the subscriber gets this event.</summary>
    public bool Takes(StoredEvent stored)
    {
        if (Types.Count > 0 ? !Types.Contains(stored.Type) : !Offered.Contains(stored.Type) || OnlyByName.Contains(stored.Type))
            return false;
        if ((Scope.PodId is { } pod && stored.PodId != pod) || (Scope.InboxId is { } inbox && stored.InboxId != inbox))
            return false;
        return (PodIds.Count == 0 && InboxIds.Count == 0) || (stored.PodId is { } p && PodIds.Contains(p)) || (stored.InboxId is { } i && InboxIds.Contains(i, StringComparer.OrdinalIgnoreCase));
    }

    /// <summary>The permission to read a label that a type needs; null for none.</summary>
    public static string? PermissionOf(string type) => type switch
    {
        EventTypes.ReceivedSpam => "label_spam_read",
        EventTypes.ReceivedBlocked => "label_blocked_read",
        EventTypes.ReceivedUnauthenticated => "label_unauthenticated_read",
        _ => null,
    };
}
