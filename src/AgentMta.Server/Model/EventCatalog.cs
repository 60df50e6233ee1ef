namespace AgentMta.Server.Model;

/// <summary>Which events may be subscribed to, and what a key needs for each.</summary>
internal static class EventCatalog
{
    /// <summary>What a subscription gets that names no types: the contract's events, without the filtered variants of message.received.</summary>
    public static IReadOnlyList<string> Default { get; } =
    [
        EventTypes.Received, EventTypes.Sent, EventTypes.Delivered, EventTypes.Bounced, EventTypes.Complained, EventTypes.Rejected, EventTypes.Opened, EventTypes.DomainVerified,
    ];

    /// <summary>Delivered only to those that name them, each with the permission to read its label.</summary>
    public static IReadOnlyDictionary<string, string> Filtered { get; } = new Dictionary<string, string>(StringComparer.Ordinal)
    {
        [EventTypes.ReceivedSpam] = "label_spam_read",
        [EventTypes.ReceivedBlocked] = "label_blocked_read",
        [EventTypes.ReceivedUnauthenticated] = "label_unauthenticated_read",
    };

    /// <summary>Beyond the contract, for those that name them. Events of webhooks themselves are left out: an endpoint must not be fed by its own failures.</summary>
    public static IReadOnlySet<string> Further { get; } = new HashSet<string>(StringComparer.Ordinal)
    {
        EventTypes.Queued, EventTypes.Deferred, EventTypes.Delayed, EventTypes.Unsubscribed, EventTypes.Held, EventTypes.Released, EventTypes.Deleted, EventTypes.ReportReceived,
        EventTypes.UnsubscribeRequested, EventTypes.ThreadMerged, EventTypes.LabelAdded, EventTypes.LabelRemoved, EventTypes.TurnClaimed, EventTypes.TurnDone, EventTypes.TurnReleased,
        EventTypes.InboxCreated, EventTypes.InboxUpdated, EventTypes.InboxDeleted,
        EventTypes.DomainCreated, EventTypes.DomainUpdated, EventTypes.DomainDeleted, EventTypes.SuppressionAdded, EventTypes.SuppressionRemoved,
    };

    /// <summary>Every event that may be subscribed to.</summary>
    public static IEnumerable<string> All => Default.Concat(Filtered.Keys).Concat(Further);

    /// <summary>Whether there is such an event for subscribers.</summary>
    public static bool Knows(string type) => Default.Contains(type) || Filtered.ContainsKey(type) || Further.Contains(type);

    /// <summary>The permissions without which a key must not get this event: nobody reads through a subscription what he may not read directly.</summary>
    public static IEnumerable<string> Permissions(string type)
    {
        yield return type.StartsWith("domain.", StringComparison.Ordinal) ? "domain_read" : type.StartsWith("inbox.", StringComparison.Ordinal) ? "inbox_read" : "message_read";
        if (Filtered.TryGetValue(type, out var label))
            yield return label;
    }
}
