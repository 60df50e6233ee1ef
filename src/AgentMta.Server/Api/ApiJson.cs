using System.Text.Encodings.Web;
using System.Text.Json;
using System.Text.Json.Serialization;

namespace AgentMta.Server.Api;

/// <summary>The JSON of the wire: snake_case, absent for null, times in UTC; source-generated.</summary>
[JsonSourceGenerationOptions(PropertyNamingPolicy = JsonKnownNamingPolicy.SnakeCaseLower)]
[JsonSerializable(typeof(ErrorResponse))]
[JsonSerializable(typeof(List<string>))]
[JsonSerializable(typeof(IReadOnlyList<string>))]
[JsonSerializable(typeof(Dictionary<string, JsonElement>))]
[JsonSerializable(typeof(IReadOnlyDictionary<string, JsonElement>))]
[JsonSerializable(typeof(InboxResponse))]
[JsonSerializable(typeof(InboxList))]
[JsonSerializable(typeof(CreateInboxRequest))]
[JsonSerializable(typeof(UpdateInboxRequest))]
[JsonSerializable(typeof(MessageResponse))]
[JsonSerializable(typeof(MessageList))]
[JsonSerializable(typeof(UpdateMessageRequest))]
[JsonSerializable(typeof(MessageLabelsResponse))]
[JsonSerializable(typeof(RawResponse))]
[JsonSerializable(typeof(AttachmentResponse))]
[JsonSerializable(typeof(TraceResponse))]
[JsonSerializable(typeof(UnreadCountResponse))]
[JsonSerializable(typeof(SendMessageRequest))]
[JsonSerializable(typeof(SendMessageResponse))]
[JsonSerializable(typeof(ThreadResponse))]
[JsonSerializable(typeof(ThreadList))]
[JsonSerializable(typeof(UpdateThreadRequest))]
[JsonSerializable(typeof(ThreadLabelsResponse))]
[JsonSerializable(typeof(UseCaseResponse))]
[JsonSerializable(typeof(UseCaseList))]
[JsonSerializable(typeof(UseCaseRequest))]
[JsonSerializable(typeof(DomainResponse))]
[JsonSerializable(typeof(DomainList))]
[JsonSerializable(typeof(DomainRequest))]
[JsonSerializable(typeof(SuppressionResponse))]
[JsonSerializable(typeof(SuppressionList))]
[JsonSerializable(typeof(SuppressionRequest))]
[JsonSerializable(typeof(QueueTotalList))]
[JsonSerializable(typeof(RefusalResponse))]
[JsonSerializable(typeof(RefusalList))]
[JsonSerializable(typeof(DeliveryList))]
[JsonSerializable(typeof(QueueRequest))]
[JsonSerializable(typeof(QueueChangeResponse))]
[JsonSerializable(typeof(LogEventList))]
[JsonSerializable(typeof(IdentityResponse))]
[JsonSerializable(typeof(ListEntryResponse))]
[JsonSerializable(typeof(ListEntryList))]
[JsonSerializable(typeof(ListEntryRequest))]
[JsonSerializable(typeof(PodResponse))]
[JsonSerializable(typeof(PodList))]
[JsonSerializable(typeof(PodRequest))]
[JsonSerializable(typeof(ApiKeyResponse))]
[JsonSerializable(typeof(ApiKeyList))]
[JsonSerializable(typeof(ApiKeyRequest))]
[JsonSerializable(typeof(BatchRequest))]
[JsonSerializable(typeof(BatchMessageList))]
[JsonSerializable(typeof(BatchUpdateResponse))]
[JsonSerializable(typeof(InboxEventList))]
[JsonSerializable(typeof(Dictionary<string, List<EventPoint>>))]
[JsonSerializable(typeof(Dictionary<string, List<UsagePoint>>))]
[JsonSerializable(typeof(Dictionary<string, bool>))]
[JsonSerializable(typeof(string))]
[JsonSerializable(typeof(bool?))]
[JsonSerializable(typeof(DateTimeOffset?))]
[JsonSerializable(typeof(DraftResponse))]
[JsonSerializable(typeof(DraftList))]
[JsonSerializable(typeof(DraftRequest))]
[JsonSerializable(typeof(DateTimeOffset))]
[JsonSerializable(typeof(WebhookResponse))]
[JsonSerializable(typeof(WebhookList))]
[JsonSerializable(typeof(CreateWebhookRequest))]
[JsonSerializable(typeof(UpdateWebhookRequest))]
[JsonSerializable(typeof(WebhookHeadersResponse))]
[JsonSerializable(typeof(UpdateWebhookHeadersRequest))]
[JsonSerializable(typeof(RotateSecretRequest))]
[JsonSerializable(typeof(DeadLetterList))]
[JsonSerializable(typeof(ReplayRequest))]
[JsonSerializable(typeof(ReplayResponse))]
[JsonSerializable(typeof(SubscribeFrame))]
[JsonSerializable(typeof(SubscribedFrame))]
[JsonSerializable(typeof(ErrorFrame))]
internal sealed partial class ApiJson : JsonSerializerContext
{
    /// <summary>The one instance that everything is written and read with.</summary>
    public static ApiJson Wire { get; } = new(new JsonSerializerOptions
    {
        PropertyNamingPolicy = JsonNamingPolicy.SnakeCaseLower,
        DefaultIgnoreCondition = JsonIgnoreCondition.WhenWritingNull,
        Encoder = JavaScriptEncoder.UnsafeRelaxedJsonEscaping,
        MaxDepth = 32,
        Converters = { new UtcTimeConverter() },
    });
}
