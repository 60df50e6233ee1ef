namespace AgentMta.Server.Model;

/// <summary>Which events of its scope a webhook or live feed gets.</summary>
/// <param name="Types">Names of <see cref="EventTypes"/>; only these.</param>
/// <param name="PodIds">With <paramref name="InboxIds"/>: events of any of these pods or inboxes; both empty: of all.</param>
internal sealed record EventFilter(IReadOnlyList<string> Types, IReadOnlyList<string> PodIds, IReadOnlyList<string> InboxIds)
{
    /// <summary>Whether the event is one of them.</summary>
    public bool Takes(StoredEvent stored) =>
        Types.Contains(stored.Type)
        && ((PodIds.Count == 0 && InboxIds.Count == 0)
            || (stored.PodId is not null && PodIds.Contains(stored.PodId))
            || (stored.InboxId is not null && InboxIds.Contains(stored.InboxId)));
}
