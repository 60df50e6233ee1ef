using System.Net;

namespace AgentMta.Protocol.MailAuth.Spf;

/// <summary>What the SMTP session knows when it asks whether a client may send for a domain.</summary>
/// <param name="ClientAddress">Address of the SMTP client; an IPv4-mapped one counts as IPv4 (RFC 7208 5).</param>
/// <param name="Helo">The name given in EHLO or HELO, as sent.</param>
/// <param name="MailFrom">The reverse-path without angle brackets; empty for the null one.</param>
/// <param name="Identity">Whose authorisation to ask.</param>
/// <param name="ReceiverName">Name of the receiving host, for the %{r} macro.</param>
/// <param name="Now">Time of the check, for the %{t} macro.</param>
public sealed record SpfRequest(
    IPAddress ClientAddress,
    string Helo,
    string MailFrom,
    SpfIdentity Identity = SpfIdentity.MailFrom,
    string ReceiverName = "unknown",
    DateTimeOffset Now = default);
