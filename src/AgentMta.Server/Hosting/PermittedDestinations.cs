using System.Net;
using AgentMta.Protocol.Dns;
using AgentMta.Server.Model;
using AgentMta.Server.Resolver;

namespace AgentMta.Server.Hosting;

/// <summary>Which private addresses may be dialled after all: those that an operator named by relay, zone file or setting (design.md, Closed networks).</summary>
internal static class PermittedDestinations
{
    /// <summary>The rules for mail, webhooks and attachment URLs; the smart host's name is asked for once, at start.</summary>
    public static async Task<DestinationRules> CreateAsync(ServerOptions options, IDnsLookup dns, CancellationToken cancellationToken)
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
        return new DestinationRules(address => named.Contains(address) || networks.Any(n => n.Contains(address)));
    }
}
