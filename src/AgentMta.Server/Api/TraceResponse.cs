using System.Text.Json;
using System.Text.Json.Nodes;

namespace AgentMta.Server.Api;

/// <summary>All that is kept of how a message came: what each gate said, whether it proved to be a reply, who sent it, and its SMTP session.</summary>
/// <param name="Text">The same for people.</param>
internal sealed record TraceResponse(string MessageId, string? Recipient, JsonElement? Gates, JsonElement? Reply, JsonElement? Authentication, JsonElement? Session, string Text)
{
    /// <summary>The trace from what is stored; each part may be missing.</summary>
    /// <param name="wholeWorkspace">Whether the reader may know who else of the workspace got the message; a key of one pod or inbox may not (promise 6).</param>
    public static TraceResponse Of(string messageId, string? verdicts, string? authentication, string? session, bool wholeWorkspace)
    {
        var judgement = Json(verdicts);
        var (gates, reply) = (TraceText.Member(judgement, "gates"), TraceText.Member(judgement, "reply"));
        var recipient = TraceText.Member(judgement, "recipient")?.GetString();
        var (verdict, came) = (Json(authentication), Json(wholeWorkspace ? session : OneRecipient(session, recipient)));
        return new TraceResponse(messageId, recipient, gates, reply, verdict, came, TraceText.Write(came, verdict, gates, reply));
    }

    private static string? OneRecipient(string? session, string? recipient)
    {
        if (string.IsNullOrEmpty(session) || JsonNode.Parse(session) is not JsonObject facts)
            return session;
        facts["recipients"] = recipient is null ? new JsonArray() : new JsonArray(recipient);
        return facts.ToJsonString();
    }

    /// <summary>A stored JSON text as a value.</summary>
    public static JsonElement? Json(string? text) => string.IsNullOrEmpty(text) ? null : JsonElement.Parse(text);
}
