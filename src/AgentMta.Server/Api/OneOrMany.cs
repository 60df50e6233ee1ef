using System.Collections;
using System.Text.Json;
using System.Text.Json.Serialization;

namespace AgentMta.Server.Api;

/// <summary>A member that clients write as one string or as an array of strings.</summary>
[JsonConverter(typeof(OneOrManyConverter))]
internal sealed class OneOrMany(IReadOnlyList<string> values) : IReadOnlyList<string>
{
    public int Count => values.Count;

    public string this[int index] => values[index];

    public IEnumerator<string> GetEnumerator() => values.GetEnumerator();

    IEnumerator IEnumerable.GetEnumerator() => GetEnumerator();
}

/// <summary>Reads both forms.</summary>
internal sealed class OneOrManyConverter : JsonConverter<OneOrMany>
{
    public override OneOrMany Read(ref Utf8JsonReader reader, Type typeToConvert, JsonSerializerOptions options)
    {
        if (reader.TokenType == JsonTokenType.String)
            return new OneOrMany([reader.GetString()!]);
        if (reader.TokenType != JsonTokenType.StartArray)
            throw new JsonException("It is a string or an array of strings.");
        var values = new List<string>();
        while (reader.Read() && reader.TokenType != JsonTokenType.EndArray)
            values.Add(reader.TokenType == JsonTokenType.String ? reader.GetString()! : throw new JsonException("It is a string or an array of strings."));
        return new OneOrMany(values);
    }

    public override void Write(Utf8JsonWriter writer, OneOrMany value, JsonSerializerOptions options)
    {
        writer.WriteStartArray();
        foreach (var one in value)
            writer.WriteStringValue(one);
        writer.WriteEndArray();
    }
}
