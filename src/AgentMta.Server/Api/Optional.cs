using System.Diagnostics.CodeAnalysis;
using System.Text.Json;
using System.Text.Json.Serialization;

namespace AgentMta.Server.Api;

/// <summary>A member of a PATCH body: absent, null and a value are three things.</summary>
[JsonConverter(typeof(OptionalConverterFactory))]
internal readonly record struct Optional<T>(T? Value)
{
    /// <summary>Whether the body had the member at all, be it null.</summary>
    public bool IsGiven { get; } = true;

    /// <summary>The given value, or the old one where none was given.</summary>
    public T? Or(T? old) => IsGiven ? Value : old;
}

/// <summary>Makes the converter of each <see cref="Optional{T}"/>.</summary>
internal sealed class OptionalConverterFactory : JsonConverterFactory
{
    public override bool CanConvert(Type typeToConvert) => typeToConvert.IsGenericType && typeToConvert.GetGenericTypeDefinition() == typeof(Optional<>);

    [UnconditionalSuppressMessage("Trimming", "IL2055", Justification = "The server is not trimmed.")]
    public override JsonConverter CreateConverter(Type typeToConvert, JsonSerializerOptions options) =>
        (JsonConverter)Activator.CreateInstance(typeof(Converter<>).MakeGenericType(typeToConvert.GetGenericArguments()))!;

    private sealed class Converter<T> : JsonConverter<Optional<T>>
    {
        public override bool HandleNull => true;

        public override Optional<T> Read(ref Utf8JsonReader reader, Type typeToConvert, JsonSerializerOptions options)
        {
            try
            {
                return new(reader.TokenType == JsonTokenType.Null ? default : JsonSerializer.Deserialize(ref reader, (System.Text.Json.Serialization.Metadata.JsonTypeInfo<T>)options.GetTypeInfo(typeof(T))));
            }
            catch (JsonException e)
            {
                // Without its own path, which begins at the member: the reader of the whole body then says where that is.
                throw new JsonException(e.Message);
            }
        }

        public override void Write(Utf8JsonWriter writer, Optional<T> value, JsonSerializerOptions options) =>
            JsonSerializer.Serialize(writer, value.Value, (System.Text.Json.Serialization.Metadata.JsonTypeInfo<T?>)options.GetTypeInfo(typeof(T)));
    }
}
