using System.Text.Json.Nodes;
using System.Text.Json.Serialization.Metadata;
using AgentMta.Server.Model;
using AgentMta.Server.Store;

namespace AgentMta.Server.Api;

/// <summary>What webhooks and the websocket carry: the schemas of <see cref="EventRenderer"/> and <see cref="LiveFeed"/>, and the webhook of /openapi.json.</summary>
internal sealed class OpenApiEvents(OpenApiSchemas schemas)
{
    private readonly JsonArray _events = [];

    /// <summary>The section webhooks; adds the schemas of all events and frames to the components.</summary>
    public JsonObject Webhooks()
    {
        AddReceived();
        AddFacts("EventMessageSent", EventTypes.Sent, "send", DeliveryJson.Default.RecipientFacts);
        AddFacts("EventMessageDelivered", EventTypes.Delivered, "delivery", DeliveryJson.Default.RecipientFacts);
        AddFacts("EventMessageBounced", EventTypes.Bounced, "bounce", DeliveryJson.Default.BounceFacts);
        AddFacts("EventMessageComplained", EventTypes.Complained, "complaint", DeliveryJson.Default.ComplaintFacts, "sub_type");
        AddFacts("EventMessageRejected", EventTypes.Rejected, "reject", DeliveryJson.Default.RejectionFacts);
        AddFacts("EventMessageOpened", EventTypes.Opened, "open", null);
        AddDomain();
        AddChange();
        schemas.Components["Event"] = new JsonObject { ["description"] = "One change of stored state.", ["oneOf"] = _events };
        schemas.Request(ApiJson.Wire.SubscribeFrame);
        schemas.Response(ApiJson.Wire.SubscribedFrame);
        schemas.Response(ApiJson.Wire.ErrorFrame);
        return new JsonObject { ["event"] = new JsonObject { ["post"] = Delivery() } };
    }

    private static JsonObject Delivery() => new()
    {
        ["operationId"] = "webhook_event",
        ["summary"] = "Tells an endpoint of an event. Any 2xx within 15 seconds takes it; else it is tried again for up to a day and becomes a dead letter. The order of events is not kept.",
        ["security"] = new JsonArray(),
        ["tags"] = new JsonArray("webhooks"),
        ["parameters"] = new JsonArray(
            Header("webhook-id", "The event's id: the same at each try. svix-id says the same."),
            Header("webhook-timestamp", "When it was signed, in seconds since 1970. svix-timestamp says the same."),
            Header("webhook-signature", "v1, and the base64 of HMAC-SHA256 over id.timestamp.body with the decoded secret; after a rotation several, separated by spaces. svix-signature says the same.")),
        ["requestBody"] = new JsonObject { ["required"] = true, ["content"] = new JsonObject { ["application/json"] = new JsonObject { ["schema"] = Reference("Event") } } },
        ["responses"] = new JsonObject { ["2XX"] = new JsonObject { ["description"] = "Taken." } },
    };

    private static JsonObject Header(string name, string text) =>
        new() { ["name"] = name, ["in"] = "header", ["required"] = true, ["description"] = text, ["schema"] = new JsonObject { ["type"] = "string" } };

    private void AddReceived()
    {
        string[] types = [EventTypes.Received, .. EventCatalog.Filtered.Keys];
        Add("EventMessageReceived", types, false, new JsonObject { ["message"] = schemas.Response(ApiJson.Wire.MessageResponse), ["thread"] = schemas.Response(ApiJson.Wire.ThreadResponse) }, "message");
        Add("EventMessageGone", types, true, new JsonObject { ["message"] = Object(Ids(), ["inbox_id", "thread_id", "message_id", "timestamp"]) }, "message");
    }

    private void AddDomain()
    {
        Add("EventDomainVerified", [EventTypes.DomainVerified], false, new JsonObject { ["domain"] = schemas.Response(ApiJson.Wire.DomainResponse) }, "domain");
        var gone = new JsonObject { ["domain_id"] = Field("domain_id"), ["domain"] = Field("domain") };
        Add("EventDomainGone", [EventTypes.DomainVerified], true, new JsonObject { ["domain"] = Object(gone, ["domain_id", "domain"]) }, "domain");
    }

    private void AddChange()
    {
        var ids = Ids();
        ids.Insert(0, "pod_id", Field("pod_id"));
        var change = Object(ids, ["timestamp"]);
        change["additionalProperties"] = true;
        Add("EventChange", EventCatalog.Further, false, new JsonObject { ["change"] = change }, "change");
    }

    private void AddFacts(string name, string type, string payload, JsonTypeInfo? facts, params string[] always)
    {
        var (properties, required) = (Ids(), new List<string> { "inbox_id", "thread_id", "message_id", "timestamp" });
        if (facts is not null)
        {
            var (more, needed) = schemas.Fields(facts);
            foreach (var (key, schema) in more.ToList())
                properties[key] = schema!.DeepClone();
            required.AddRange(needed);
        }

        Add(name, [type], false, new JsonObject { [payload] = Object(properties, [.. required, .. always]) }, payload);
    }

    private void Add(string name, IEnumerable<string> types, bool isDeleted, JsonObject payload, string required)
    {
        var properties = new JsonObject
        {
            ["type"] = new JsonObject { ["const"] = "event", ["description"] = "What the frame is." },
            ["event_type"] = new JsonObject
            {
                ["type"] = "string", ["enum"] = new JsonArray([.. types.Order(StringComparer.Ordinal).Select(t => (JsonNode)t)]), ["description"] = "What happened.",
            },
            ["event_id"] = Field("event_id"),
            ["cursor"] = OpenApiTerms.Of("", "cursor").Describe(new JsonObject { ["type"] = "integer" }),
        };
        var needed = new List<string> { "type", "event_type", "event_id", "cursor", required };
        if (isDeleted)
        {
            properties["deleted"] = new JsonObject { ["const"] = true, ["description"] = "What the event tells of is gone." };
            needed.Add("deleted");
        }

        foreach (var (key, schema) in payload.ToList())
        {
            var field = schema!.DeepClone().AsObject();
            field["description"] = key == "thread" ? "Its thread, as a list shows it." : isDeleted ? "The ids of what was there." : "What the event tells of, as it is when it is delivered.";
            properties[key] = field;
        }

        schemas.Components[name] = Object(properties, needed);
        _events.Add((JsonNode)Reference(name));
    }

    private static JsonObject Ids() => new()
    {
        ["inbox_id"] = Field("inbox_id"),
        ["thread_id"] = Field("thread_id"),
        ["message_id"] = Field("message_id"),
        ["timestamp"] = new JsonObject { ["type"] = "string", ["format"] = "date-time", ["description"] = "When it happened." },
    };

    private static JsonObject Field(string name) => OpenApiTerms.Of("", name).Describe(new JsonObject { ["type"] = "string" });

    private static JsonObject Object(JsonObject properties, IReadOnlyList<string> required) =>
        new() { ["type"] = "object", ["properties"] = properties, ["required"] = new JsonArray([.. required.Select(r => (JsonNode)r)]) };

    private static JsonObject Reference(string name) => new() { ["$ref"] = "#/components/schemas/" + name };
}
