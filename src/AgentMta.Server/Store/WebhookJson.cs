using System.Text.Json;
using System.Text.Json.Serialization;
using AgentMta.Server.Model;

namespace AgentMta.Server.Store;

/// <summary>What of a webhook is kept encrypted: its secrets and the values of its headers.</summary>
[JsonSourceGenerationOptions(PropertyNamingPolicy = JsonKnownNamingPolicy.SnakeCaseLower, DefaultIgnoreCondition = JsonIgnoreCondition.WhenWritingNull)]
[JsonSerializable(typeof(IReadOnlyList<WebhookSecret>))]
[JsonSerializable(typeof(IReadOnlyDictionary<string, string>))]
[JsonSerializable(typeof(List<WebhookSecret>))]
[JsonSerializable(typeof(Dictionary<string, string>))]
internal sealed partial class WebhookJson : JsonSerializerContext
{
    /// <summary>The column of the secrets.</summary>
    public static byte[] Seal(KeyRing keys, Webhook webhook) =>
        keys.Encrypt(JsonSerializer.SerializeToUtf8Bytes(webhook.Secrets, Default.IReadOnlyListWebhookSecret), Context(webhook.WorkspaceId, webhook.WebhookId, "secrets"));

    /// <summary>The column of the headers; null where there are none.</summary>
    public static byte[]? SealHeaders(KeyRing keys, Webhook webhook) => webhook.Headers.Count == 0
        ? null
        : keys.Encrypt(JsonSerializer.SerializeToUtf8Bytes(webhook.Headers, Default.IReadOnlyDictionaryStringString), Context(webhook.WorkspaceId, webhook.WebhookId, "headers"));

    /// <summary>The secrets of a column.</summary>
    public static List<WebhookSecret> Open(KeyRing keys, string workspaceId, string webhookId, byte[] column) =>
        JsonSerializer.Deserialize(keys.Decrypt(column, Context(workspaceId, webhookId, "secrets")), Default.ListWebhookSecret) ?? [];

    /// <summary>The headers of a column.</summary>
    public static Dictionary<string, string> OpenHeaders(KeyRing keys, string workspaceId, string webhookId, byte[]? column) =>
        column is null ? [] : JsonSerializer.Deserialize(keys.Decrypt(column, Context(workspaceId, webhookId, "headers")), Default.DictionaryStringString) ?? [];

    /// <summary>What an encrypted column is bound to.</summary>
    internal static string Context(string workspaceId, string webhookId, string column) => $"webhooks/{workspaceId}/{webhookId}/{column}";
}
