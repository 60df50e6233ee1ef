using System.Globalization;
using System.Text.Json;
using AgentMta.Server.Model;
using AgentMta.Server.Store;
using Microsoft.AspNetCore.Http;

namespace AgentMta.Server.Api;

/// <summary>A change of a label.</summary>
internal sealed record InboxEventResponse(
    string OrganizationId, string PodId, string InboxId, string EventId, string EventType, string MessageId, string Label, DateTimeOffset EventAt, DateTimeOffset CreatedAt);

/// <summary>A page of label changes.</summary>
internal sealed record InboxEventList(int Count, int Limit, string? NextPageToken, IReadOnlyList<InboxEventResponse> Events);

/// <summary>The label changes of an inbox: what an IMAP view or an audit reads.</summary>
internal sealed class InboxEventEndpoints(ApiServices services)
{
    private static readonly string[] Types = [EventTypes.LabelAdded, EventTypes.LabelRemoved];

    private readonly EventStore _events = new(services.Database);

    /// <summary>Registers the route.</summary>
    public static void Map(ApiRoutes routes) => routes.Map(
        new ApiRoute
        {
            Method = "GET", Pattern = "/v0/inboxes/{inbox_id}/events", Permission = "message_read", Summary = "List the label changes of an inbox.",
            Query = [new("limit", "integer"), new("page_token", "string"), new("ascending", "boolean")], Response = ApiJson.Wire.InboxEventList,
        },
        new InboxEventEndpoints(routes.Services).ListAsync);

    private async Task<IResult> ListAsync(ApiCall call)
    {
        var from = call.PageStart(1) is [var text] ? long.Parse(text, CultureInfo.InvariantCulture) : (long?)null;
        var page = await _events.OfInboxAsync(call.Scope, call.Inbox.InboxId, Types, from, call.Limit, call.Ascending, call.Aborted).ConfigureAwait(false);
        return TypedResults.Json(new InboxEventList(page.Rows.Count, call.Limit, call.NextPage(page), [.. page.Rows.Select(Show)]), ApiJson.Wire.InboxEventList);
    }

    private static InboxEventResponse Show(StoredEvent stored) => new(
        stored.WorkspaceId, stored.PodId ?? "", stored.InboxId ?? "", stored.EventId, stored.Type, stored.MessageId ?? "", Label(stored.Facts), stored.CreatedAt, stored.CreatedAt);

    private static string Label(string? facts)
    {
        if (facts is null)
            return "";
        using var json = JsonDocument.Parse(facts);
        return json.RootElement.TryGetProperty("label", out var label) ? label.GetString() ?? "" : "";
    }
}
