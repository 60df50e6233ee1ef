using System.Net.Sockets;
using System.Text;
using AgentMta.Protocol.Dns;
using AgentMta.Server.Model;

namespace AgentMta.Server.Outbound;

/// <summary>Gets MTA-STS policy files over HTTPS (RFC 8461 3.3): no redirects, a valid certificate, a small text, and never from a private network.</summary>
internal sealed class StsFetcher : IDisposable
{
    private const int SizeLimit = 64 * 1024;

    private static readonly TimeSpan Timeout = TimeSpan.FromSeconds(30);

    private readonly HttpClient _http;
    private readonly IDnsLookup _dns;
    private readonly DestinationRules _rules;

    public StsFetcher(IDnsLookup dns, DestinationRules rules)
    {
        _dns = dns;
        _rules = rules;
        var handler = new SocketsHttpHandler { AllowAutoRedirect = false, UseCookies = false, UseProxy = false, ConnectTimeout = Timeout, ConnectCallback = ConnectAsync };
        _http = new HttpClient(handler) { Timeout = Timeout, MaxResponseContentBufferSize = SizeLimit };
    }

    /// <summary>The <see cref="FetchStsPolicy"/> of the server.</summary>
    public async Task<string?> FetchAsync(string domain, CancellationToken cancellationToken)
    {
        try
        {
            using var response = await _http.GetAsync(new Uri($"https://mta-sts.{domain}/.well-known/mta-sts.txt"), cancellationToken).ConfigureAwait(false);
            if (response.StatusCode != System.Net.HttpStatusCode.OK || response.Content.Headers.ContentType?.MediaType != "text/plain")
                return null;
            return Encoding.UTF8.GetString(await response.Content.ReadAsByteArrayAsync(cancellationToken).ConfigureAwait(false));
        }
        catch (Exception e) when (e is HttpRequestException or IOException or UriFormatException || (e is TaskCanceledException && !cancellationToken.IsCancellationRequested))
        {
            return null;
        }
    }

    /// <inheritdoc/>
    public void Dispose() => _http.Dispose();

    // The name is resolved here, so that the address that was checked is the one that is connected to.
    private async ValueTask<Stream> ConnectAsync(SocketsHttpConnectionContext context, CancellationToken cancellationToken)
    {
        foreach (var type in (DnsRecordType[])[DnsRecordType.A, DnsRecordType.AAAA])
        {
            var answer = await _dns.LookupAsync(context.DnsEndPoint.Host, type, cancellationToken).ConfigureAwait(false);
            foreach (var address in answer.Records.OfType<AddressRecord>().Select(r => r.Address).Where(_rules.Allows))
            {
                var socket = new Socket(address.AddressFamily, SocketType.Stream, ProtocolType.Tcp) { NoDelay = true };
                try
                {
                    await socket.ConnectAsync(address, context.DnsEndPoint.Port, cancellationToken).ConfigureAwait(false);
                    return new NetworkStream(socket, ownsSocket: true);
                }
                catch (SocketException)
                {
                    socket.Dispose();
                }
            }
        }

        throw new HttpRequestException($"{context.DnsEndPoint.Host} has no address that can be connected to");
    }
}
