using System.Globalization;
using System.Text.Json.Nodes;
using System.Text.Json.Schema;
using System.Text.Json.Serialization.Metadata;
using Microsoft.AspNetCore.Http;

namespace AgentMta.Server.Api;

/// <summary>Describes every route in OpenAPI 3.1, written from the same records that serve them, so that it cannot tell anything else.</summary>
internal static class OpenApiDocument
{
    /// <summary>Serves the document; it tells nothing of anybody and needs no key.</summary>
    public static void Map(IEndpointRouteBuilder app, IReadOnlyList<ApiRoute> routes)
    {
        var text = new Lazy<string>(() => Write(routes).ToJsonString());
        app.MapGet("/openapi.json", () => Results.Text(text.Value, "application/json"));
    }

    private static JsonObject Write(IReadOnlyList<ApiRoute> routes)
    {
        var schemas = new JsonObject();
        var paths = new JsonObject();
        foreach (var route in routes)
        {
            if (paths[route.Pattern] is not JsonObject path)
                paths[route.Pattern] = path = [];
            path[route.Method.ToLowerInvariant()] = Operation(route, schemas);
        }

        return new JsonObject
        {
            ["openapi"] = "3.1.0",
            ["info"] = new JsonObject { ["title"] = "AgentMta", ["version"] = typeof(OpenApiDocument).Assembly.GetName().Version?.ToString(3) },
            ["security"] = new JsonArray(new JsonObject { ["key"] = new JsonArray() }),
            ["paths"] = paths,
            ["components"] = new JsonObject
            {
                ["securitySchemes"] = new JsonObject { ["key"] = new JsonObject { ["type"] = "http", ["scheme"] = "bearer" } },
                ["schemas"] = schemas,
            },
        };
    }

    private static JsonObject Operation(ApiRoute route, JsonObject schemas)
    {
        var operation = new JsonObject { ["summary"] = route.Summary };
        if (route.Permission is { } permission)
            operation["description"] = route.AlsoNeeds is { } further ? $"Needs the permissions {permission} and {further}." : $"Needs the permission {permission}.";
        var parameters = new JsonArray();
        foreach (var name in RoutePatternNames(route.Pattern))
            parameters.Add(new JsonObject { ["name"] = name, ["in"] = "path", ["required"] = true, ["schema"] = new JsonObject { ["type"] = "string" } });
        foreach (var query in route.Query)
            parameters.Add(new JsonObject { ["name"] = query.Name, ["in"] = "query", ["required"] = query.Required, ["schema"] = QuerySchema(query.Type) });
        if (parameters.Count > 0)
            operation["parameters"] = parameters;
        if (route.Request is { } request)
            operation["requestBody"] = new JsonObject { ["required"] = !route.BodyOptional, ["content"] = Content("application/json", Reference(request, schemas)) };
        operation["responses"] = Responses(route, schemas);
        return operation;
    }

    private static JsonObject Responses(ApiRoute route, JsonObject schemas)
    {
        var responses = new JsonObject();
        if (route.Response is { } response)
            responses["200"] = new JsonObject { ["description"] = "Done.", ["content"] = Content("application/json", Reference(response, schemas)) };
        else if (route.Media is { } media)
            responses["200"] = new JsonObject { ["description"] = "Done.", ["content"] = Content(media, new JsonObject { ["type"] = "string" }) };
        else
            responses["204"] = new JsonObject { ["description"] = "Done." };
        foreach (var status in route.Errors.Append(401).Append(429).Distinct().Order())
            responses[status.ToString(CultureInfo.InvariantCulture)] = new JsonObject { ["description"] = "An error.", ["content"] = Content("application/json", Reference(ApiJson.Wire.ErrorResponse, schemas)) };
        return responses;
    }

    private static JsonObject Content(string media, JsonNode schema) => new() { [media] = new JsonObject { ["schema"] = schema } };

    private static JsonObject Reference(JsonTypeInfo type, JsonObject schemas)
    {
        var name = Name(type.Type);
        if (!schemas.ContainsKey(name))
        {
            var schema = type.GetJsonSchemaAsNode();
            Rebase(schema, "#/components/schemas/" + name);
            schemas[name] = schema;
        }

        return new JsonObject { ["$ref"] = "#/components/schemas/" + name };
    }

    // The exporter points from the root of its own schema, which here lies deeper.
    private static void Rebase(JsonNode? node, string root)
    {
        if (node is JsonObject entries)
        {
            foreach (var (key, value) in entries.ToList())
            {
                if (key == "$ref" && value is JsonValue pointer && pointer.TryGetValue<string>(out var text) && text.StartsWith('#'))
                    entries["$ref"] = root + text[1..];
                else
                    Rebase(value, root);
            }
        }
        else if (node is JsonArray items)
        {
            foreach (var item in items)
                Rebase(item, root);
        }
    }

    private static string Name(Type type) => type.IsGenericType ? type.Name[..type.Name.IndexOf('`')] + "Of" + string.Concat(type.GetGenericArguments().Select(Name)) : type.Name;

    private static IEnumerable<string> RoutePatternNames(string pattern) => pattern.Split('/').Where(p => p.StartsWith('{')).Select(p => p.Trim('{', '}', '*').Split(':')[0]);

    private static JsonObject QuerySchema(string type) => type switch
    {
        "list" => new JsonObject { ["type"] = "string", ["description"] = "A JSON array of strings; the parameter may also be repeated, or hold one word." },
        "date-time" => new JsonObject { ["type"] = "string", ["format"] = "date-time" },
        _ => new JsonObject { ["type"] = type },
    };
}
