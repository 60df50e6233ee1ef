using System.Text;
using AgentMta.Protocol.Dns;
using AgentMta.Server.Model;
using AgentMta.Server.Resolver;

namespace AgentMta.Server.Outbound;

/// <summary>Gets MTA-STS policy files over HTTPS (RFC 8461 3.3): no redirects, a valid certificate, a small text, and never from a private network.</summary>
internal sealed class StsFetcher : IDisposable
{
    private const int SizeLimit = 64 * 1024;

    private static readonly TimeSpan Timeout = TimeSpan.FromSeconds(30);

    private readonly HttpClient _http;

    public StsFetcher(IDnsLookup dns, DestinationRules rules)
    {
        var handler = new SocketsHttpHandler { AllowAutoRedirect = false, UseCookies = false, UseProxy = false, ConnectTimeout = Timeout, ConnectCallback = new PublicDialer(dns, rules).ConnectAsync };
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
}
