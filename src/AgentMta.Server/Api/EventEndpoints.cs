using System.Globalization;
using System.Text.Json;
using AgentMta.Server.Model;
using AgentMta.Server.Store;
using Microsoft.AspNetCore.Http;

namespace AgentMta.Server.Api;

/// <summary>A change of stored state, at its place in the workspace's order.</summary>
internal sealed record LogEventResponse(
    long Cursor, string EventId, string EventType, string? PodId, string? InboxId, string? MessageId, string? ThreadId, JsonElement? Facts, DateTimeOffset CreatedAt);

/// <summary>Events behind a cursor, oldest first; <paramref name="Cursor"/> is what to ask with next.</summary>
internal sealed record LogEventList(int Count, long Cursor, IReadOnlyList<LogEventResponse> Events);

/// <summary>The event log by poll: one ordered, durable cursor for each workspace.</summary>
internal sealed class EventEndpoints(ApiServices services)
{
    private readonly EventStore _events = new(services.Database);

    /// <summary>Registers the routes.</summary>
    public static void Map(ApiRoutes routes)
    {
        var endpoints = new EventEndpoints(routes.Services);
        routes.Map(
            new ApiRoute
            {
                Method = "GET", Pattern = "/v0/events", Permission = "message_read", Summary = "Read the events behind a cursor, oldest first; wait for the next where there are none.",
                Query = [new("after", "cursor", Meaning: "cursor"), new("wait", "integer"), new("limit", "integer"), new("event_types", "list")], Response = ApiJson.Wire.LogEventList,
            },
            endpoints.ListAsync);
    }

    private async Task<IResult> ListAsync(ApiCall call)
    {
        var text = call.Query.Text("after");
        // "now" starts at the end of the log, without what was before.
        var after = text switch
        {
            null or "" => 0,
            "now" => await _events.LastAsync(call.Scope.WorkspaceId, call.Aborted).ConfigureAwait(false),
            _ => long.TryParse(text, NumberStyles.None, CultureInfo.InvariantCulture, out var number) ? number : throw ApiException.Invalid("after", "It is a cursor from an earlier answer, 0 or now."),
        };
        var types = call.Query.List("event_types").ToHashSet(StringComparer.Ordinal);
        var until = services.Time.GetUtcNow() + call.Wait;
        while (true)
        {
            var change = services.Database.Changes.Next;
            var (rows, upTo) = await _events.LogAsync(call.Scope, after, call.Limit, call.Aborted).ConfigureAwait(false);
            var shown = rows.Where(e => (types.Count == 0 || types.Contains(e.Type)) && EventCatalog.Permissions(e.Type).All(call.Credential.May)).ToList();
            var moved = upTo > after;
            after = upTo;
            var left = until - services.Time.GetUtcNow();
            if (shown.Count > 0 || left <= TimeSpan.Zero)
                return TypedResults.Json(new LogEventList(shown.Count, after, [.. shown.Select(Show)]), ApiJson.Wire.LogEventList);
            if (!moved)
                await ChangeSignal.WaitAsync(change, left, services.Time, call.Aborted).ConfigureAwait(false);
        }
    }

    private static LogEventResponse Show(StoredEvent stored) => new(
        stored.Cursor, stored.EventId, stored.Type, stored.PodId, stored.InboxId, stored.MessageId, stored.ThreadId, TraceResponse.Json(stored.Facts), stored.CreatedAt);
}
