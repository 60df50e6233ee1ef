using System.Net;
using System.Net.Http.Headers;
using System.Net.Sockets;
using AgentMta.Protocol.Dns;
using AgentMta.Server.Model;

namespace AgentMta.Server.Webhooks;

/// <summary>Makes one try: resolves, checks and connects to the very address it checked (promise 7), signs, posts, and judges the answer.</summary>
internal sealed class WebhookSender : IDisposable
{
    private const int MaximumDrain = 16 * 1024;
    private const int MaximumAnswerHeaders = 16;
    private static readonly TimeSpan IdleConnection = TimeSpan.FromMinutes(1);

    private readonly HttpClient _http;
    private readonly IDnsLookup _dns;
    private readonly DestinationRules _rules;
    private readonly WebhookOptions _options;
    private readonly TimeProvider _time;

    public WebhookSender(IDnsLookup dns, DestinationRules rules, WebhookOptions options, TimeProvider time)
    {
        (_dns, _rules, _options, _time) = (dns, rules, options, time);
        var handler = new SocketsHttpHandler
        {
            AllowAutoRedirect = false,
            UseCookies = false,
            UseProxy = false,
            ConnectCallback = ConnectAsync,
            MaxResponseDrainSize = MaximumDrain,
            MaxResponseHeadersLength = MaximumAnswerHeaders,
            PooledConnectionIdleTimeout = IdleConnection,
        };
        _http = new HttpClient(handler) { Timeout = System.Threading.Timeout.InfiniteTimeSpan };
    }

    /// <summary>null where the endpoint took the event; otherwise what came instead. The id is the same at each try.</summary>
    public async Task<WebhookAttempt?> SendAsync(Webhook webhook, string eventId, ReadOnlyMemory<byte> body, CancellationToken cancellationToken)
    {
        var started = _time.GetUtcNow();
        using var limit = new CancellationTokenSource(_options.Timeout, _time);
        using var either = CancellationTokenSource.CreateLinkedTokenSource(limit.Token, cancellationToken);
        WebhookAttempt Failed(int? status, string fault) => new(started, _time.GetUtcNow() - started, status, fault);
        try
        {
            using var request = new HttpRequestMessage(HttpMethod.Post, webhook.Url) { Content = new ReadOnlyMemoryContent(body) };
            request.Content.Headers.ContentType = new MediaTypeHeaderValue("application/json");
            request.Headers.UserAgent.Add(new ProductInfoHeaderValue("AgentMta", null));
            foreach (var (name, value) in webhook.Headers)
                request.Headers.TryAddWithoutValidation(name, value);
            WebhookSigner.Sign(request.Headers, webhook.Secrets, eventId, started, body.Span);
            using var answer = await _http.SendAsync(request, HttpCompletionOption.ResponseHeadersRead, either.Token).ConfigureAwait(false);
            if (answer.IsSuccessStatusCode)
                return null;
            return Failed((int)answer.StatusCode, (int)answer.StatusCode is >= 300 and < 400 ? "The endpoint redirects, which is not followed." : "The endpoint refused the event.");
        }
        catch (OperationCanceledException) when (limit.IsCancellationRequested && !cancellationToken.IsCancellationRequested)
        {
            return Failed(null, FormattableString.Invariant($"No answer within {_options.Timeout.TotalSeconds} s."));
        }
        catch (Exception e) when (e is HttpRequestException or IOException or SocketException or InvalidOperationException or NotSupportedException or UriFormatException)
        {
            return Failed(null, e.InnerException is null ? e.Message : $"{e.Message} {e.InnerException.Message}");
        }
    }

    /// <inheritdoc/>
    public void Dispose() => _http.Dispose();

    private async ValueTask<Stream> ConnectAsync(SocketsHttpConnectionContext context, CancellationToken cancellationToken)
    {
        var host = context.DnsEndPoint.Host.Trim('[', ']');
        var addresses = await ResolveAsync(host, cancellationToken).ConfigureAwait(false);
        var allowed = addresses.Where(_rules.Allows).ToList();
        if (allowed.Count == 0)
        {
            throw new HttpRequestException(addresses.Count == 0
                ? $"{host} has no address."
                : $"{host} lies in a private network ({addresses[0]}), which PermittedNetworks does not name.");
        }

        SocketException? last = null;
        foreach (var address in allowed)
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
            found.AddRange((await _dns.LookupAsync(host, type, cancellationToken).ConfigureAwait(false)).Records.OfType<AddressRecord>().Select(r => r.Address));
        return found;
    }
}
