using AgentMta.Server.Store;
using Microsoft.AspNetCore.Http;

namespace AgentMta.Server.Api;

/// <summary>Several messages to be read or labelled at once.</summary>
internal sealed record BatchRequest
{
    public List<string>? MessageIds { get; init; }

    public OneOrMany? AddLabels { get; init; }

    public OneOrMany? RemoveLabels { get; init; }
}

/// <summary>The messages that are there, in the order asked for.</summary>
internal sealed record BatchMessageList(int Limit, int Count, IReadOnlyList<MessageResponse> Messages);

/// <summary>The labels after the change.</summary>
internal sealed record BatchUpdateResponse(int Limit, int Count, IReadOnlyList<MessageLabelsResponse> Updates);

/// <summary>batch-get and batch-update.</summary>
internal sealed class BatchEndpoints(ApiServices services)
{
    private const string Root = "/v0/inboxes/{inbox_id}/messages";
    private const int MaximumRead = 500;
    private const int MaximumChange = 50;

    private readonly MessageStore _messages = new(services.Database);

    /// <summary>Registers the routes.</summary>
    public static void Map(ApiRoutes routes)
    {
        var endpoints = new BatchEndpoints(routes.Services);
        routes.Map(
            new ApiRoute
            {
                Method = "POST", Pattern = Root + "/batch-get", Permission = "message_read", Summary = "Get several messages, without bodies.", Request = ApiJson.Wire.BatchRequest,
                Response = ApiJson.Wire.BatchMessageList,
            },
            endpoints.GetAsync);
        routes.Map(
            new ApiRoute
            {
                Method = "POST", Pattern = Root + "/batch-update", Permission = "message_update", Summary = "Change the labels of several messages, all or none.", Request = ApiJson.Wire.BatchRequest,
                Response = ApiJson.Wire.BatchUpdateResponse,
            },
            endpoints.UpdateAsync);
    }

    private static List<string> Ids(BatchRequest wanted, int maximum)
    {
        if (wanted.MessageIds is not { Count: > 0 } ids)
            throw ApiException.Invalid("message_ids", "It is required.");
        if (ids.Count > maximum)
            throw ApiException.Invalid("message_ids", $"At most {maximum} ids are taken.");
        return ids.Distinct(StringComparer.Ordinal).Count() == ids.Count ? ids : throw ApiException.Invalid("message_ids", "An id is in it twice.");
    }

    private async Task<IResult> GetAsync(ApiCall call)
    {
        var ids = Ids(await call.BodyAsync(ApiJson.Wire.BatchRequest).ConfigureAwait(false), MaximumRead);
        var forbidden = LabelChange.Forbidden(call.Credential);
        var found = (await _messages.GetAllAsync(call.Scope, call.Inbox.InboxId, ids, call.Aborted).ConfigureAwait(false)).Where(m => !forbidden.Any(m.Labels.Contains)).Select(MessageResponse.Of).ToList();
        call.Answer.Grow(found.Sum(m => m.Weight()));
        return TypedResults.Json(new BatchMessageList(ids.Count, found.Count, found), ApiJson.Wire.BatchMessageList);
    }

    private async Task<IResult> UpdateAsync(ApiCall call)
    {
        var wanted = await call.BodyAsync(ApiJson.Wire.BatchRequest).ConfigureAwait(false);
        var ids = Ids(wanted, MaximumChange);
        var change = LabelChange.Read(wanted.AddLabels, wanted.RemoveLabels);
        if (change.Add.Count + change.Remove.Count == 0)
            throw ApiException.Invalid("body", "Give add_labels or remove_labels.");
        var forbidden = LabelChange.Forbidden(call.Credential);
        var updates = await services.Database.WriteAsync(
            session =>
            {
                var done = new List<MessageLabelsResponse>(ids.Count);
                foreach (var id in ids)
                {
                    if (MessageStore.Get(session, call.Scope, call.Inbox.InboxId, id) is not { } message || forbidden.Any(message.Labels.Contains))
                        continue;
                    try
                    {
                        done.Add(new MessageLabelsResponse(id, MessageStore.ChangeLabels(session, call.Scope, call.Inbox.InboxId, id, change.Add, change.Remove) ?? []));
                    }
                    catch (TooManyLabelsException e)
                    {
                        throw ApiException.Invalid("add_labels", e.Message);
                    }
                }

                return done;
            },
            call.Aborted).ConfigureAwait(false);
        return TypedResults.Json(new BatchUpdateResponse(ids.Count, updates.Count, updates), ApiJson.Wire.BatchUpdateResponse);
    }
}
