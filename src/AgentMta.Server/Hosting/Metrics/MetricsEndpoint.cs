using System.Net;
using System.Security.Cryptography;
using System.Text;
using AgentMta.Server.Inbound;
using Microsoft.AspNetCore.Http;

namespace AgentMta.Server.Hosting.Metrics;

/// <summary><c>GET /metrics</c> for Prometheus and what reads its format. It tells how much mail there is and of whom nothing, and is the operator's alone all the same.</summary>
internal static class MetricsEndpoint
{
    // What proxies add by themselves or by common advice: the peer's address is the proxy's then, and says nothing of who asks.
    private static readonly string[] ProxyHeaders = ["Forwarded", "X-Forwarded-For", "X-Forwarded-Host", "X-Forwarded-Proto", "X-Real-IP", "Via"];

    /// <summary>Maps the endpoint.</summary>
    /// <param name="hasPublicUrl">Whether the HTTP side is reached from outside, through a proxy that may stand on this machine.</param>
    public static void Map(WebApplication app, MetricsOptions options, bool hasPublicUrl, MetricsListener metrics, ServerMeter meter)
    {
        var one = new SemaphoreSlim(1);
        app.Lifetime.ApplicationStopped.Register(one.Dispose);
        app.MapGet("/metrics", async (HttpContext context) =>
        {
            var (status, text) = Refusal(context.Request, options, hasPublicUrl);
            context.Response.Headers.CacheControl = "no-store";
            context.Response.ContentType = ExpositionWriter.MediaType;
            if (text is not null)
            {
                context.Response.StatusCode = status;
                context.Response.ContentType = "text/plain; charset=utf-8";
                if (status == StatusCodes.Status401Unauthorized)
                    context.Response.Headers.WWWAuthenticate = "Bearer";
                await context.Response.WriteAsync(text + "\n", context.RequestAborted).ConfigureAwait(false);
                return;
            }

            byte[] body;
            await one.WaitAsync(context.RequestAborted).ConfigureAwait(false);
            try
            {
                await meter.RefreshAsync(context.RequestAborted).ConfigureAwait(false);
                body = metrics.Write();
            }
            finally
            {
                one.Release();
            }

            context.Response.ContentLength = body.Length;
            await context.Response.Body.WriteAsync(body, context.RequestAborted).ConfigureAwait(false);
        });
    }

    private static (int Status, string? Text) Refusal(HttpRequest request, MetricsOptions options, bool hasPublicUrl)
    {
        if (options.Token is { } token)
            return HasToken(request, token) ? (200, null) : (401, "Metrics:Token is set: send it as Authorization: Bearer TOKEN.");
        if (request.HttpContext.Connection.RemoteIpAddress is not { } peer)
            return (403, "Metrics are for the addresses in Metrics:Networks.");
        if (peer.IsIPv4MappedToIPv6)
            peer = peer.MapToIPv4();
        if (!InboundOptions.Contains(options.Networks, peer))
            return (403, $"Metrics are for the addresses in Metrics:Networks, and {peer} is none of them.");
        if (Array.Exists(ProxyHeaders, request.Headers.ContainsKey))
            return (403, "This came through a proxy, so its address does not tell who asks: set Metrics:Token and send it as Authorization: Bearer TOKEN.");
        if (hasPublicUrl && IPAddress.IsLoopback(peer))
            return (403, "PublicUrl is set, so a proxy on this machine may be asking for anybody: set Metrics:Token and send it as Authorization: Bearer TOKEN.");
        return (200, null);
    }

    private static bool HasToken(HttpRequest request, string token)
    {
        const string Scheme = "Bearer ";
        var header = request.Headers.Authorization.ToString();
        // Hashes have one length: nothing is learnt from the time that it takes.
        return header.StartsWith(Scheme, StringComparison.OrdinalIgnoreCase)
            && CryptographicOperations.FixedTimeEquals(SHA256.HashData(Encoding.UTF8.GetBytes(header[Scheme.Length..].Trim())), SHA256.HashData(Encoding.UTF8.GetBytes(token)));
    }
}
