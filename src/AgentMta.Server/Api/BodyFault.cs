using System.Text.Json;
using System.Text.Json.Serialization.Metadata;

namespace AgentMta.Server.Api;

/// <summary>Says what is wrong with a body that could not be read: where it stops being JSON, or which field is to be of which type.</summary>
internal static class BodyFault
{
    private const string OwnWords = "It is ";

    /// <summary>The error of the wire for a body that is no <paramref name="type"/>.</summary>
    public static ApiException Of(JsonException fault, ReadOnlySpan<byte> body, JsonTypeInfo type)
    {
        var broken = Broken(body);
        var path = broken is null ? (fault.Path ?? "$").TrimStart('$').Split(['.', '[', ']'], StringSplitOptions.RemoveEmptyEntries) : [];
        var message = broken ?? Said(fault) ?? Expected(Resolve(type, path));
        return new ApiException(
            400, "validation_error", $"{(path.Length == 0 ? "body" : string.Join('.', path))}: {message}", "See /openapi.json for the fields and their types.", [new FieldError(path, message)]);
    }

    // Read again to its end: within a member that has a converter of its own the first fault does not tell the two cases apart, nor where it stands in the whole.
    private static string? Broken(ReadOnlySpan<byte> body)
    {
        var reader = new Utf8JsonReader(body, new JsonReaderOptions { MaxDepth = ApiJson.Wire.Options.MaxDepth });
        try
        {
            while (reader.Read())
            {
            }

            return null;
        }
        catch (JsonException e)
        {
            var end = e.Message.IndexOf(" LineNumber:", StringComparison.Ordinal);
            return $"It is no JSON at line {e.LineNumber + 1}, octet {e.BytePositionInLine + 1}: {(end < 0 ? e.Message : e.Message[..end])}";
        }
    }

    // The sentence of one of our own converters, which knows its form best.
    private static string? Said(JsonException fault) =>
        fault.InnerException is null && fault.Message.StartsWith(OwnWords, StringComparison.Ordinal) ? fault.Message[..(fault.Message.IndexOf('.', StringComparison.Ordinal) + 1)] : null;

    private static Type? Resolve(JsonTypeInfo type, string[] path)
    {
        var at = type;
        foreach (var step in path)
        {
            var next = at.Kind switch
            {
                JsonTypeInfoKind.Object => at.Properties.FirstOrDefault(p => p.Name == step)?.PropertyType,
                JsonTypeInfoKind.Enumerable or JsonTypeInfoKind.Dictionary => at.ElementType,
                _ => null,
            };
            if (next is null || ApiJson.Wire.GetTypeInfo(Bare(next)) is not { } found)
                return next;
            at = found;
        }

        return at.Type;
    }

    private static Type Bare(Type type)
    {
        var bare = Nullable.GetUnderlyingType(type) ?? type;
        return bare.IsGenericType && bare.GetGenericTypeDefinition() == typeof(Optional<>) ? Bare(bare.GetGenericArguments()[0]) : bare;
    }

    private static string Expected(Type? given)
    {
        if (given is null)
            return "It has not the form that the contract gives.";
        return OwnWords + Word(Bare(given)) + ".";
    }

    private static string Word(Type type)
    {
        if (type == typeof(string))
            return "a string";
        if (type == typeof(bool))
            return "true or false";
        if (type == typeof(int) || type == typeof(long))
            return "a whole number";
        if (type == typeof(double) || type == typeof(decimal))
            return "a number";
        if (ApiJson.Wire.GetTypeInfo(type) is not { } info)
            return "a value of another type";
        return info.Kind switch
        {
            JsonTypeInfoKind.Enumerable => info.ElementType == typeof(string) ? "an array of strings" : "an array",
            _ => "a JSON object",
        };
    }
}
