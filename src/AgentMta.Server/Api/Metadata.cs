using System.Text.Json;

namespace AgentMta.Server.Api;

/// <summary>The caller's own notes on an inbox: a flat map of strings, numbers and booleans.</summary>
internal static class Metadata
{
    private const int MaximumKeys = 256;
    private const int MaximumLength = 256;

    /// <summary>Refuses what the contract does not take; null values drop a key where a change is asked for.</summary>
    public static void Check(Dictionary<string, JsonElement>? metadata, bool allowNull = false)
    {
        if (metadata is null)
            return;
        if (metadata.Count > MaximumKeys)
            throw ApiException.Invalid("metadata", $"At most {MaximumKeys} keys are taken.");
        foreach (var (key, value) in metadata)
        {
            if (key.Length is 0 or > MaximumLength)
                throw ApiException.Invalid("metadata", $"A key has 1 to {MaximumLength} characters.");
            var right = value.ValueKind switch
            {
                JsonValueKind.String => value.GetString()!.Length <= MaximumLength,
                JsonValueKind.Number or JsonValueKind.True or JsonValueKind.False => true,
                JsonValueKind.Null => allowNull,
                _ => false,
            };
            if (!right)
                throw ApiException.Invalid("metadata", $"{key}: a value is a string of at most {MaximumLength} characters, a number or a boolean.");
        }
    }

    /// <summary>The column of a map.</summary>
    public static string? Write(IReadOnlyDictionary<string, JsonElement>? metadata) =>
        metadata is null || metadata.Count == 0 ? null : JsonSerializer.Serialize(metadata, ApiJson.Wire.IReadOnlyDictionaryStringJsonElement);

    /// <summary>The map of a column.</summary>
    public static IReadOnlyDictionary<string, JsonElement>? Read(string? json) => json is null ? null : JsonSerializer.Deserialize(json, ApiJson.Wire.DictionaryStringJsonElement);

    /// <summary>The column after a change: null clears all, a null value drops its key.</summary>
    public static string? Merge(string? old, Dictionary<string, JsonElement>? change)
    {
        if (change is null)
            return null;
        var merged = old is null ? [] : JsonSerializer.Deserialize(old, ApiJson.Wire.DictionaryStringJsonElement) ?? [];
        foreach (var (key, value) in change)
        {
            if (value.ValueKind == JsonValueKind.Null)
                merged.Remove(key);
            else
                merged[key] = value;
        }

        Check(merged);
        return Write(merged);
    }
}
