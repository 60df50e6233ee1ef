using System.Net.WebSockets;
using System.Text.Json;
using System.Text.Json.Serialization.Metadata;
using System.Threading.Channels;
using AgentMta.Server.Model;
using AgentMta.Server.Store;

namespace AgentMta.Server.Api;

/// <summary>
/// One websocket: follows the log at the pace of its reader. What was not read yet waits in the log, not in memory; a reader that takes nothing for a while is cut off and may
/// come back with its last cursor.
/// </summary>
internal sealed class LiveFeed(
    ApiServices services, WebhookRules rules, RenderEvent render, WebSocket socket, Credential credential, Func<CancellationToken, ValueTask<Credential?>> still)
{
    private const int BatchSize = 100;
    private const int MaximumFrame = 64 * 1024;
    private const int WaitingFrames = 8;
    private const WebSocketCloseStatus ServiceRestart = (WebSocketCloseStatus)1012;

    private static readonly TimeSpan SendLimit = TimeSpan.FromSeconds(15);
    private static readonly TimeSpan CloseLimit = TimeSpan.FromSeconds(2);
    private static readonly TimeSpan CheckInterval = TimeSpan.FromSeconds(20);

    private readonly Channel<byte[]> _frames = Channel.CreateBounded<byte[]>(new BoundedChannelOptions(WaitingFrames) { SingleReader = true, SingleWriter = true });
    private Credential _credential = credential;
    private CancellationToken _over;
    private EventFilter? _filter;
    private long _position;
    private WebSocketCloseStatus _end = WebSocketCloseStatus.NormalClosure;
    private long _settings = services.Database.SettingsVersion;

    /// <summary>Runs until either side closes, the key ends or the server stops.</summary>
    public async Task RunAsync(CancellationToken stopping, CancellationToken aborted)
    {
        using var over = CancellationTokenSource.CreateLinkedTokenSource(aborted);
        using var either = CancellationTokenSource.CreateLinkedTokenSource(over.Token, stopping);
        _over = over.Token;
        var reading = ReadAsync(over.Token);
        try
        {
            var (status, reason) = await ServeAsync(either.Token).ConfigureAwait(false);
            await CloseAsync(status, reason, reading, over.Token).ConfigureAwait(false);
        }
        catch (OperationCanceledException) when (stopping.IsCancellationRequested && !aborted.IsCancellationRequested)
        {
            // Not 1000: clients take that for an end that they wanted themselves, and do not come back.
            await CloseAsync(ServiceRestart, "The server restarts; come back with your last cursor.", reading, over.Token).ConfigureAwait(false);
        }
        catch (Exception e) when (e is OperationCanceledException or WebSocketException or IOException or ObjectDisposedException)
        {
            // Gone, or too slow.
        }
        finally
        {
            if (socket.State is not (WebSocketState.Closed or WebSocketState.Aborted))
                socket.Abort();
            await over.CancelAsync().ConfigureAwait(false);
            await reading.ConfigureAwait(false);
        }
    }

    private async Task<(WebSocketCloseStatus Status, string Reason)> ServeAsync(CancellationToken cancellationToken)
    {
        var checkedAt = services.Time.GetUtcNow();
        var arrival = _frames.Reader.WaitToReadAsync(cancellationToken).AsTask();
        while (true)
        {
            var change = services.Database.Changes.Next;
            var settings = services.Database.SettingsVersion;
            if (settings != _settings || services.Time.GetUtcNow() - checkedAt >= CheckInterval)
            {
                if (await still(cancellationToken).ConfigureAwait(false) is not { } same)
                    return (WebSocketCloseStatus.PolicyViolation, "The API key has ended.");
                (_credential, _settings, checkedAt) = (same, settings, services.Time.GetUtcNow());
            }

            if (arrival.IsCompleted)
            {
                if (!await arrival.ConfigureAwait(false))
                    return (_end, "");
                while (_frames.Reader.TryRead(out var frame))
                    await TakeAsync(frame, cancellationToken).ConfigureAwait(false);
                arrival = _frames.Reader.WaitToReadAsync(cancellationToken).AsTask();
            }

            if (!await PumpAsync(cancellationToken).ConfigureAwait(false))
                await ChangeSignal.WaitAsync(Task.WhenAny(change, arrival), CheckInterval, services.Time, cancellationToken).ConfigureAwait(false);
        }
    }

    /// <summary>Sends the next events; false where there are none.</summary>
    private async Task<bool> PumpAsync(CancellationToken cancellationToken)
    {
        if (_filter is null)
            return false;
        var events = await services.Feed.AfterAsync(_credential.Scope.WorkspaceId, _position, BatchSize, cancellationToken).ConfigureAwait(false);
        foreach (var stored in events)
        {
            if (_credential.Scope.Covers(stored) && _filter.Takes(stored) && EventCatalog.Permissions(stored.Type).All(_credential.May))
                await SendAsync(await render(stored, cancellationToken).ConfigureAwait(false)).ConfigureAwait(false);
            _position = stored.Cursor;
        }

        return events.Count > 0;
    }

    private async Task TakeAsync(byte[] bytes, CancellationToken cancellationToken)
    {
        try
        {
            var frame = JsonSerializer.Deserialize(bytes, ApiJson.Wire.SubscribeFrame);
            if (frame?.Type != "subscribe")
                throw ApiException.Invalid("type", "Only subscribe is understood.");
            await SubscribeAsync(frame, cancellationToken).ConfigureAwait(false);
        }
        catch (JsonException)
        {
            await SendAsync(new ErrorFrame("ValidationError", "The frame is no JSON object of the form that the contract gives.", "validation_error", null), ApiJson.Wire.ErrorFrame).ConfigureAwait(false);
        }
        catch (ApiException e)
        {
            await SendAsync(new ErrorFrame(e.Status == 403 ? "ForbiddenError" : "ValidationError", e.Message, e.Code, e.Fix), ApiJson.Wire.ErrorFrame).ConfigureAwait(false);
        }
    }

    // A further subscribe takes the place of the one before.
    private async Task SubscribeAsync(SubscribeFrame frame, CancellationToken cancellationToken)
    {
        var types = frame.EventTypes is { Count: > 0 } named
            ? WebhookRules.Types(_credential, named)
            : EventCatalog.Default.Where(type => EventCatalog.Permissions(type).All(_credential.May)).ToList();
        var pods = await rules.PodsAsync(_credential.Scope, "pod_ids", frame.PodIds, cancellationToken).ConfigureAwait(false);
        var inboxes = await rules.InboxesAsync(_credential.Scope, "inbox_ids", frame.InboxIds, cancellationToken).ConfigureAwait(false);
        var last = await services.Feed.LastAsync(_credential.Scope.WorkspaceId, cancellationToken).ConfigureAwait(false);
        var position = frame.After switch
        {
            null or { ValueKind: JsonValueKind.Null } => last,
            { ValueKind: JsonValueKind.String } text when text.GetString() == "now" => last,
            { ValueKind: JsonValueKind.Number } number when number.TryGetInt64(out var cursor) && cursor >= 0 => Math.Min(cursor, last),
            _ => throw ApiException.Invalid("after", "It is a cursor from an earlier event, 0 or \"now\"."),
        };
        await SendAsync(new SubscribedFrame(frame.EventTypes, frame.InboxIds is null ? null : inboxes, frame.PodIds is null ? null : pods, position), ApiJson.Wire.SubscribedFrame)
            .ConfigureAwait(false);
        (_filter, _position) = (new EventFilter(types, pods, inboxes), position);
    }

    private Task SendAsync<T>(T frame, JsonTypeInfo<T> type) => SendAsync(JsonSerializer.SerializeToUtf8Bytes(frame, type));

    // A frame that is begun is finished, also when the server stops: a send that is cancelled cuts the connection, and 1012 would not be heard.
    private async Task SendAsync(ReadOnlyMemory<byte> frame)
    {
        using var limit = new CancellationTokenSource(SendLimit, services.Time);
        using var either = CancellationTokenSource.CreateLinkedTokenSource(limit.Token, _over);
        await socket.SendAsync(frame, WebSocketMessageType.Text, WebSocketMessageFlags.EndOfMessage, either.Token).ConfigureAwait(false);
    }

    private async Task ReadAsync(CancellationToken cancellationToken)
    {
        try
        {
            var buffer = new byte[MaximumFrame];
            var length = 0;
            while (true)
            {
                var part = await socket.ReceiveAsync(buffer.AsMemory(length), cancellationToken).ConfigureAwait(false);
                if (part.MessageType == WebSocketMessageType.Close)
                    return;
                length += part.Count;
                if (part.EndOfMessage)
                {
                    await _frames.Writer.WriteAsync(buffer[..length], cancellationToken).ConfigureAwait(false);
                    length = 0;
                }
                else if (length == buffer.Length)
                {
                    _end = WebSocketCloseStatus.MessageTooBig;
                    return;
                }
            }
        }
        catch (Exception e) when (e is OperationCanceledException or WebSocketException or IOException or ObjectDisposedException)
        {
            // The connection is gone; completing the channel tells the other loop.
        }
        finally
        {
            _frames.Writer.TryComplete();
        }
    }

    private async Task CloseAsync(WebSocketCloseStatus status, string reason, Task reading, CancellationToken cancellationToken)
    {
        using var limit = new CancellationTokenSource(CloseLimit, services.Time);
        using var either = CancellationTokenSource.CreateLinkedTokenSource(limit.Token, cancellationToken);
        try
        {
            if (socket.State is WebSocketState.Open or WebSocketState.CloseReceived)
                await socket.CloseOutputAsync(status, reason, either.Token).ConfigureAwait(false);
            // Until the other side closes too, so that what was sent is not lost to a reset.
            await reading.WaitAsync(either.Token).ConfigureAwait(false);
        }
        catch (Exception e) when (e is OperationCanceledException or WebSocketException or IOException)
        {
            // It does not answer; the connection is cut.
        }
    }
}
