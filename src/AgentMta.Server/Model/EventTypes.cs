namespace AgentMta.Server.Model;

/// <summary>The names of events, as webhooks, live feeds and metrics show them.</summary>
internal static class EventTypes
{
    public const string Received = "message.received";
    public const string ReceivedSpam = "message.received.spam";
    public const string ReceivedBlocked = "message.received.blocked";
    public const string ReceivedUnauthenticated = "message.received.unauthenticated";
    public const string Queued = "message.queued";
    public const string Sent = "message.sent";
    public const string Delivered = "message.delivered";
    public const string Deferred = "message.deferred";
    public const string Delayed = "message.delayed";
    public const string Bounced = "message.bounced";
    public const string Complained = "message.complained";
    public const string Opened = "message.opened";
    public const string Rejected = "message.rejected";
    public const string Unsubscribed = "message.unsubscribed";
    public const string Held = "message.held";
    public const string Released = "message.released";
    public const string Deleted = "message.deleted";
    public const string ReportReceived = "report.received";
    public const string UnsubscribeRequested = "unsubscribe.requested";
    public const string ThreadMerged = "thread.merged";
    public const string LabelAdded = "label.added";
    public const string LabelRemoved = "label.removed";
    public const string TurnClaimed = "turn.claimed";
    public const string TurnDone = "turn.done";
    public const string TurnReleased = "turn.released";
    public const string DomainVerified = "domain.verified";
    public const string InboxCreated = "inbox.created";
    public const string InboxUpdated = "inbox.updated";
    public const string InboxDeleted = "inbox.deleted";
    public const string UseCaseCreated = "use_case.created";
    public const string UseCaseUpdated = "use_case.updated";
    public const string UseCaseDeleted = "use_case.deleted";
    public const string DomainCreated = "domain.created";
    public const string DomainUpdated = "domain.updated";
    public const string DomainDeleted = "domain.deleted";
    public const string PodCreated = "pod.created";
    public const string PodDeleted = "pod.deleted";
    public const string ApiKeyCreated = "api_key.created";
    public const string ApiKeyUpdated = "api_key.updated";
    public const string ApiKeyRevoked = "api_key.revoked";
    public const string SuppressionAdded = "suppression.added";
    public const string SuppressionRemoved = "suppression.removed";
    public const string ListEntryAdded = "list_entry.added";
    public const string ListEntryRemoved = "list_entry.removed";
    public const string DraftCreated = "draft.created";
    public const string DraftUpdated = "draft.updated";
    public const string DraftDeleted = "draft.deleted";
    public const string WebhookCreated = "webhook.created";
    public const string WebhookUpdated = "webhook.updated";
    public const string WebhookDeleted = "webhook.deleted";
    public const string WebhookDisabled = "webhook.disabled";
    public const string WebhookReplayed = "webhook.replayed";
}
