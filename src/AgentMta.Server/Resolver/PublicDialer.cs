using System.Net;
using System.Net.Sockets;
using AgentMta.Protocol.Dns;
using AgentMta.Server.Model;

namespace AgentMta.Server.Resolver;

/// <summary>
/// Connects HTTP clients to hosts that tenants or strangers name (promise 7): resolves the name itself, judges each address, and dials the very address that it judged, so that no
/// second look-up can lead elsewhere. Every redirect that is followed comes here again.
/// </summary>
internal sealed class PublicDialer(IDnsLookup dns, DestinationRules rules)
{
    private const int MaximumAddresses = 4;

    /// <summary>The connect callback of a <see cref="SocketsHttpHandler"/>.</summary>
    /// <exception cref="HttpRequestException">The host has no address that may be dialled, or none that answers.</exception>
    public async ValueTask<Stream> ConnectAsync(SocketsHttpConnectionContext context, CancellationToken cancellationToken)
    {
        var host = context.DnsEndPoint.Host.Trim('[', ']');
        var addresses = await ResolveAsync(host, cancellationToken).ConfigureAwait(false);
        var allowed = addresses.FindAll(rules.Allows);
        if (allowed.Count == 0)
            throw new HttpRequestException(addresses.Count == 0 ? $"{host} has no address." : $"{host} lies in a private network, which PermittedNetworks does not name.");
        SocketException? last = null;
        foreach (var address in allowed.Take(MaximumAddresses))
        {
            var socket = new Socket(address.AddressFamily, SocketType.Stream, ProtocolType.Tcp) { NoDelay = true };
            try
            {
                await socket.ConnectAsync(address, context.DnsEndPoint.Port, cancellationToken).ConfigureAwait(false);
                return new NetworkStream(socket, ownsSocket: true);
            }
            catch (Exception e)
            {
                socket.Dispose();
                if (e is not SocketException fault)
                    throw;
                last = fault;
            }
        }

        throw new HttpRequestException($"{host} cannot be connected to.", last);
    }

    private async Task<List<IPAddress>> ResolveAsync(string host, CancellationToken cancellationToken)
    {
        if (IPAddress.TryParse(host, out var literal))
            return [literal];
        // RFC 6761 6.3: localhost and what lies below it is this machine, whatever DNS says.
        if (host.Equals("localhost", StringComparison.OrdinalIgnoreCase) || host.EndsWith(".localhost", StringComparison.OrdinalIgnoreCase))
            return [IPAddress.Loopback, IPAddress.IPv6Loopback];
        var found = new List<IPAddress>();
        foreach (var type in (DnsRecordType[])[DnsRecordType.A, DnsRecordType.AAAA])
            found.AddRange((await dns.LookupAsync(host, type, cancellationToken).ConfigureAwait(false)).Records.OfType<AddressRecord>().Select(r => r.Address));
        return found;
    }
}
