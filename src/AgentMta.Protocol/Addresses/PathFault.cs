namespace AgentMta.Protocol.Addresses;

/// <summary>Why a path of MAIL or RCPT was not taken, each with a reply of its own.</summary>
public enum PathFault
{
    None,

    /// <summary>501 5.1.3 or 5.1.7.</summary>
    Syntax,

    /// <summary>Non-ASCII without the SMTPUTF8 parameter: 553 5.6.7 (RFC 6531 3.5).</summary>
    NeedsSmtpUtf8,

    /// <summary>Local part over 64 octets, domain over 255 or path over 256: 500 5.1.3 or 5.1.7.</summary>
    TooLong,
}
