namespace AgentMta.Protocol.Smtp;

/// <summary>How far an SMTP session is, as far as the order of commands depends on it.</summary>
public enum SessionState : byte
{
    /// <summary>No EHLO or HELO yet.</summary>
    Connected,

    /// <summary>Between transactions.</summary>
    Greeted,

    /// <summary>MAIL accepted, no recipient yet.</summary>
    MailGiven,

    /// <summary>At least one recipient accepted.</summary>
    RcptGiven,

    /// <summary>A BDAT without LAST was accepted.</summary>
    Chunking,
}
