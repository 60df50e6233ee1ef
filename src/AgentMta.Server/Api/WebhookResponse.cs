using AgentMta.Server.Model;

namespace AgentMta.Server.Api;

/// <summary>A webhook on the wire; values of its headers are never shown.</summary>
internal sealed record WebhookResponse(
    string WebhookId, string Url, IReadOnlyList<string> EventTypes, IReadOnlyList<string>? PodIds, IReadOnlyList<string>? InboxIds, string Secret, bool Enabled, DateTimeOffset? FailingSince,
    string? ClientId, DateTimeOffset CreatedAt, DateTimeOffset UpdatedAt)
{
    /// <summary>The webhook as the contract shows it; one made in a pod or inbox shows that as its filter.</summary>
    public static WebhookResponse Of(Webhook webhook) => new(
        webhook.WebhookId, webhook.Url, webhook.Filter.Types, Shown(webhook.Filter.PodIds, webhook.InboxId is null ? webhook.PodId : null), Shown(webhook.Filter.InboxIds, webhook.InboxId),
        webhook.Secrets[0].Value, webhook.Enabled, webhook.FailingSince, webhook.ClientId, webhook.CreatedAt, webhook.UpdatedAt);

    private static IReadOnlyList<string>? Shown(IReadOnlyList<string> chosen, string? bound) => chosen.Count > 0 ? chosen : bound is null ? null : [bound];
}

/// <summary>A page of webhooks.</summary>
internal sealed record WebhookList(int Count, int Limit, string? NextPageToken, IReadOnlyList<WebhookResponse> Webhooks);

/// <summary>What a webhook is made from.</summary>
internal sealed record CreateWebhookRequest
{
    public string? Url { get; init; }

    public List<string>? EventTypes { get; init; }

    public List<string>? PodIds { get; init; }

    public List<string>? InboxIds { get; init; }

    public string? ClientId { get; init; }

    public Dictionary<string, string>? Headers { get; init; }
}

/// <summary>What is to change of a webhook; the URL cannot.</summary>
internal sealed record UpdateWebhookRequest
{
    public List<string>? EventTypes { get; init; }

    public List<string>? AddPodIds { get; init; }

    public List<string>? RemovePodIds { get; init; }

    public List<string>? AddInboxIds { get; init; }

    public List<string>? RemoveInboxIds { get; init; }

    public bool? Enabled { get; init; }
}

/// <summary>The names of a webhook's own headers.</summary>
internal sealed record WebhookHeadersResponse(IReadOnlyList<string> HeaderNames);

/// <summary>Headers to set and to take away.</summary>
internal sealed record UpdateWebhookHeadersRequest
{
    public Dictionary<string, string>? Headers { get; init; }

    public List<string>? RemoveHeaders { get; init; }
}

/// <summary>A new secret (made here unless given) and how long the old one signs as well.</summary>
internal sealed record RotateSecretRequest
{
    public string? Secret { get; init; }

    public int? OverlapSeconds { get; init; }
}

/// <summary>A try that failed.</summary>
internal sealed record WebhookAttemptResponse(DateTimeOffset StartedAt, double ElapsedSeconds, int? Status, string? Fault);

/// <summary>An event that an endpoint did not take at any try.</summary>
internal sealed record DeadLetterResponse(
    string EventId, string EventType, long Cursor, string? InboxId, string? MessageId, string? ThreadId, int Attempts, IReadOnlyList<WebhookAttemptResponse> History, DateTimeOffset EventAt,
    DateTimeOffset DiedAt)
{
    /// <summary>The dead letter of a row.</summary>
    public static DeadLetterResponse Of(WebhookDelivery dead) => new(
        dead.Event.EventId, dead.Event.Type, dead.Event.Cursor, dead.Event.InboxId, dead.Event.MessageId, dead.Event.ThreadId, dead.Attempts,
        [.. dead.History.Select(a => new WebhookAttemptResponse(a.StartedAt, a.Elapsed.TotalSeconds, a.Status, a.Fault))], dead.Event.CreatedAt, dead.UpdatedAt);
}

/// <summary>A page of dead letters, newest first.</summary>
internal sealed record DeadLetterList(int Count, int Limit, string? NextPageToken, IReadOnlyList<DeadLetterResponse> DeadLetters);

/// <summary>What to deliver again: events by id, or those of a time, all that the webhook wants or its dead letters alone.</summary>
internal sealed record ReplayRequest
{
    public List<string>? EventIds { get; init; }

    public DateTimeOffset? After { get; init; }

    public DateTimeOffset? Before { get; init; }

    public bool? DeadLettersOnly { get; init; }
}

/// <summary>How many events are on their way again.</summary>
internal sealed record ReplayResponse(int Replayed);
