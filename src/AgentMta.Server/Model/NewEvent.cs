namespace AgentMta.Server.Model;

/// <summary>An event to be written in the transaction of the change it tells of (promise 4): ids and envelope facts, never bodies.</summary>
/// <param name="Type">One of <see cref="EventTypes"/>.</param>
/// <param name="Facts">A JSON object of further facts (recipients, replies, labels), or null.</param>
internal sealed record NewEvent(string Type, string? PodId = null, string? InboxId = null, string? MessageId = null, string? ThreadId = null, JsonText? Facts = null);

/// <summary>An event as it was written; <paramref name="Cursor"/> orders the workspace's events by commit, without gaps.</summary>
internal sealed record StoredEvent(string WorkspaceId, long Cursor, string EventId, string Type, string? PodId, string? InboxId, string? MessageId, string? ThreadId, string? Facts, DateTimeOffset CreatedAt);
