namespace AgentMta.Protocol.Reports;

/// <summary>Why a delivery failed, finer than the cause that it counts as.</summary>
internal enum BounceReason
{
    Unknown,
    UserUnknown,
    HostUnknown,
    Moved,
    Disabled,
    MailboxFull,
    TooBig,
    Content,
    Policy,
    Throttled,
    Expired,
    Network,
    System,

    /// <summary>A program that the server delivers with failed.</summary>
    Mailer,
}
