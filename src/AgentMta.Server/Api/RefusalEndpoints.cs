using System.Text.Json;
using AgentMta.Server.Model;
using AgentMta.Server.Store;
using Microsoft.AspNetCore.Http;

namespace AgentMta.Server.Api;

/// <summary>Mail that was refused at the door, with why.</summary>
internal sealed record RefusalResponse(
    string RefusalId, string Stage, string? InboxId, string SessionId, string? TransactionId, string ClientAddress, string? Helo, string? Tls, string? ReversePath, string? Recipient,
    int Code, string? Status, string Reply, JsonElement? Gates, JsonElement? Authentication, DateTimeOffset RefusedAt)
{
    /// <summary>The refusal on the wire.</summary>
    public static RefusalResponse Of(Refusal refusal) => new(
        refusal.RefusalId, refusal.Stage, refusal.InboxId, refusal.SessionId, refusal.TransactionId, refusal.ClientAddress, refusal.Helo, refusal.Tls, refusal.ReversePath, refusal.Recipient,
        refusal.Code, refusal.Status, refusal.Reply, TraceText.Member(TraceResponse.Json(refusal.Verdicts), "gates"), TraceResponse.Json(refusal.Authentication), refusal.At);
}

/// <summary>A page of refusals, newest first.</summary>
internal sealed record RefusalList(int Count, int Limit, string? NextPageToken, IReadOnlyList<RefusalResponse> Refusals);

/// <summary>Refusals of the workspace's own domains and inboxes, kept for seven days.</summary>
internal sealed class RefusalEndpoints(ApiServices services)
{
    /// <summary>Registers the routes.</summary>
    public static void Map(ApiRoutes routes)
    {
        var endpoints = new RefusalEndpoints(routes.Services);
        routes.Map(
            new ApiRoute
            {
                Method = "GET", Pattern = "/v0/refusals", Permission = "message_read", Summary = "List mail for your addresses that was refused, newest first.",
                Query =
                [
                    new("limit", "integer"), new("page_token", "string"), new("inbox_id", "string"), new("stage", "string"), new("from", "string"), new("to", "string"),
                    new("client_address", "string"), new("session_id", "string"), new("code", "integer"), new("before", "date-time"), new("after", "date-time"),
                ],
                Response = ApiJson.Wire.RefusalList,
            },
            endpoints.ListAsync);
        routes.Map(
            new ApiRoute
            {
                Method = "GET", Pattern = "/v0/refusals/{refusal_id}", Permission = "message_read", Summary = "Get a refusal by the id that its SMTP reply showed.",
                Response = ApiJson.Wire.RefusalResponse,
            },
            endpoints.GetAsync);
    }

    private async Task<IResult> ListAsync(ApiCall call)
    {
        var query = call.Query;
        var filter = new RefusalFilter
        {
            InboxId = query.Text("inbox_id")?.ToLowerInvariant(),
            Stage = query.Text("stage"),
            Sender = query.Text("from"),
            Recipient = query.Text("to"),
            ClientAddress = query.Text("client_address"),
            SessionId = query.Text("session_id"),
            Code = query.Number("code", 400, 599),
            Before = query.Time("before"),
            After = query.Time("after"),
        };
        var rows = await services.Refusals.ListAsync(call.Scope, filter, Page.Position(call), call.Limit + 1, call.Aborted).ConfigureAwait(false);
        var page = Page.Of(rows, call.Limit, call, row => [Page.Number(row.At.ToMicros()), row.RefusalId]);
        return TypedResults.Json(new RefusalList(page.Items.Count, call.Limit, page.Next, [.. page.Items.Select(RefusalResponse.Of)]), ApiJson.Wire.RefusalList);
    }

    private async Task<IResult> GetAsync(ApiCall call)
    {
        var id = call["refusal_id"];
        var refusal = await services.Refusals.GetAsync(call.Scope, id, call.Aborted).ConfigureAwait(false) ?? throw ApiException.NotFound($"The refusal {id}");
        return TypedResults.Json(RefusalResponse.Of(refusal), ApiJson.Wire.RefusalResponse);
    }
}
