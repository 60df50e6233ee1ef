using System.Text.Json;
using System.Text.Json.Serialization;
using AgentMta.Server.Model;

namespace AgentMta.Server.Store;

/// <summary>The JSON of a delivery's options and of the facts in its events.</summary>
[JsonSourceGenerationOptions(PropertyNamingPolicy = JsonKnownNamingPolicy.SnakeCaseLower, DefaultIgnoreCondition = JsonIgnoreCondition.WhenWritingDefault)]
[JsonSerializable(typeof(DeliveryOptions))]
[JsonSerializable(typeof(RecipientFacts))]
[JsonSerializable(typeof(BounceFacts))]
[JsonSerializable(typeof(DeferralFacts))]
[JsonSerializable(typeof(ComplaintFacts))]
[JsonSerializable(typeof(RejectionFacts))]
[JsonSerializable(typeof(UnsubscribeFacts))]
[JsonSerializable(typeof(SuppressionFacts))]
internal sealed partial class DeliveryJson : JsonSerializerContext
{
    /// <summary>The options as a column; null where all are default.</summary>
    public static string? Write(DeliveryOptions options) => options == new DeliveryOptions() ? null : JsonSerializer.Serialize(options, Default.DeliveryOptions);

    /// <summary>The options of a column.</summary>
    public static DeliveryOptions ReadOptions(string? json) => string.IsNullOrEmpty(json) ? new() : JsonSerializer.Deserialize(json, Default.DeliveryOptions) ?? new();
}
