using System.Net.WebSockets;
using System.Text.Json;
using AgentMta.Server.Model;
using AgentMta.Server.Store;
using Microsoft.AspNetCore.Builder;
using Microsoft.AspNetCore.Http;
using Microsoft.Extensions.Hosting;

namespace AgentMta.Server.Api;

/// <summary>What a client of the live feed asks for.</summary>
internal sealed record SubscribeFrame
{
    public string? Type { get; init; }

    public List<string>? EventTypes { get; init; }

    public List<string>? InboxIds { get; init; }

    public List<string>? PodIds { get; init; }

    /// <summary>Events behind this cursor come first: nothing is lost over a reconnect.</summary>
    public long? After { get; init; }
}

/// <summary>What a client of the live feed gets beside events.</summary>
internal sealed record LiveFrame(
    string Type, IReadOnlyList<string>? EventTypes = null, IReadOnlyList<string>? InboxIds = null, IReadOnlyList<string>? PodIds = null, long? Cursor = null, string? Name = null, string? Message = null);

/// <summary>The websocket at /v0: subscribe, then one JSON object a frame, in the order of the log.</summary>
internal sealed class LiveEndpoint(ApiServices services, Authenticator authenticator, IHostApplicationLifetime lifetime)
{
    private const int MaximumFrame = 64 * 1024;
    private const int MaximumNames = 10;
    private const int Batch = 100;
    private static readonly TimeSpan Idle = TimeSpan.FromSeconds(30);

    private readonly EventStore _events = new(services.Database);
    private readonly EventRenderer _renderer = new(services);

    /// <summary>Registers the endpoint.</summary>
    public static void Map(WebApplication app, ApiRoutes routes)
    {
        var endpoint = new LiveEndpoint(routes.Services, routes.Authenticator, app.Lifetime);
        app.UseWebSockets(new WebSocketOptions { KeepAliveInterval = TimeSpan.FromSeconds(20), KeepAliveTimeout = TimeSpan.FromSeconds(20) });
        app.MapGet("/v0", (RequestDelegate)endpoint.RunAsync);
    }

    private async Task RunAsync(HttpContext context)
    {
        // Browsers cannot set headers on an upgrade: the key may stand in the query here, and here alone.
        var credential = context.Request.Query["api_key"].ToString() is { Length: > 0 } secret
            ? await authenticator.FindAsync(secret, context.RequestAborted).ConfigureAwait(false) : await authenticator.AuthenticateAsync(context).ConfigureAwait(false);
        if (!context.WebSockets.IsWebSocketRequest)
            throw new ApiException(426, "upgrade_required", "This is the address of the websocket.", "Connect with a websocket client, or read GET /v0/events.");
        if (!credential.May("message_read"))
            throw new ApiException(403, "missing_permission", "The API key lacks the permission message_read.");
        using var socket = await context.WebSockets.AcceptWebSocketAsync().ConfigureAwait(false);
        using var ended = CancellationTokenSource.CreateLinkedTokenSource(context.RequestAborted, lifetime.ApplicationStopping);
        using var session = new Session(socket, credential);
        var sending = SendAsync(session, ended.Token);
        try
        {
            await ReceiveAsync(session, ended.Token).ConfigureAwait(false);
        }
        catch (Exception e) when (e is OperationCanceledException or WebSocketException)
        {
            // The peer is gone, or the server stops.
        }

        var stopping = lifetime.ApplicationStopping.IsCancellationRequested;
        await ended.CancelAsync().ConfigureAwait(false);
        await sending.ConfigureAwait(ConfigureAwaitOptions.SuppressThrowing);
        if (socket.State is WebSocketState.Open or WebSocketState.CloseReceived)
        {
            using var patience = new CancellationTokenSource(TimeSpan.FromSeconds(2), services.Time);
            // RFC 6455 7.4.1 and the registry: 1012 is "service restart", on which clients connect again.
            await socket.CloseOutputAsync(stopping ? (WebSocketCloseStatus)1012 : WebSocketCloseStatus.NormalClosure, stopping ? "restart" : "", patience.Token).ConfigureAwait(ConfigureAwaitOptions.SuppressThrowing);
        }
    }

    private async Task ReceiveAsync(Session session, CancellationToken cancellationToken)
    {
        var buffer = new byte[MaximumFrame];
        while (session.Socket.State == WebSocketState.Open)
        {
            var length = 0;
            ValueWebSocketReceiveResult part;
            do
            {
                if (length == buffer.Length)
                {
                    await session.Socket.CloseAsync(WebSocketCloseStatus.MessageTooBig, "too large", cancellationToken).ConfigureAwait(false);
                    return;
                }

                part = await session.Socket.ReceiveAsync(buffer.AsMemory(length), cancellationToken).ConfigureAwait(false);
                length += part.Count;
            }
            while (!part.EndOfMessage);

            if (part.MessageType == WebSocketMessageType.Close)
                return;
            await AnswerAsync(session, buffer.AsMemory(0, length), cancellationToken).ConfigureAwait(false);
        }
    }

    private async Task AnswerAsync(Session session, ReadOnlyMemory<byte> frame, CancellationToken cancellationToken)
    {
        SubscribeFrame? wanted = null;
        try
        {
            wanted = JsonSerializer.Deserialize(frame.Span, ApiJson.Wire.SubscribeFrame);
        }
        catch (JsonException)
        {
            // Answered below.
        }

        var fault = wanted?.Type != "subscribe" ? "The frame is not {\"type\":\"subscribe\"}."
            : wanted.InboxIds?.Count > MaximumNames || wanted.PodIds?.Count > MaximumNames ? $"At most {MaximumNames} inbox_ids and pod_ids are taken."
            : wanted.EventTypes?.Find(t => !EventFilter.Offered.Contains(t)) is { } unknown ? $"There is no event type '{unknown}'."
            : wanted.EventTypes?.Select(EventFilter.PermissionOf).FirstOrDefault(p => p is not null && !session.Credential.May(p)) is { } missing ? $"The API key lacks the permission {missing}."
            : null;
        if (fault is not null)
        {
            await session.WriteAsync(JsonSerializer.SerializeToUtf8Bytes(new LiveFrame("error", Name: "ValidationError", Message: fault), ApiJson.Wire.LiveFrame), cancellationToken).ConfigureAwait(false);
            return;
        }

        // A second subscribe replaces the first. The answer goes out before any event of it.
        var cursor = wanted!.After ?? await _events.LastAsync(session.Credential.Scope.WorkspaceId, cancellationToken).ConfigureAwait(false);
        var answer = new LiveFrame("subscribed", wanted.EventTypes, wanted.InboxIds, wanted.PodIds, cursor);
        await session.WriteAsync(JsonSerializer.SerializeToUtf8Bytes(answer, ApiJson.Wire.LiveFrame), cancellationToken).ConfigureAwait(false);
        session.Subscribe(new EventFilter(session.Credential.Scope, wanted.EventTypes ?? [], wanted.PodIds ?? [], wanted.InboxIds ?? []), cursor);
        services.Database.Changes.Fire();
    }

    private async Task SendAsync(Session session, CancellationToken cancellationToken)
    {
        try
        {
            while (!cancellationToken.IsCancellationRequested)
            {
                var change = services.Database.Changes.Next;
                if (session.Current is not { } subscription || await SendBatchAsync(session, subscription, cancellationToken).ConfigureAwait(false) < Batch)
                    await ChangeSignal.WaitAsync(change, Idle, services.Time, cancellationToken).ConfigureAwait(false);
            }
        }
        catch (Exception e) when (e is OperationCanceledException or WebSocketException)
        {
            // The peer is gone; the receiving side ends too.
        }
    }

    private async Task<int> SendBatchAsync(Session session, Subscription subscription, CancellationToken cancellationToken)
    {
        var rows = await _events.AfterAsync(session.Credential.Scope, subscription.Cursor, Batch, cancellationToken).ConfigureAwait(false);
        foreach (var stored in rows)
        {
            if (session.Current != subscription)
                break;
            subscription.Cursor = stored.Cursor;
            if (subscription.Filter.Takes(stored) && await _renderer.RenderAsync(stored, cancellationToken).ConfigureAwait(false) is { } frame)
                await session.WriteAsync(frame, cancellationToken).ConfigureAwait(false);
        }

        return rows.Count;
    }

    private sealed class Subscription(EventFilter filter, long cursor)
    {
        public EventFilter Filter { get; } = filter;

        public long Cursor { get; set; } = cursor;
    }

    private sealed class Session(WebSocket socket, Credential credential) : IDisposable
    {
        private readonly SemaphoreSlim _writing = new(1, 1);
        private volatile Subscription? _current;

        public WebSocket Socket => socket;

        public Credential Credential => credential;

        public Subscription? Current => _current;

        public void Dispose() => _writing.Dispose();

        public void Subscribe(EventFilter filter, long cursor) => _current = new Subscription(filter, cursor);

        public async Task WriteAsync(byte[] frame, CancellationToken cancellationToken)
        {
            await _writing.WaitAsync(cancellationToken).ConfigureAwait(false);
            try
            {
                await socket.SendAsync(frame, WebSocketMessageType.Text, endOfMessage: true, cancellationToken).ConfigureAwait(false);
            }
            finally
            {
                _writing.Release();
            }
        }
    }
}
