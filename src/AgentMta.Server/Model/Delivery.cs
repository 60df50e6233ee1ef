using AgentMta.Protocol.Reports;

namespace AgentMta.Server.Model;

/// <summary>Where a recipient's copy stands.</summary>
internal enum DeliveryState
{
    Queued,
    Deferred,
    Held,
    Delivered,
    Bounced,
    Dropped,
}

/// <summary>What a delivery asks of the transport beyond the envelope (RFC 3461, 6531, 8689), kept with its row as JSON.</summary>
internal sealed record DeliveryOptions
{
    /// <summary>The address or header needs SMTPUTF8.</summary>
    public bool Utf8 { get; init; }

    /// <summary>The bytes are not 7-bit.</summary>
    public bool EightBit { get; init; }

    /// <summary>RFC 8689: never without verified TLS.</summary>
    public bool RequireTls { get; init; }

    /// <summary>It came by SMTP submission: its sender gets delivery status notifications.</summary>
    public bool Submitted { get; init; }

    /// <summary>RFC 3461 NOTIFY; null was not given.</summary>
    public string? Notify { get; init; }

    /// <summary>RFC 3461 ORCPT.</summary>
    public string? OriginalRecipient { get; init; }

    /// <summary>RFC 3461 RET.</summary>
    public string? Return { get; init; }

    /// <summary>RFC 3461 ENVID.</summary>
    public string? EnvelopeId { get; init; }
}

/// <summary>A recipient's copy to be queued in the transaction that stores its message.</summary>
/// <param name="Prefix">Header fields of this copy alone; null where it is sent as stored.</param>
internal sealed record NewDelivery(string DeliveryId, string ReversePath, string Recipient, string Destination, DeliveryOptions Options, byte[]? Prefix = null);

/// <summary>Names a delivery.</summary>
internal sealed record DeliveryKey(string WorkspaceId, string DeliveryId, string Destination);

/// <summary>A delivery under lease: (owner, attempt) fences its completion.</summary>
internal sealed record LeasedDelivery
{
    public required string WorkspaceId { get; init; }

    public required string DeliveryId { get; init; }

    public required string PodId { get; init; }

    public required string InboxId { get; init; }

    public required string UseCaseId { get; init; }

    public required string MessageKey { get; init; }

    public required string MessageId { get; init; }

    public required string ThreadId { get; init; }

    public required string RawId { get; init; }

    public required string ReversePath { get; init; }

    public required string Recipient { get; init; }

    /// <summary>The recipient's domain as A-labels, or an address literal.</summary>
    public required string Destination { get; init; }

    /// <summary>Attempts made before this one.</summary>
    public required int Attempts { get; init; }

    public required DateTimeOffset QueuedAt { get; init; }

    public required DateTimeOffset ExpiresAt { get; init; }

    public required string LeaseOwner { get; init; }

    public required long LeaseAttempt { get; init; }

    public required DeliveryOptions Options { get; init; }

    public byte[]? Prefix { get; init; }

    /// <summary>The key without the lease.</summary>
    public DeliveryKey Key => new(WorkspaceId, DeliveryId, Destination);
}

/// <summary>What one attempt saw of the remote side (promise 5).</summary>
/// <param name="Tls">For instance "TLSv1.3 TLS_AES_256_GCM_SHA384 (dane)"; null for plain text.</param>
/// <param name="ViaRelay">A smart host took it.</param>
/// <param name="NotifiesItself">The remote took over what RFC 3461 asks for.</param>
/// <param name="Dialogue">The commands and replies, bounded; credentials left out.</param>
internal sealed record AttemptTrace(DateTimeOffset StartedAt, TimeSpan Elapsed, string? Host, string? Address, string? Tls, string? Dialogue, bool NotifiesItself = false, bool ViaRelay = false)
{
    /// <summary>The host of a delivery that never left this server.</summary>
    public const string LocalHost = "local";
}

/// <summary>How one attempt ended for one recipient.</summary>
/// <param name="State">Delivered, Deferred or Bounced.</param>
/// <param name="ReplyCode">The remote's reply code; 0 where no reply decided.</param>
/// <param name="Status">The enhanced status code (RFC 3463).</param>
/// <param name="Reply">The remote's words, or ours where it had none.</param>
/// <param name="NextAttempt">When a deferred one is tried again.</param>
internal sealed record DeliveryOutcome(
    LeasedDelivery Delivery, DeliveryState State, int ReplyCode, string Status, string Reply, BounceCause Cause = BounceCause.Infrastructure, DateTimeOffset? NextAttempt = null);
