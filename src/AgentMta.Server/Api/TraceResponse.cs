using System.Text.Json;

namespace AgentMta.Server.Api;

/// <summary>All that is kept of how a message came: what each gate said, whether it proved to be a reply, who sent it, and its SMTP session.</summary>
internal sealed record TraceResponse(string MessageId, string? Recipient, JsonElement? Gates, JsonElement? Reply, JsonElement? Authentication, JsonElement? Session)
{
    /// <summary>The trace from what is stored; each part may be missing.</summary>
    public static TraceResponse Of(string messageId, string? verdicts, string? authentication, string? session)
    {
        var judgement = Json(verdicts);
        return new TraceResponse(messageId, Member(judgement, "recipient")?.GetString(), Member(judgement, "gates"), Member(judgement, "reply"), Json(authentication), Json(session));
    }

    /// <summary>A stored JSON text as a value.</summary>
    public static JsonElement? Json(string? text) => string.IsNullOrEmpty(text) ? null : JsonElement.Parse(text);

    private static JsonElement? Member(JsonElement? value, string name) => value is { ValueKind: JsonValueKind.Object } all && all.TryGetProperty(name, out var member) ? member : null;
}
