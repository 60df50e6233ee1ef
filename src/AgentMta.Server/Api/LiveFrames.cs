using System.Text.Json;

namespace AgentMta.Server.Api;

/// <summary>What a client sends over the websocket.</summary>
internal sealed record SubscribeFrame
{
    public string? Type { get; init; }

    public List<string>? EventTypes { get; init; }

    public List<string>? InboxIds { get; init; }

    public List<string>? PodIds { get; init; }

    /// <summary>A cursor to go on behind, or "now"; without it the feed starts now.</summary>
    public JsonElement? After { get; init; }
}

/// <summary>The answer to a subscription: its filters, and the cursor that it starts behind.</summary>
internal sealed record SubscribedFrame(IReadOnlyList<string>? EventTypes, IReadOnlyList<string>? InboxIds, IReadOnlyList<string>? PodIds, long Cursor)
{
    public string Type { get; } = "subscribed";
}

/// <summary>What was wrong with a frame.</summary>
internal sealed record ErrorFrame(string Name, string Message, string Code, string? Fix)
{
    public string Type { get; } = "error";
}
