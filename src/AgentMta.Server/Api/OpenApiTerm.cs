using System.Text.Json.Nodes;

namespace AgentMta.Server.Api;

/// <summary>What a field means, with the bounds that its reader holds.</summary>
internal sealed record OpenApiTerm(string Text)
{
    public object? Example { get; init; }

    /// <summary>The only values there are.</summary>
    public IReadOnlyList<string>? Words { get; init; }

    public string? Format { get; init; }

    public string? Pattern { get; init; }

    public long? Minimum { get; init; }

    public long? Maximum { get; init; }

    public int? MinLength { get; init; }

    public int? MaxLength { get; init; }

    public int? MinItems { get; init; }

    public int? MaxItems { get; init; }

    /// <summary>Whether a request without it is refused.</summary>
    public bool Required { get; init; }

    /// <summary>A whole schema, where the type does not tell it.</summary>
    public string? Schema { get; init; }

    /// <summary>The schema of the type with all of this added.</summary>
    public JsonObject Describe(JsonObject schema)
    {
        var described = Schema is null ? schema : JsonNode.Parse(Schema)!.AsObject();
        described["description"] = Text;
        if (Words is not null)
            Narrow(described)["enum"] = new JsonArray([.. Words.Select(w => (JsonNode)w)]);
        Set(Narrow(described), "format", Format);
        Set(Narrow(described), "pattern", Pattern);
        Set(Narrow(described), "minLength", MinLength);
        Set(Narrow(described), "maxLength", MaxLength);
        Set(described, "minimum", Minimum);
        Set(described, "maximum", Maximum);
        Set(described, "minItems", MinItems);
        Set(described, "maxItems", MaxItems);
        if (Example is not null)
            described["examples"] = new JsonArray(Node(Example));
        return described;
    }

    // Of a list the bounds of a word are those of its items.
    private static JsonObject Narrow(JsonObject schema) => schema["items"] is JsonObject items ? items : schema;

    private static void Set<T>(JsonObject schema, string key, T? value)
    {
        if (value is not null)
            schema[key] = JsonValue.Create(value);
    }

    private static JsonNode? Node(object example) => example switch
    {
        string text => text,
        bool flag => flag,
        int number => number,
        string[] words => new JsonArray([.. words.Select(w => (JsonNode)w)]),
        _ => throw new NotSupportedException($"An example cannot be {example.GetType()}."),
    };
}
