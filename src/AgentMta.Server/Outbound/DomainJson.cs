using System.Text.Json.Serialization;
using AgentMta.Server.Model;

namespace AgentMta.Server.Outbound;

/// <summary>The JSON of the last check of a domain.</summary>
[JsonSourceGenerationOptions(PropertyNamingPolicy = JsonKnownNamingPolicy.SnakeCaseLower, DefaultIgnoreCondition = JsonIgnoreCondition.WhenWritingNull)]
[JsonSerializable(typeof(List<DomainRecord>))]
internal sealed partial class DomainJson : JsonSerializerContext;
