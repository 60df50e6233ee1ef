using System.Globalization;
using System.Text.Json.Nodes;

namespace AgentMta.Server.Api;

/// <summary>The error answers of /openapi.json, one for each status with the codes that it can carry.</summary>
internal static class OpenApiErrors
{
    private static readonly Dictionary<int, (string Name, string Text)> Statuses = new()
    {
        [400] = ("ValidationError", "A field is missing or wrong."),
        [401] = ("UnauthorizedError", "No API key, or none that works."),
        [403] = ("ForbiddenError", "The key may not, or policy forbids it."),
        [404] = ("NotFoundError", "It does not exist within the key's scope."),
        [409] = ("ConflictError", "It stands against what is there."),
        [413] = ("PayloadTooLargeError", "The body is too large."),
        [415] = ("UnsupportedMediaTypeError", "The body is not JSON."),
        [416] = ("RangeError", "There is nothing in that range."),
        [422] = ("UnprocessableError", "Well formed, and cannot be done."),
        [426] = ("UpgradeRequiredError", "This is the websocket."),
        [429] = ("RateLimitError", "Too often."),
        [500] = ("InternalError", "The server failed."),
        [503] = ("ServiceUnavailableError", "Not now; nothing was changed."),
    };

    /// <summary>A response that stands among the components.</summary>
    public static JsonObject Reference(int status) => new() { ["$ref"] = "#/components/responses/" + Statuses[status].Name };

    /// <summary>The components.</summary>
    public static JsonObject Responses(JsonObject errorSchema)
    {
        var responses = new JsonObject();
        foreach (var (status, (name, text)) in Statuses)
        {
            var codes = ErrorCodes.All.Where(e => e.Status == status).ToList();
            var schema = errorSchema.DeepClone().AsObject();
            schema["properties"] = new JsonObject { ["code"] = new JsonObject { ["enum"] = new JsonArray([.. codes.Select(c => (JsonNode)c.Code)]) } };
            if (status == 400)
                schema["required"] = new JsonArray("errors");
            var response = new JsonObject
            {
                ["description"] = text + " " + string.Join(' ', codes.Select(c => $"{c.Code}: {c.Cause} {c.Help}")),
                ["content"] = new JsonObject { ["application/json"] = new JsonObject { ["schema"] = schema } },
            };
            if (Header(status) is { } header)
                response["headers"] = header;
            responses[name] = response;
        }

        return responses;
    }

    private static JsonObject? Header(int status) => status switch
    {
        401 => One("WWW-Authenticate", new JsonObject { ["type"] = "string", ["const"] = "Bearer" }, "How to authenticate."),
        429 or 503 => One("Retry-After", new JsonObject { ["type"] = "integer", ["minimum"] = 1 }, "Seconds to wait before the next try."),
        _ => null,
    };

    private static JsonObject One(string name, JsonObject schema, string text) => new() { [name] = new JsonObject { ["description"] = text, ["required"] = true, ["schema"] = schema } };
}
