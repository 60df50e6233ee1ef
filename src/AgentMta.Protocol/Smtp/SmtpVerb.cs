namespace AgentMta.Protocol.Smtp;

/// <summary>The commands a server knows by name, so that order and refusals can be told in a table.</summary>
public enum SmtpVerb : byte
{
    Unknown,
    Ehlo,
    Helo,
    Mail,
    Rcpt,
    Data,
    Bdat,
    Rset,
    Noop,
    Vrfy,
    Expn,
    Help,
    Quit,
    StartTls,
    Auth,
}
