namespace AgentMta.Protocol.MailAuth.Dmarc;

/// <summary>The results of DMARC as RFC 8601 names them (RFC 9989 9.2).</summary>
public enum DmarcStatus
{
    /// <summary>No policy applies, or there is no author domain.</summary>
    None,

    /// <summary>An aligned identifier passed.</summary>
    Pass,

    /// <summary>No aligned identifier passed.</summary>
    Fail,

    /// <summary>A DNS error that decides and may go away.</summary>
    TempError,

    /// <summary>The message cannot be judged, now or later.</summary>
    PermError,
}

/// <summary>What a domain asks to be done with mail that fails (RFC 9989 4.7); a greater value is stricter.</summary>
public enum DmarcPolicy
{
    /// <summary>No preference.</summary>
    None,

    /// <summary>Treat as suspicious.</summary>
    Quarantine,

    /// <summary>Refuse.</summary>
    Reject,
}

/// <summary>Which document decides how the organisational domain is found and which tags count.</summary>
public enum DmarcSpec
{
    /// <summary>RFC 9989: tree walk, np, psd, t; no pct.</summary>
    Rfc9989,

    /// <summary>RFC 7489: public suffix list, pct; no np, psd, t.</summary>
    Rfc7489,
}

/// <summary>The psd tag (RFC 9989 4.7).</summary>
public enum DmarcPsd
{
    /// <summary>Not said: the tree walk finds out.</summary>
    Unknown,

    /// <summary>A public suffix domain.</summary>
    Yes,

    /// <summary>Not a public suffix, but the organisational domain of itself and what is below.</summary>
    No,
}
