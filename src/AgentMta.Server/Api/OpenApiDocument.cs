using System.Globalization;
using System.Text.Json.Nodes;
using Microsoft.AspNetCore.Http;

namespace AgentMta.Server.Api;

/// <summary>Describes every route in OpenAPI 3.1, written from the same records that serve them, so that it cannot tell anything else.</summary>
internal sealed class OpenApiDocument
{
    // In this order; a route belongs to the first of its path's words below pod or inbox.
    private static readonly (string Tag, string Text)[] Tags =
    [
        ("inboxes", "Addresses with their mail."), ("messages", "What came and what was sent."), ("threads", "Conversations."), ("drafts", "Messages not sent yet, and schedules."),
        ("lists", "Who may write to an inbox and whom it may write to."), ("webhooks", "Events posted to you, signed."), ("domains", "Sending domains and their DNS records."),
        ("api-keys", "Credentials and what they may do."), ("pods", "Tenants apart from each other."), ("metrics", "Counts over time."), ("events", "Every change in one durable order."),
        ("auth", "Who am I."), ("organizations", "What the workspace has."), ("use-cases", "Postures of sender addresses."), ("suppressions", "Addresses that get no more mail."), ("queue", "What waits to be delivered."),
        ("refusals", "Mail that was refused at the door."), ("auth-failures", "Networks that fail to authenticate, for the operator."), ("public", "What needs no API key."),
    ];

    private readonly OpenApiSchemas _schemas = new();
    private readonly ApiOptions _options;

    private OpenApiDocument(ApiOptions options) => _options = options;

    /// <summary>Serves the document; it tells nothing of anybody and needs no key.</summary>
    public static void Map(IEndpointRouteBuilder app, IReadOnlyList<ApiRoute> routes, ApiOptions options)
    {
        var text = new Lazy<string>(() => Write(routes, options).ToJsonString());
        app.MapGet("/openapi.json", () => Results.Text(text.Value, "application/json"));
    }

    /// <summary>The document of these routes.</summary>
    public static JsonObject Write(IReadOnlyList<ApiRoute> routes, ApiOptions options) => new OpenApiDocument(options).Write(routes);

    /// <summary>The error statuses of a route: what it names, and what follows from its being a route with a key, a path, parameters or a body.</summary>
    public static IEnumerable<int> Statuses(ApiRoute route)
    {
        var statuses = new SortedSet<int>(route.Errors) { 401, 429, 500, 503 };
        if (route.Query.Count > 0 || route.Request is not null)
            statuses.Add(400);
        if (route.Permission is not null || route.Pattern.Contains("{pod_id}", StringComparison.Ordinal))
            statuses.Add(403);
        if (route.Pattern.Contains('{', StringComparison.Ordinal))
            statuses.Add(404);
        if (route.Request is not null)
            statuses.UnionWith([413, 415]);
        return statuses;
    }

    private JsonObject Write(IReadOnlyList<ApiRoute> routes)
    {
        var paths = new JsonObject();
        foreach (var route in routes)
        {
            if (paths[route.Pattern] is not JsonObject path)
                paths[route.Pattern] = path = [];
            path[route.Method.ToLowerInvariant()] = Operation(route);
        }

        OpenApiPublicPaths.AddTo(paths);
        var webhooks = new OpenApiEvents(_schemas).Webhooks();
        var errors = OpenApiErrors.Responses(_schemas.Response(ApiJson.Wire.ErrorResponse));
        return new JsonObject
        {
            ["openapi"] = "3.1.0",
            ["info"] = new JsonObject
            {
                ["title"] = "AgentMta",
                ["version"] = typeof(OpenApiDocument).Assembly.GetName().Version?.ToString(3),
                ["summary"] = "E-mail for software agents, over HTTP.",
                ["license"] = new JsonObject { ["name"] = "MIT", ["identifier"] = "MIT" },
            },
            ["servers"] = new JsonArray(new JsonObject { ["url"] = "/" }),
            ["security"] = new JsonArray(new JsonObject { ["key"] = new JsonArray() }),
            ["tags"] = new JsonArray([.. Tags.Select(t => (JsonNode)new JsonObject { ["name"] = t.Tag, ["description"] = t.Text })]),
            ["paths"] = paths,
            ["webhooks"] = webhooks,
            ["components"] = new JsonObject
            {
                ["securitySchemes"] = new JsonObject
                {
                    ["key"] = new JsonObject { ["type"] = "http", ["scheme"] = "bearer", ["description"] = "An API key; that of the first start lies in DATA/api-key." },
                },
                ["schemas"] = _schemas.Components,
                ["responses"] = errors,
            },
        };
    }

    private JsonObject Operation(ApiRoute route)
    {
        var operation = new JsonObject
        {
            ["operationId"] = OperationId(route),
            ["summary"] = route.Summary,
            ["tags"] = new JsonArray(Tag(route.Pattern)),
        };
        if (route.Permission is { } permission)
            operation["description"] = route.AlsoNeeds is { } further ? $"Needs the permissions {permission} and {further}." : $"Needs the permission {permission}.";
        var parameters = new JsonArray();
        foreach (var name in RoutePatternNames(route.Pattern))
            parameters.Add(Parameter(name, "path", true, OpenApiTerms.OfParameter(name).Describe(new JsonObject { ["type"] = "string" })));
        foreach (var query in route.Query)
            parameters.Add(Query(query));
        if (route.IsIdempotent)
        {
            parameters.Add(Parameter("Idempotency-Key", "header", false, new JsonObject
            {
                ["type"] = "string", ["pattern"] = "^[A-Za-z0-9._~-]{1,256}$", ["description"] = "The same key with the same request sends once and answers the same; with another request it is 409.",
            }));
        }

        if (parameters.Count > 0)
            operation["parameters"] = parameters;
        if (route.Request is { } request)
            operation["requestBody"] = new JsonObject { ["required"] = !route.BodyOptional, ["content"] = Content("application/json", With(_schemas.Request(request), route.Needed)) };
        operation["responses"] = Responses(route);
        return operation;
    }

    private JsonObject Responses(ApiRoute route)
    {
        var responses = new JsonObject();
        if (route.Response is { } response)
        {
            var content = Content("application/json", With(_schemas.Response(response), route.Present));
            if (route.OtherMedia is { } other)
                content[other] = new JsonObject { ["schema"] = new JsonObject { ["type"] = "string" } };
            responses["200"] = new JsonObject { ["description"] = "Done.", ["content"] = content };
        }
        else if (route.Media is { } media)
        {
            responses["200"] = new JsonObject { ["description"] = "Done.", ["content"] = Content(media, new JsonObject { ["type"] = "string" }) };
        }
        else
        {
            responses["204"] = new JsonObject { ["description"] = "Done; there is no body." };
        }

        foreach (var status in Statuses(route))
            responses[status.ToString(CultureInfo.InvariantCulture)] = OpenApiErrors.Reference(status);
        return responses;
    }

    private JsonObject Query(QueryParameter query)
    {
        var term = OpenApiTerms.OfParameter(query.Meaning ?? query.Name);
        // One parameter with a JSON array, as the SDK writes it.
        if (query.Type == "list")
        {
            var array = term.Describe(new JsonObject { ["type"] = "array", ["items"] = new JsonObject { ["type"] = "string" }, ["maxItems"] = QueryReader.MaximumValues });
            return new JsonObject
            {
                ["name"] = query.Name, ["in"] = "query", ["required"] = query.Required, ["description"] = "A JSON array; the parameter may also be repeated, or hold one bare word.", ["content"] = Content("application/json", array),
            };
        }

        var schema = term.Describe(query.Type switch
        {
            "date-time" => new JsonObject { ["type"] = "string", ["format"] = "date-time" },
            "cursor" => new JsonObject { ["anyOf"] = new JsonArray(new JsonObject { ["type"] = "integer", ["minimum"] = 0 }, new JsonObject { ["const"] = "now" }) },
            _ => new JsonObject { ["type"] = query.Type },
        });
        if (query.Name == "wait")
            schema["maximum"] = (int)_options.MaxWait.TotalSeconds;
        return Parameter(query.Name, "query", query.Required, schema);
    }

    private static JsonObject With(JsonObject schema, IReadOnlyList<string> required)
    {
        if (required.Count > 0)
            schema["required"] = new JsonArray([.. required.Select(r => (JsonNode)r)]);
        return schema;
    }

    private static JsonObject Parameter(string name, string place, bool required, JsonObject schema) => new() { ["name"] = name, ["in"] = place, ["required"] = required, ["schema"] = schema };

    private static JsonObject Content(string media, JsonNode schema) => new() { [media] = new JsonObject { ["schema"] = schema } };

    private static string OperationId(ApiRoute route) =>
        route.Method.ToLowerInvariant() + string.Concat(route.Pattern.Split('/').Skip(2).Select(p => "_" + p.Trim('{', '}').Replace('-', '_')));

    private static string Tag(string pattern)
    {
        var words = pattern.Split('/').Skip(2).Where(p => !p.StartsWith('{')).ToList();
        var scoped = words.Count > 1 && words[0] is "pods" or "inboxes" ? words.Skip(1) : words;
        return Array.Find(Tags, t => scoped.Contains(t.Tag)).Tag ?? (pattern.Contains("unread", StringComparison.Ordinal) ? "messages" : words[0]);
    }

    private static IEnumerable<string> RoutePatternNames(string pattern) => pattern.Split('/').Where(p => p.StartsWith('{')).Select(p => p.Trim('{', '}', '*').Split(':')[0]);
}
