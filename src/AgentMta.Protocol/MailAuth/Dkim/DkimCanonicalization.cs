namespace AgentMta.Protocol.MailAuth.Dkim;

/// <summary>How much a message may change in transit without breaking the signature (RFC 6376 3.4).</summary>
public enum DkimCanonicalization
{
    /// <summary>Almost nothing.</summary>
    Simple,

    /// <summary>White space and, in the header, the case of field names.</summary>
    Relaxed,
}
