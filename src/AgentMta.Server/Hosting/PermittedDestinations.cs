using System.Net;
using AgentMta.Protocol.Dns;
using AgentMta.Server.Model;
using AgentMta.Server.Resolver;

namespace AgentMta.Server.Hosting;

/// <summary>Which private addresses may be dialled after all (design.md, Closed networks). A relay or zone file names hosts of mail, and opens them to mail: what else they serve is no tenant's to ask for.</summary>
/// <param name="Mail">For SMTP: what relay, zone files and PermittedNetworks name.</param>
/// <param name="Http">For webhooks, attachment URLs and MTA-STS, at any port and path: what PermittedNetworks names.</param>
internal sealed record PermittedDestinations(DestinationRules Mail, DestinationRules Http)
{
    /// <summary>The rules by the options; the smart host's name is asked for once, at start.</summary>
    public static async Task<PermittedDestinations> CreateAsync(ServerOptions options, IDnsLookup dns, CancellationToken cancellationToken)
    {
        var named = new HashSet<IPAddress>();
        foreach (var zone in options.ResolverOptions().ZoneFiles)
            named.UnionWith(ZoneFileReader.Read(zone).OfType<AddressRecord>().Select(a => a.Address));
        if (options.OutboundOptions().Relay is { } relay)
        {
            if (IPAddress.TryParse(relay.Host, out var literal))
                named.Add(literal);
            foreach (var type in literal is null ? [DnsRecordType.A, DnsRecordType.AAAA] : Array.Empty<DnsRecordType>())
                named.UnionWith((await dns.LookupAsync(relay.Host, type, cancellationToken).ConfigureAwait(false)).Records.OfType<AddressRecord>().Select(a => a.Address));
            if (relay.Host.Equals("localhost", StringComparison.OrdinalIgnoreCase))
                named.UnionWith([IPAddress.Loopback, IPAddress.IPv6Loopback]);
        }

        var networks = options.PermittedNetworks;
        return new PermittedDestinations(
            new DestinationRules(address => named.Contains(address) || networks.Any(n => n.Contains(address))), new DestinationRules(address => networks.Any(n => n.Contains(address))));
    }
}
