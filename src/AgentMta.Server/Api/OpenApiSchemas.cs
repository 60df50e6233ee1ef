using System.Text.Json;
using System.Text.Json.Nodes;
using System.Text.Json.Serialization.Metadata;

namespace AgentMta.Server.Api;

/// <summary>Turns the records of the wire into JSON Schema 2020-12, one component each, with the words of <see cref="OpenApiTerms"/>.</summary>
internal sealed class OpenApiSchemas
{
    private readonly Dictionary<string, (Type Type, bool IsRequest)> _written = new(StringComparer.Ordinal);

    /// <summary>All components so far.</summary>
    public JsonObject Components { get; } = [];

    /// <summary>The schema of what an answer carries: what may be null is left out instead, all else is always there.</summary>
    public JsonObject Response(JsonTypeInfo type) => Of(type.Type, type.Options, isRequest: false);

    /// <summary>The schema of what a request brings.</summary>
    public JsonObject Request(JsonTypeInfo type) => Of(type.Type, type.Options, isRequest: true);

    /// <summary>The fields of an object that something else carries, and those that are always there.</summary>
    public (JsonObject Properties, IReadOnlyList<string> Required) Fields(JsonTypeInfo type)
    {
        var (properties, required) = (new JsonObject(), new List<string>());
        Fill(type, isRequest: false, properties, required);
        return (properties, required);
    }

    private JsonObject Of(Type type, JsonSerializerOptions options, bool isRequest)
    {
        if (Nullable.GetUnderlyingType(type) is { } value)
            return Of(value, options, isRequest);
        if (type.IsGenericType && type.GetGenericTypeDefinition() == typeof(Optional<>))
            return OrNull(Of(type.GetGenericArguments()[0], options, isRequest));
        if (type == typeof(OneOrMany))
            return new JsonObject { ["anyOf"] = new JsonArray(Simple("string"), new JsonObject { ["type"] = "array", ["items"] = Simple("string") }) };
        if (type == typeof(JsonElement))
            return [];
        if (type == typeof(DateTimeOffset))
            return new JsonObject { ["type"] = "string", ["format"] = "date-time" };
        if (type == typeof(string))
            return Simple("string");
        if (type == typeof(bool))
            return Simple("boolean");
        if (type == typeof(int) || type == typeof(long))
            return Simple("integer");
        if (type == typeof(double))
            return Simple("number");
        var info = options.GetTypeInfo(type);
        return info.Kind switch
        {
            JsonTypeInfoKind.Dictionary => new JsonObject { ["type"] = "object", ["additionalProperties"] = Of(info.ElementType!, options, isRequest) },
            JsonTypeInfoKind.Enumerable => new JsonObject { ["type"] = "array", ["items"] = Of(info.ElementType!, options, isRequest) },
            JsonTypeInfoKind.Object => Component(info, isRequest),
            _ => throw new NotSupportedException($"{type} has no form in /openapi.json."),
        };
    }

    private JsonObject Component(JsonTypeInfo info, bool isRequest)
    {
        var name = info.Type.Name;
        var reference = new JsonObject { ["$ref"] = "#/components/schemas/" + name };
        if (_written.TryGetValue(name, out var before))
            return before == (info.Type, isRequest) ? reference : throw new NotSupportedException($"{name} would have two meanings in /openapi.json.");
        _written.Add(name, (info.Type, isRequest));
        var (properties, required) = (new JsonObject(), new List<string>());
        var schema = new JsonObject { ["type"] = "object", ["properties"] = properties };
        Components[name] = schema;
        Fill(info, isRequest, properties, required);
        if (required.Count > 0)
            schema["required"] = new JsonArray([.. required.Select(r => (JsonNode)r)]);
        return reference;
    }

    private void Fill(JsonTypeInfo info, bool isRequest, JsonObject properties, List<string> required)
    {
        foreach (var property in info.Properties)
        {
            var term = OpenApiTerms.Of(info.Type.Name, property.Name);
            properties[property.Name] = term.Describe(Of(property.PropertyType, info.Options, isRequest));
            if (isRequest ? term.Required : !property.IsGetNullable && Nullable.GetUnderlyingType(property.PropertyType) is null)
                required.Add(property.Name);
        }
    }

    private static JsonObject Simple(string type) => new() { ["type"] = type };

    private static JsonObject OrNull(JsonObject schema)
    {
        if (schema["type"] is JsonValue type && type.TryGetValue<string>(out var word))
        {
            schema["type"] = new JsonArray(word, "null");
            return schema;
        }

        return new JsonObject { ["anyOf"] = new JsonArray(schema, Simple("null")) };
    }
}
