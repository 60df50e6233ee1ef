using System.Net;
using System.Net.Sockets;
using AgentMta.Protocol.Dns;
using AgentMta.Server.Model;

namespace AgentMta.Server.Resolver;

/// <summary>HTTP to URLs that tenants name (promise 7): the address is judged after resolution and that very address is dialled; redirects are not followed.</summary>
internal static class PublicHttp
{
    /// <summary>A client; dispose it at the end of the server.</summary>
    public static HttpMessageInvoker Create(IDnsLookup dns, DestinationRules rules) => new(new SocketsHttpHandler
    {
        AllowAutoRedirect = false,
        UseCookies = false,
        UseProxy = false,
        AutomaticDecompression = DecompressionMethods.None,
        MaxResponseHeadersLength = 32,
        PooledConnectionLifetime = TimeSpan.FromMinutes(2),
        ConnectTimeout = TimeSpan.FromSeconds(10),
        ConnectCallback = (context, token) => ConnectAsync(context.DnsEndPoint, dns, rules, token),
    });

    private static async ValueTask<Stream> ConnectAsync(DnsEndPoint target, IDnsLookup dns, DestinationRules rules, CancellationToken cancellationToken)
    {
        var allowed = (await AddressesAsync(target.Host, dns, cancellationToken).ConfigureAwait(false)).FindAll(rules.Allows);
        if (allowed.Count == 0)
            throw new HttpRequestException($"{target.Host} has no public address");
        Exception? last = null;
        foreach (var address in allowed.Take(4))
        {
            var socket = new Socket(address.AddressFamily, SocketType.Stream, ProtocolType.Tcp) { NoDelay = true };
            try
            {
                await socket.ConnectAsync(new IPEndPoint(address, target.Port), cancellationToken).ConfigureAwait(false);
                return new NetworkStream(socket, ownsSocket: true);
            }
            catch (Exception e) when (e is SocketException or OperationCanceledException)
            {
                socket.Dispose();
                cancellationToken.ThrowIfCancellationRequested();
                last = e;
            }
        }

        throw new HttpRequestException($"{target.Host} cannot be reached", last);
    }

    private static async Task<List<IPAddress>> AddressesAsync(string host, IDnsLookup dns, CancellationToken cancellationToken)
    {
        if (IPAddress.TryParse(host.Trim('[', ']'), out var literal))
            return [literal];
        if (host.Equals("localhost", StringComparison.OrdinalIgnoreCase))
            return [IPAddress.Loopback];
        var found = new List<IPAddress>();
        foreach (var type in new[] { DnsRecordType.A, DnsRecordType.AAAA })
            found.AddRange((await dns.LookupAsync(host, type, cancellationToken).ConfigureAwait(false)).Records.OfType<AddressRecord>().Select(a => a.Address));
        return found;
    }
}
