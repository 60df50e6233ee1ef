using System.Net;
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
        ConnectCallback = new PublicDialer(dns, rules).ConnectAsync,
    });
}
