using AgentMta.Protocol.Dns;

namespace AgentMta.Server.Outbound;

/// <summary>Finds what TLS a host of a route must show: the relay's setting, DANE where DNSSEC vouches for it, MTA-STS, else opportunistic.</summary>
internal sealed class TlsPolicies(IDnsLookup dns)
{
    /// <summary>The policy, or why the host must not be used now.</summary>
    public async ValueTask<(TlsPolicy? Policy, string? Delay)> ForHostAsync(Route route, RouteHost host, bool addressAuthenticated, CancellationToken cancellationToken)
    {
        if (route.Relay is { } relay)
            return (relay.RequireTls || route.Tls is not null ? TlsPolicy.Verified("relay") : TlsPolicy.Opportunistic with { Source = "relay" }, null);
        // RFC 7672 2.2.2: TLSA is asked for only where the addresses of the host are secure; the MX too, for otherwise the name means nothing.
        if (route.Authenticated && addressAuthenticated && host.Literal is null)
        {
            var answer = await dns.LookupAsync($"_{route.Port}._tcp.{host.Name}", DnsRecordType.TLSA, cancellationToken).ConfigureAwait(false);
            // RFC 7672 2.1: a failed look-up may hide records; the host is not used.
            if (answer.IsTemporary)
                return (null, $"the TLSA records of {host.Name} cannot be looked up now");
            if (answer.Authenticated && answer.Records.Count > 0)
            {
                var usable = DaneVerifier.Usable(answer.Records.OfType<TlsaRecord>());
                return (usable.Count > 0
                    ? new TlsPolicy(TlsLevel.Verified, "dane", [host.Name], usable)
                    : new TlsPolicy(TlsLevel.Encrypted, "dane", [], []), null);
            }
        }

        return (route.Tls ?? TlsPolicy.Opportunistic, null);
    }
}
