using System.Text.Json.Nodes;

namespace AgentMta.Server.Api;

/// <summary>The paths of /openapi.json that are no plain JSON routes: the websocket, signed downloads, the opt-out page, health, metrics and the document itself.</summary>
internal static class OpenApiPublicPaths
{
    /// <summary>Adds them.</summary>
    public static void AddTo(JsonObject paths)
    {
        paths["/v0"] = Path("get", "websocket", "events", "The websocket: send a SubscribeFrame, read a SubscribedFrame, then each Event; ErrorFrame where a frame is wrong. Clients that cannot set headers give api_key.",
            isPublic: false,
            [Parameter("api_key", "query", false, "The API key, where there is no Authorization header.")],
            new JsonObject { ["101"] = Described("The connection is a websocket now."), ["401"] = OpenApiErrors.Reference(401), ["426"] = OpenApiErrors.Reference(426), ["429"] = OpenApiErrors.Reference(429) });
        paths["/download/{workspace_id}/{inbox_id}/{message_key}/{what}"] = Path("get", "download", "public", "Fetch an attachment or a raw message by the URL that the API gave.", isPublic: true,
            [
                Parameter("workspace_id", "path", true, "As in the URL."), Parameter("inbox_id", "path", true, "As in the URL."), Parameter("message_key", "path", true, "As in the URL."),
                Parameter("what", "path", true, "As in the URL."), Parameter("expires", "query", true, "As in the URL."), Parameter("signature", "query", true, "As in the URL."),
                Parameter("Range", "header", false, "A range of bytes."),
            ],
            new JsonObject
            {
                ["200"] = Bytes("The bytes, never shown as active content."), ["206"] = Bytes("The range asked for."), ["403"] = OpenApiErrors.Reference(403), ["404"] = OpenApiErrors.Reference(404),
                ["416"] = OpenApiErrors.Reference(416),
            });
        var optOut = Path("get", "unsubscribe_ask", "public", "The opt-out page of a message; changes nothing.", isPublic: true, OptOutParameters(), Page());
        optOut["post"] = Path("post", "unsubscribe", "public", "Unsubscribe in one click (RFC 8058).", isPublic: true, OptOutParameters(), Page())["post"]!.DeepClone();
        paths["/unsubscribe/{domain}/{token}"] = optOut;
        paths["/healthz"] = Path("get", "health", "public", "Tell whether the server can do its work.", isPublic: true, [], new JsonObject { ["200"] = Json("It can.", Health()), ["503"] = Json("It cannot.", Health()) });
        paths["/metrics"] = Path("get", "metrics", "public", "Counters and gauges in the text format of Prometheus, for the addresses and the token that the operator set.", isPublic: true, [],
            new JsonObject { ["200"] = Text("text/plain", "Version 0.0.4 of the format."), ["401"] = Text("text/plain", "A token is set, and this is not it."), ["403"] = Text("text/plain", "Not for this address, and why.") });
        paths["/openapi.json"] = Path("get", "openapi", "public", "This document.", isPublic: true, [], new JsonObject { ["200"] = Json("OpenAPI 3.1.", new JsonObject { ["type"] = "object", ["additionalProperties"] = true }) });
    }

    private static JsonArray OptOutParameters() => [Parameter("domain", "path", true, "As in the URL."), Parameter("token", "path", true, "As in the URL.")];

    private static JsonObject Page() => new()
    {
        ["200"] = Text("text/html", "A page for people."), ["404"] = Text("text/html", "The link is not valid."),
    };

    private static JsonObject Health()
    {
        var lines = new JsonObject { ["type"] = "array", ["items"] = new JsonObject { ["type"] = "string" } };
        return new JsonObject
        {
            ["type"] = "object",
            ["properties"] = new JsonObject
            {
                ["status"] = new JsonObject { ["type"] = "string", ["enum"] = new JsonArray("ok", "warning", "failing") },
                ["version"] = new JsonObject { ["type"] = "string" },
                ["faults"] = lines,
                ["warnings"] = lines.DeepClone(),
            },
            ["required"] = new JsonArray("status", "version", "faults", "warnings"),
        };
    }

    private static JsonObject Path(string method, string id, string tag, string summary, bool isPublic, JsonArray parameters, JsonObject responses)
    {
        var operation = new JsonObject { ["operationId"] = id, ["summary"] = summary, ["tags"] = new JsonArray(tag), ["responses"] = responses };
        if (isPublic)
            operation["security"] = new JsonArray();
        if (parameters.Count > 0)
            operation["parameters"] = parameters;
        return new JsonObject { [method] = operation };
    }

    private static JsonObject Parameter(string name, string place, bool required, string text) =>
        new() { ["name"] = name, ["in"] = place, ["required"] = required, ["description"] = text, ["schema"] = new JsonObject { ["type"] = "string" } };

    private static JsonObject Described(string text) => new() { ["description"] = text };

    private static JsonObject Bytes(string text) => Text("*/*", text);

    private static JsonObject Text(string media, string text) =>
        new() { ["description"] = text, ["content"] = new JsonObject { [media] = new JsonObject { ["schema"] = new JsonObject { ["type"] = "string" } } } };

    private static JsonObject Json(string text, JsonObject schema) => new() { ["description"] = text, ["content"] = new JsonObject { ["application/json"] = new JsonObject { ["schema"] = schema } } };
}
