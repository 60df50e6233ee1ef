namespace AgentMta.Server.Model;

/// <summary>Facts of message.queued, message.sent and message.delivered.</summary>
internal sealed record RecipientFacts(IReadOnlyList<string> Recipients, string? Host = null, string? Reply = null);

/// <summary>One recipient of a bounce or deferral with the remote's verdict on it.</summary>
internal sealed record RecipientStatus(string Address, string Status, string? Reply = null, DateTimeOffset? NextAttemptAt = null);

/// <summary>Facts of message.bounced; type is Permanent or Transient (trying again later may help: docs/bounces.md), sub_type the cause.</summary>
internal sealed record BounceFacts(string Type, string SubType, IReadOnlyList<RecipientStatus> Recipients, string? Host = null);

/// <summary>Facts of message.deferred and message.delayed.</summary>
internal sealed record DeferralFacts(IReadOnlyList<RecipientStatus> Recipients, string? Host = null);

/// <summary>Facts of message.complained.</summary>
internal sealed record ComplaintFacts(string Type, string? SubType, IReadOnlyList<string> Recipients);

/// <summary>Facts of message.rejected: it never left.</summary>
internal sealed record RejectionFacts(string Reason, IReadOnlyList<string> Recipients);

/// <summary>Facts of message.unsubscribed.</summary>
internal sealed record UnsubscribeFacts(string Recipient, string Via, string Scope, string ScopeKey);

/// <summary>Facts of suppression.added and suppression.removed.</summary>
internal sealed record SuppressionFacts(string Address, string Scope, string ScopeKey, string Reason);
