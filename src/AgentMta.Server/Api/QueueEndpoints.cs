using AgentMta.Server.Store;
using Microsoft.AspNetCore.Http;

namespace AgentMta.Server.Api;

/// <summary>What one destination has waiting.</summary>
internal sealed record QueueTotalResponse(string Destination, string State, long Count, DateTimeOffset OldestAt, string? LastReply);

/// <summary>The totals of the queue.</summary>
internal sealed record QueueTotalList(int Count, IReadOnlyList<QueueTotalResponse> Totals);

/// <summary>A recipient's copy in the queue, or what became of it.</summary>
internal sealed record DeliveryResponse(
    string DeliveryId, string InboxId, string MessageId, string ThreadId, string Recipient, string Destination, string State, int AttemptCount, bool InFlight, DateTimeOffset NextAttemptAt,
    DateTimeOffset ExpiresAt, string? LastStatus, string? LastReply, string? LastHost, DateTimeOffset CreatedAt, IReadOnlyList<AttemptResponse>? Attempts = null);

/// <summary>One attempt as it was.</summary>
internal sealed record AttemptResponse(
    int Attempt, DateTimeOffset StartedAt, double ElapsedMs, string? Host, string? Address, string? Tls, string Outcome, int ReplyCode, string? Status, string? Reply, string? Dialogue);

/// <summary>A page of the queue.</summary>
internal sealed record DeliveryList(int Count, int Limit, string? NextPageToken, IReadOnlyList<DeliveryResponse> Deliveries);

/// <summary>What of the queue is meant; neither means all of it that the key sees.</summary>
internal sealed record QueueRequest
{
    public string? Destination { get; init; }

    public string? DeliveryId { get; init; }

    /// <summary>Needed where neither is given.</summary>
    public bool? All { get; init; }
}

/// <summary>How many deliveries were changed.</summary>
internal sealed record QueueChangeResponse(int Changed);

/// <summary>The queue: read, held, released, flushed, dropped.</summary>
internal sealed class QueueEndpoints(ApiServices services)
{
    private delegate Task<int> Change(Model.Scope scope, string? destination, string? deliveryId, CancellationToken cancellationToken);

    private readonly DeliveryStore _deliveries = new(services.Database);
    private readonly MessageEndpoints _messages = new(services);

    /// <summary>Registers the routes.</summary>
    public static void Map(ApiRoutes routes)
    {
        var endpoints = new QueueEndpoints(routes.Services);
        routes.Map(
            new ApiRoute
            {
                Method = "GET", Pattern = "/v0/queue", Permission = "message_read", Summary = "List what waits to be delivered, oldest first.",
                Query = [new("limit", "integer"), new("page_token", "string"), new("destination", "string")], Response = ApiJson.Wire.DeliveryList,
            },
            endpoints.ListAsync);
        routes.Map(
            new ApiRoute { Method = "GET", Pattern = "/v0/queue/totals", Permission = "message_read", Summary = "Count what waits by destination and state.", Response = ApiJson.Wire.QueueTotalList },
            endpoints.TotalsAsync);
        Add(routes, "hold", "Keep what waits from being tried.", endpoints._deliveries.HoldAsync);
        Add(routes, "release", "Let held deliveries go at once.", endpoints._deliveries.ReleaseHeldAsync);
        Add(routes, "flush", "Make deferred deliveries due now.", endpoints._deliveries.FlushAsync);
        Add(routes, "drop", "Give up what waits.", endpoints._deliveries.DropAsync);
        routes.Map(
            new ApiRoute
            {
                Method = "GET", Pattern = "/v0/inboxes/{inbox_id}/messages/{message_id}/deliveries", Permission = "message_read",
                Summary = "List the recipients of a message with each attempt.", Response = ApiJson.Wire.DeliveryList,
            },
            endpoints.OfMessageAsync);
    }

    private static void Add(ApiRoutes routes, string verb, string summary, Change change) => routes.Map(
        new ApiRoute
        {
            Method = "POST", Pattern = "/v0/queue/" + verb, Permission = "message_send", Summary = summary, Request = ApiJson.Wire.QueueRequest, Response = ApiJson.Wire.QueueChangeResponse,
        },
        async call =>
        {
            var wanted = await call.BodyAsync(ApiJson.Wire.QueueRequest).ConfigureAwait(false);
            if (wanted.Destination is null && wanted.DeliveryId is null && wanted.All != true)
                throw ApiException.Invalid("body", "Give destination or delivery_id, or all: true.");
            var changed = await change(call.Scope, wanted.Destination?.ToLowerInvariant(), wanted.DeliveryId, call.Aborted).ConfigureAwait(false);
            return TypedResults.Json(new QueueChangeResponse(changed), ApiJson.Wire.QueueChangeResponse);
        });

    private async Task<IResult> ListAsync(ApiCall call)
    {
        var page = await _deliveries.ListAsync(call.Scope, call.Query.Text("destination")?.ToLowerInvariant(), call.PageStart(1)?[0], call.Limit, call.Aborted).ConfigureAwait(false);
        return TypedResults.Json(new DeliveryList(page.Rows.Count, call.Limit, call.NextPage(page), [.. page.Rows.Select(e => Show(e))]), ApiJson.Wire.DeliveryList);
    }

    private async Task<IResult> TotalsAsync(ApiCall call)
    {
        var totals = await _deliveries.TotalsAsync(call.Scope, call.Aborted).ConfigureAwait(false);
        return TypedResults.Json(new QueueTotalList(totals.Count, [.. totals.Select(t => new QueueTotalResponse(t.Destination, t.State, t.Count, t.Oldest, t.LastReply))]), ApiJson.Wire.QueueTotalList);
    }

    private async Task<IResult> OfMessageAsync(ApiCall call)
    {
        var message = await _messages.FindAsync(call).ConfigureAwait(false);
        var shown = new List<DeliveryResponse>();
        foreach (var entry in await _deliveries.OfMessageAsync(call.Scope, call.Inbox.InboxId, message.MessageId, call.Aborted).ConfigureAwait(false))
        {
            var attempts = await _deliveries.AttemptsAsync(call.Scope, entry.DeliveryId, call.Aborted).ConfigureAwait(false);
            shown.Add(Show(entry, [.. attempts.Select(a => new AttemptResponse(
                a.Attempt, a.StartedAt, a.Elapsed.TotalMilliseconds, a.Host, a.Address, a.Tls, a.Outcome, a.ReplyCode, a.Status, a.Reply, a.Dialogue))]));
        }

        return TypedResults.Json(new DeliveryList(shown.Count, shown.Count, null, shown), ApiJson.Wire.DeliveryList);
    }

    private static DeliveryResponse Show(QueueEntry entry, IReadOnlyList<AttemptResponse>? attempts = null) => new(
        entry.DeliveryId, entry.InboxId, entry.MessageId, entry.ThreadId, entry.Recipient, entry.Destination, entry.State, entry.Attempts, entry.InFlight, entry.NextAttemptAt, entry.ExpiresAt,
        entry.LastStatus, entry.LastReply, entry.LastHost, entry.CreatedAt, attempts);
}
