namespace AgentMta.Protocol.MailAuth.Arc;

/// <summary>What a chain of seals is worth: the cv values of RFC 8617 4.4.</summary>
public enum ArcStatus
{
    /// <summary>The message has no chain.</summary>
    None,

    /// <summary>Every seal and the newest message signature verify.</summary>
    Pass,

    /// <summary>The chain is broken, and stays so (RFC 8617 5.2).</summary>
    Fail,
}
