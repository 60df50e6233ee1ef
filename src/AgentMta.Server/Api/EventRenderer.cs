using System.Text.Json;
using System.Text.Json.Nodes;
using AgentMta.Server.Model;
using AgentMta.Server.Store;

namespace AgentMta.Server.Api;

/// <summary>Renders events for webhooks and the websocket at delivery: events hold ids, the message is read as it is then.</summary>
internal sealed class EventRenderer(ApiServices services)
{
    private const int MaximumSize = 1_000_000;

    private readonly MessageStore _messages = new(services.Database);
    private readonly ThreadReader _threads = new(services.Database);
    private readonly DomainStore _domains = new(services.Database);
    private readonly MessageReader _reader = new(new MessageStore(services.Database), services.Spool);

    /// <summary>The <see cref="RenderEvent"/> of the server.</summary>
    public async ValueTask<byte[]?> RenderAsync(StoredEvent stored, CancellationToken cancellationToken)
    {
        var json = new JsonObject { ["type"] = "event", ["event_type"] = stored.Type, ["event_id"] = stored.EventId, ["cursor"] = stored.Cursor };
        if (stored.Type.StartsWith(EventTypes.Received, StringComparison.Ordinal))
        {
            await AddMessageAsync(json, stored, cancellationToken).ConfigureAwait(false);
        }
        else if (stored.Type == EventTypes.DomainVerified)
        {
            var name = Facts(stored)["domain"]?.GetValue<string>() ?? "";
            if (await _domains.GetAsync(new Scope(stored.WorkspaceId), name, cancellationToken).ConfigureAwait(false) is not { } domain)
                return null;
            var records = await services.Domains.RecordsAsync(domain, cancellationToken).ConfigureAwait(false);
            json["domain"] = JsonSerializer.SerializeToNode(DomainEndpoints.Show(domain, records), ApiJson.Wire.DomainResponse);
        }
        else
        {
            json[Key(stored.Type)] = Envelope(stored);
        }

        return JsonSerializer.SerializeToUtf8Bytes(json, ApiJson.Wire.JsonObject);
    }

    private static string Key(string type) => type switch
    {
        EventTypes.Sent => "send",
        EventTypes.Delivered => "delivery",
        EventTypes.Bounced => "bounce",
        EventTypes.Complained => "complaint",
        EventTypes.Rejected => "reject",
        _ => "facts",
    };

    private static JsonObject Facts(StoredEvent stored) => stored.Facts is null ? [] : JsonNode.Parse(stored.Facts) as JsonObject ?? [];

    private static JsonObject Envelope(StoredEvent stored)
    {
        var envelope = Facts(stored);
        envelope["inbox_id"] = stored.InboxId;
        envelope["thread_id"] = stored.ThreadId;
        envelope["message_id"] = stored.MessageId;
        envelope["timestamp"] = JsonSerializer.SerializeToNode(stored.CreatedAt, ApiJson.Wire.DateTimeOffset);
        return envelope;
    }

    private async Task AddMessageAsync(JsonObject json, StoredEvent stored, CancellationToken cancellationToken)
    {
        var scope = new Scope(stored.WorkspaceId);
        var message = await _messages.GetAsync(scope, stored.InboxId ?? "", stored.MessageId ?? "", cancellationToken).ConfigureAwait(false);
        if (message is null)
        {
            json["deleted"] = true;
            json["message"] = Envelope(stored);
            return;
        }

        var shown = await _reader.ReadAsync(scope, message, cancellationToken).ConfigureAwait(false);
        if ((shown.Text?.Length ?? 0) + (shown.Html?.Length ?? 0) + (shown.ExtractedText?.Length ?? 0) + (shown.ExtractedHtml?.Length ?? 0) > MaximumSize / 3)
            shown = Bounded(shown);
        json["message"] = JsonSerializer.SerializeToNode(shown, ApiJson.Wire.MessageResponse);
        if (await _threads.GetAsync(scope, message.ThreadId, cancellationToken).ConfigureAwait(false) is { } thread)
            json["thread"] = JsonSerializer.SerializeToNode(ThreadResponse.Of(thread), ApiJson.Wire.ThreadResponse);
    }

    // What is over 1 MB goes without bodies, as the contract has it; the API has them.
    private static MessageResponse Bounded(MessageResponse message) =>
        JsonSerializer.SerializeToUtf8Bytes(message, ApiJson.Wire.MessageResponse).Length <= MaximumSize ? message
        : message with { Text = null, Html = null, ExtractedText = null, ExtractedHtml = null };
}
