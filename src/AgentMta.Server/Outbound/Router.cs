using System.Net;
using AgentMta.Protocol.Dns;

namespace AgentMta.Server.Outbound;

/// <summary>Finds the hosts for a destination (RFC 5321 5.1): smart host, address literal, MX, or the domain itself.</summary>
/// <param name="chance">Uniform in [0, 1): orders hosts of equal preference.</param>
internal sealed class Router(IDnsLookup dns, StsPolicies policies, OutboundOptions options, Func<double> chance)
{
    private const int HostLimit = 10;

    /// <summary>The route for a domain in A-labels or an address literal with its brackets.</summary>
    public async ValueTask<RouteResult> FindAsync(string destination, CancellationToken cancellationToken)
    {
        if (options.Relay is { } relay)
            return new(new Route($"relay {relay.Host}:{relay.Port}", [Host(relay.Host, 0)], relay.Port, relay), null);
        if (destination.StartsWith('['))
        {
            return Literal(destination) is { } address
                ? new(new Route(destination, [new RouteHost(address.ToString(), 0, address)], options.MxPort), null)
                : RouteResult.Failed(553, "5.1.2", $"{destination} is no address literal");
        }

        var answer = await dns.LookupAsync(destination, DnsRecordType.MX, cancellationToken).ConfigureAwait(false);
        var result = FromAnswer(destination, answer);
        return result.Route is null ? result : Apply(await policies.ForAsync(destination, cancellationToken).ConfigureAwait(false), result.Route, destination);
    }

    // RFC 8461 5: only the policy's hosts, each verified; none left is a state that passes, never a reason to go without.
    private static RouteResult Apply(StsPolicy? policy, Route route, string destination)
    {
        if (policy is not { Mode: StsMode.Enforce })
            return new(route, null);
        var hosts = route.Hosts.Where(h => policy.Allows(h.Name)).ToList();
        return hosts.Count == 0
            ? RouteResult.Failed(451, "4.7.5", $"no mail exchanger of {destination} is one of its MTA-STS policy")
            : new(route with { Hosts = hosts, Tls = TlsPolicy.Verified("mta-sts") }, null);
    }

    private RouteResult FromAnswer(string destination, DnsAnswer answer) =>
        answer.Status switch
        {
            DnsStatus.Ok => FromMx(destination, answer),
            // RFC 5321 5.1: no MX, so the domain is its own mail exchanger (the implicit MX).
            DnsStatus.NoData => new(new Route(destination, [new RouteHost(destination, 0)], options.MxPort, Authenticated: answer.Authenticated), null),
            DnsStatus.NameError => RouteResult.Failed(550, "5.1.2", $"the domain {destination} does not exist"),
            _ => RouteResult.Failed(451, "4.4.3", $"the mail exchangers of {destination} cannot be looked up now"),
        };

    private RouteResult FromMx(string destination, DnsAnswer answer)
    {
        var records = answer.Records.OfType<MxRecord>().ToList();
        // RFC 7505 3: a single MX "." says that the domain takes no mail.
        if (records is [{ Host: "" or "." }])
            return RouteResult.Failed(556, "5.1.10", $"{destination} takes no mail (null MX)");
        var own = records.Where(r => IsOwn(r.Host)).Select(r => (int?)r.Preference).Min();
        var hosts = records
            .Where(r => r.Host is not ("" or ".") && (own is null || r.Preference < own))
            .OrderBy(r => r.Preference).ThenBy(_ => chance()).DistinctBy(r => r.Host, StringComparer.OrdinalIgnoreCase)
            .Take(HostLimit).Select(r => new RouteHost(r.Host.ToLowerInvariant(), r.Preference)).ToList();
        // RFC 5321 5.1: hosts at or behind our own preference lead back here.
        if (hosts.Count == 0)
            return RouteResult.Failed(554, "5.4.6", own is null ? $"the MX of {destination} names no host" : $"mail for {destination} loops back to this server, which does not take it");
        var site = string.Join(',', hosts.Select(h => h.Name).Order(StringComparer.Ordinal));
        return new(new Route(site, hosts, options.MxPort, Authenticated: answer.Authenticated), null);
    }

    private bool IsOwn(string host) => host.TrimEnd('.').Equals(options.HostName, StringComparison.OrdinalIgnoreCase);

    private static RouteHost Host(string name, int preference) => new(name, preference, IPAddress.TryParse(name.Trim('[', ']'), out var address) ? address : null);

    // RFC 5321 4.1.3
    private static IPAddress? Literal(string destination)
    {
        var inner = destination.Trim('[', ']');
        if (inner.StartsWith("IPv6:", StringComparison.OrdinalIgnoreCase))
            inner = inner[5..];
        return IPAddress.TryParse(inner, out var address) ? address : null;
    }
}
