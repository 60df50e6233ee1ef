using System.Text.Json;

namespace AgentMta.Server.Api;

/// <summary>All that is kept of how a message came: its SMTP session, who sent it, and what each gate said.</summary>
internal sealed record TraceResponse(string MessageId, JsonElement? Session, JsonElement? Authentication, JsonElement? Verdicts)
{
    /// <summary>A stored JSON text as a value.</summary>
    public static JsonElement? Json(string? text) => string.IsNullOrEmpty(text) ? null : JsonElement.Parse(text);
}
