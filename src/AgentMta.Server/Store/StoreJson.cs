using System.Text.Encodings.Web;
using System.Text.Json;
using System.Text.Json.Serialization;
using AgentMta.Server.Model;

namespace AgentMta.Server.Store;

/// <summary>The JSON of columns that hold lists: source-generated, so that the hot path reflects nothing.</summary>
[JsonSourceGenerationOptions(PropertyNamingPolicy = JsonKnownNamingPolicy.SnakeCaseLower, DefaultIgnoreCondition = JsonIgnoreCondition.WhenWritingNull)]
[JsonSerializable(typeof(IReadOnlyList<string>))]
[JsonSerializable(typeof(List<string>))]
[JsonSerializable(typeof(Dictionary<string, long>))]
[JsonSerializable(typeof(List<StoredAttachment>))]
[JsonSerializable(typeof(IReadOnlyList<StoredAttachment>))]
[JsonSerializable(typeof(List<int[]>))]
[JsonSerializable(typeof(string))]
[JsonSerializable(typeof(DraftContent))]
[JsonSerializable(typeof(ReportFacts))]
internal sealed partial class StoreJson : JsonSerializerContext
{
    /// <summary>Writes letters and angle brackets as they are: columns are searched as text, and shown to nobody as HTML.</summary>
    private static readonly StoreJson Plain = new(new JsonSerializerOptions { Encoder = JavaScriptEncoder.UnsafeRelaxedJsonEscaping });

    /// <summary>A list as a column; null for an empty one.</summary>
    public static string? Write(IReadOnlyList<string> values) => values.Count == 0 ? null : JsonSerializer.Serialize(values, Plain.IReadOnlyListString);

    /// <summary>A text as it stands in the list of a column, with its quotation marks.</summary>
    public static string Quote(string text) => JsonSerializer.Serialize(text, Plain.String);

    /// <summary>The list of a column; empty for NULL.</summary>
    public static List<string> ReadList(string? json) => string.IsNullOrEmpty(json) ? [] : JsonSerializer.Deserialize(json, Default.ListString) ?? [];

    /// <summary>The attachments of a column; empty for NULL.</summary>
    public static List<StoredAttachment> ReadAttachments(string? json) => string.IsNullOrEmpty(json) ? [] : JsonSerializer.Deserialize(json, Default.ListStoredAttachment) ?? [];

    /// <summary>The counts of a column, for instance of a thread's labels.</summary>
    public static Dictionary<string, long> ReadCounts(string? json) => string.IsNullOrEmpty(json) ? [] : JsonSerializer.Deserialize(json, Default.DictionaryStringInt64) ?? [];

    /// <summary>Counts as a column.</summary>
    public static string WriteCounts(Dictionary<string, long> counts) => JsonSerializer.Serialize(counts, Plain.DictionaryStringInt64);
}
