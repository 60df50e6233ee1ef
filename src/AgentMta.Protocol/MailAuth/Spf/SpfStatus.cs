namespace AgentMta.Protocol.MailAuth.Spf;

/// <summary>The results of check_host() (RFC 7208 2.6).</summary>
public enum SpfStatus
{
    /// <summary>No domain to check, or no record published.</summary>
    None,

    /// <summary>The domain makes no assertion about the address.</summary>
    Neutral,

    /// <summary>The client may send for the domain.</summary>
    Pass,

    /// <summary>The client may not send for the domain.</summary>
    Fail,

    /// <summary>The client probably may not send for the domain.</summary>
    SoftFail,

    /// <summary>A DNS error that may go away.</summary>
    TempError,

    /// <summary>The domain's records cannot be read as SPF.</summary>
    PermError,
}

/// <summary>Whose authorisation was asked (RFC 7208 2.3 and 2.4).</summary>
public enum SpfIdentity
{
    /// <summary>The reverse-path, or postmaster at the HELO name where it is null.</summary>
    MailFrom,

    /// <summary>The name given in EHLO or HELO.</summary>
    Helo,
}
