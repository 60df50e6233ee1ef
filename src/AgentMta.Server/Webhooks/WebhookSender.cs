using System.Net.Http.Headers;
using System.Net.Sockets;
using AgentMta.Protocol.Dns;
using AgentMta.Server.Model;
using AgentMta.Server.Resolver;

namespace AgentMta.Server.Webhooks;

/// <summary>Makes one try: connects to where it may (promise 7), signs, posts, and judges the answer.</summary>
internal sealed class WebhookSender : IDisposable
{
    private const int MaximumDrain = 16 * 1024;
    private const int MaximumAnswerHeaders = 16;
    private static readonly TimeSpan IdleConnection = TimeSpan.FromMinutes(1);

    private readonly HttpClient _http;
    private readonly WebhookOptions _options;
    private readonly TimeProvider _time;

    public WebhookSender(IDnsLookup dns, DestinationRules rules, WebhookOptions options, TimeProvider time)
    {
        (_options, _time) = (options, time);
        var handler = new SocketsHttpHandler
        {
            AllowAutoRedirect = false,
            UseCookies = false,
            UseProxy = false,
            ConnectCallback = new PublicDialer(dns, rules).ConnectAsync,
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
            // The handler wraps what the dialler says in words of its own; why the connection failed stands innermost.
            return Failed(null, e.InnerException is null ? e.Message : $"{e.Message} {e.GetBaseException().Message}");
        }
    }

    /// <inheritdoc/>
    public void Dispose() => _http.Dispose();
}
