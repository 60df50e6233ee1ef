namespace AgentMta.Server.Model;

/// <summary>An event subscription: where events go, which ones, and what signs them.</summary>
/// <param name="PodId">The pod it was made in, which bounds it; null at the root.</param>
/// <param name="InboxId">The inbox it was made in; null elsewhere.</param>
/// <param name="Secrets">Newest first; more than one while a rotation overlaps.</param>
/// <param name="Headers">Sent with each delivery, never shown.</param>
/// <param name="Cursor">Every event up to here was delivered or waits as a delivery of its own.</param>
/// <param name="FailingSince">The first failure since the last success.</param>
internal sealed record Webhook(
    string WorkspaceId, string WebhookId, string? PodId, string? InboxId, string? ClientId, string Url, EventFilter Filter, IReadOnlyList<WebhookSecret> Secrets,
    IReadOnlyDictionary<string, string> Headers, bool Enabled, long Cursor, DateTimeOffset? FailingSince, DateTimeOffset CreatedAt, DateTimeOffset UpdatedAt)
{
    /// <summary>Whether it is to get this event of its workspace.</summary>
    public bool Wants(StoredEvent stored) => new Scope(WorkspaceId, PodId, InboxId).Covers(stored) && Filter.Takes(stored);
}

/// <summary>A signing secret (<c>whsec_…</c>) and how long it still signs; null for as long as it is not replaced.</summary>
internal sealed record WebhookSecret(string Value, DateTimeOffset? Until = null);

/// <summary>An event that an endpoint did not take at the first try.</summary>
internal sealed record WebhookDelivery(
    string WorkspaceId, string WebhookId, StoredEvent Event, int Attempts, DateTimeOffset NextAttemptAt, DateTimeOffset UpdatedAt, IReadOnlyList<WebhookAttempt> History);

/// <summary>A try that failed; <paramref name="Status"/> is that of the answer, <paramref name="Fault"/> what went wrong.</summary>
internal sealed record WebhookAttempt(DateTimeOffset StartedAt, TimeSpan Elapsed, int? Status, string? Fault);
