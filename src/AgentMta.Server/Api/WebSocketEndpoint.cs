using System.Collections.Concurrent;
using System.Net.WebSockets;
using AgentMta.Server.Model;
using Microsoft.AspNetCore.Builder;
using Microsoft.AspNetCore.Http;

namespace AgentMta.Server.Api;

/// <summary>GET /v0 with an upgrade: lets in who has a key, and runs a <see cref="LiveFeed"/> for each connection.</summary>
internal sealed class WebSocketEndpoint(ApiServices services, Authenticator authenticator, CancellationToken stopping)
{
    private const int MaximumSockets = 1000;
    private static readonly TimeSpan PingInterval = TimeSpan.FromSeconds(20);

    private readonly ConcurrentDictionary<string, int> _open = new(StringComparer.Ordinal);
    private readonly EventRenderer _renderer = new(services, "live");
    private readonly WebhookRules _rules = new(services);

    /// <summary>Registers the route.</summary>
    public static void Map(WebApplication app, ApiRoutes routes)
    {
        app.UseWebSockets();
        var endpoint = new WebSocketEndpoint(routes.Services, routes.Authenticator, app.Lifetime.ApplicationStopping);
        app.MapGet("/v0", endpoint.RunAsync);
    }

    private async Task RunAsync(HttpContext context)
    {
        if (!context.WebSockets.IsWebSocketRequest)
        {
            context.Response.Headers.Upgrade = "websocket";
            throw new ApiException(426, "upgrade_required", "This is the websocket.", "Connect with a websocket client, or read GET /v0/events.");
        }

        // Browsers cannot set headers on a websocket, so the key may stand in the query.
        var key = context.Request.Query["api_key"].ToString();
        var secret = key.Length > 0 ? key : context.Request.Headers.Authorization.ToString() is { } header && header.StartsWith("Bearer ", StringComparison.OrdinalIgnoreCase) ? header[7..].Trim() : "";
        var credential = secret.Length > 0 ? await authenticator.FindAsync(secret, context.RequestAborted).ConfigureAwait(false) : await authenticator.AuthenticateAsync(context).ConfigureAwait(false);
        var workspace = credential.Scope.WorkspaceId;
        try
        {
            if (_open.AddOrUpdate(workspace, 1, (_, count) => count + 1) > MaximumSockets)
                throw new ApiException(429, "rate_limit_exceeded", $"{MaximumSockets} websockets are open already.", "Share one connection; a subscription can name many inboxes.") { RetryAfter = 60 };
            using var socket = await context.WebSockets.AcceptWebSocketAsync(new WebSocketAcceptContext { KeepAliveInterval = PingInterval, KeepAliveTimeout = PingInterval }).ConfigureAwait(false);
            await new LiveFeed(services, _rules, _renderer.RenderAsync, socket, credential, StillAsync).RunAsync(stopping, context.RequestAborted).ConfigureAwait(false);
        }
        finally
        {
            _open.AddOrUpdate(workspace, 0, (_, count) => count - 1);
        }

        // The credential as it is now; null once the key was revoked or has expired.
        async ValueTask<Credential?> StillAsync(CancellationToken cancellationToken)
        {
            try
            {
                return await authenticator.FindAsync(secret, cancellationToken).ConfigureAwait(false);
            }
            catch (ApiException)
            {
                return null;
            }
        }
    }
}
