using System.Text.Json;

namespace AgentMta.Server.Api;

/// <summary>All that is kept of how a message came: what each gate said, whether it proved to be a reply, who sent it, and its SMTP session.</summary>
/// <param name="Text">The same for people.</param>
internal sealed record TraceResponse(string MessageId, string? Recipient, JsonElement? Gates, JsonElement? Reply, JsonElement? Authentication, JsonElement? Session, string Text)
{
    /// <summary>The trace from what is stored; each part may be missing.</summary>
    public static TraceResponse Of(string messageId, string? verdicts, string? authentication, string? session)
    {
        var judgement = Json(verdicts);
        var (gates, reply) = (TraceText.Member(judgement, "gates"), TraceText.Member(judgement, "reply"));
        var (verdict, came) = (Json(authentication), Json(session));
        return new TraceResponse(messageId, TraceText.Member(judgement, "recipient")?.GetString(), gates, reply, verdict, came, TraceText.Write(came, verdict, gates, reply));
    }

    /// <summary>A stored JSON text as a value.</summary>
    public static JsonElement? Json(string? text) => string.IsNullOrEmpty(text) ? null : JsonElement.Parse(text);
}
