using System.Globalization;
using AgentMta.Server.Model;
using AgentMta.Server.Store;
using Microsoft.AspNetCore.Http;

namespace AgentMta.Server.Api;

/// <summary>What an endpoint did not take: its dead letters, and events delivered again by id or by time.</summary>
internal sealed class WebhookReplayEndpoints(ApiServices services)
{
    private const int MaximumIds = 500;
    private const int MaximumReplayed = 10_000;
    private const int ScanBatch = 1000;
    private const int MaximumScanned = 200_000;

    private readonly WebhookStore _webhooks = new(services.Database, services.Keys);

    /// <summary>Registers the routes below one webhook.</summary>
    public void Map(ApiRoutes routes, string one)
    {
        routes.Map(
            new ApiRoute
            {
                Method = "GET", Pattern = one + "/dead-letters", Permission = "webhook_read", Summary = "List the events that a webhook did not take at any try, newest first.",
                Query = [new("limit", "integer"), new("page_token", "string")], Response = ApiJson.Wire.DeadLetterList,
            },
            DeadLettersAsync);
        routes.Map(
            new ApiRoute
            {
                Method = "POST", Pattern = one + "/replay", Permission = "webhook_update", Summary = "Deliver events again, by id or by time; they keep their ids.",
                Request = ApiJson.Wire.ReplayRequest, Response = ApiJson.Wire.ReplayResponse, Errors = [422],
            },
            ReplayAsync);
    }

    private async ValueTask<Webhook> FindAsync(ApiCall call) =>
        await _webhooks.GetAsync(call.Scope, call["webhook_id"], call.Aborted).ConfigureAwait(false) ?? throw ApiException.NotFound($"The webhook {call["webhook_id"]}");

    private async Task<IResult> DeadLettersAsync(ApiCall call)
    {
        var webhook = await FindAsync(call).ConfigureAwait(false);
        long? before = call.PageStart(1) is [var text] && long.TryParse(text, NumberStyles.None, CultureInfo.InvariantCulture, out var number) ? number : null;
        var rows = await _webhooks.DeadLettersAsync(webhook, before, call.Limit + 1, call.Aborted).ConfigureAwait(false);
        var page = Page.Of(rows, call.Limit, call, row => [Page.Number(row.Event.Cursor)]);
        return TypedResults.Json(new DeadLetterList(page.Items.Count, call.Limit, page.Next, [.. page.Items.Select(DeadLetterResponse.Of)]), ApiJson.Wire.DeadLetterList);
    }

    private async Task<IResult> ReplayAsync(ApiCall call)
    {
        var wanted = await call.BodyAsync(ApiJson.Wire.ReplayRequest).ConfigureAwait(false);
        var byId = wanted.EventIds is { Count: > 0 };
        if (byId == (wanted.After is not null || wanted.Before is not null || wanted.DeadLettersOnly == true))
            throw ApiException.Invalid("event_ids", "Give event_ids, or else after, before or dead_letters_only.");
        if (wanted.EventIds is { Count: > MaximumIds })
            throw ApiException.Invalid("event_ids", $"At most {MaximumIds} are taken.");
        var webhook = await FindAsync(call).ConfigureAwait(false);
        var chosen = byId ? await ByIdAsync(call, webhook, wanted.EventIds!).ConfigureAwait(false) : await ByTimeAsync(call, webhook, wanted).ConfigureAwait(false);
        await services.Database.WriteAsync(
            session =>
            {
                if (_webhooks.Get(session, call.Scope, webhook.WebhookId) is not null)
                    WebhookStore.Replay(session, webhook, chosen);
            },
            call.Aborted).ConfigureAwait(false);
        return TypedResults.Json(new ReplayResponse(chosen.Count), ApiJson.Wire.ReplayResponse);
    }

    private async Task<List<StoredEvent>> ByIdAsync(ApiCall call, Webhook webhook, List<string> ids)
    {
        var found = await services.Database.ReadAsync(session => EventStore.OfIds(session, webhook.WorkspaceId, ids.Distinct(StringComparer.Ordinal)), call.Aborted).ConfigureAwait(false);
        var missing = ids.FirstOrDefault(id => !found.Exists(e => e.EventId == id && webhook.Wants(e)));
        return missing is null ? found : throw ApiException.NotFound($"The event {missing} among those of this webhook");
    }

    // Ids are in the order of time, so a time is a place in their order.
    private async Task<List<StoredEvent>> ByTimeAsync(ApiCall call, Webhook webhook, ReplayRequest wanted)
    {
        var from = wanted.After is { } after ? Ids.FirstOf(after) : "";
        var to = Ids.FirstOf(wanted.Before ?? services.Time.GetUtcNow().AddMinutes(1));
        if (wanted.DeadLettersOnly == true)
            return Bounded(await services.Database.ReadAsync(session => WebhookStore.DeadBetween(session, webhook, from, to, MaximumReplayed + 1), call.Aborted).ConfigureAwait(false));
        var chosen = new List<StoredEvent>();
        for (var scanned = 0; ;)
        {
            var start = from;
            var rows = await services.Database.ReadAsync(session => EventStore.Between(session, webhook.WorkspaceId, start, to, ScanBatch), call.Aborted).ConfigureAwait(false);
            chosen.AddRange(rows.Where(webhook.Wants));
            scanned += rows.Count;
            if (rows.Count < ScanBatch)
                return Bounded(chosen);
            if (scanned >= MaximumScanned || chosen.Count > MaximumReplayed)
                throw TooWide();
            // The least text that comes behind the last id.
            from = rows[^1].EventId + "0";
        }
    }

    private static List<StoredEvent> Bounded(List<StoredEvent> chosen) => chosen.Count <= MaximumReplayed ? chosen : throw TooWide();

    private static ApiException TooWide() => new(422, "query_range_too_wide", $"More than {MaximumReplayed} events lie in this time.", "Ask for a shorter time.");
}
