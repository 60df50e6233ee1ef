using System.Net;
using AgentMta.Protocol.Smtp;

namespace AgentMta.Server.Outbound;

/// <summary>One host that takes a domain's mail.</summary>
/// <param name="Name">Its name, or the address in an address literal.</param>
/// <param name="Literal">The address where no name has to be resolved.</param>
internal sealed record RouteHost(string Name, int Preference, IPAddress? Literal = null);

/// <summary>Where mail for a destination goes: hosts in the order in which they are tried.</summary>
/// <param name="Site">Names the set of hosts: destinations with the same set share connections and limits.</param>
/// <param name="Hosts">At least one.</param>
/// <param name="Port">Of all hosts.</param>
/// <param name="Relay">The smart host's settings, where the route is one.</param>
/// <param name="Authenticated">DNSSEC vouches for the host names, as DANE needs (RFC 7672 2.2.1).</param>
/// <param name="Tls">A policy for the destination as a whole (MTA-STS); null where none is published.</param>
internal sealed record Route(string Site, IReadOnlyList<RouteHost> Hosts, int Port, RelayOptions? Relay = null, bool Authenticated = false, TlsPolicy? Tls = null);

/// <summary>A route, or a reply of our own that says why there is none: 4yz to try later, 5yz for good.</summary>
internal sealed record RouteResult(Route? Route, SmtpReply? Fault)
{
    public static RouteResult Failed(int code, string status, string text) => new(null, new SmtpReply(code, status, text));
}
