using AgentMta.Server.Model;
using AgentMta.Server.Store;
using Microsoft.AspNetCore.Http;

namespace AgentMta.Server.Api;

/// <summary>Threads at root, pod and inbox.</summary>
internal sealed class ThreadEndpoints(ApiServices services)
{
    private const int ChangeLimit = 100;

    internal static readonly IReadOnlyList<QueryParameter> ListQuery =
    [
        new("limit", "integer"), new("page_token", "string"), new("labels", "list"), new("before", "date-time"), new("after", "date-time"), new("ascending", "boolean"),
        new("include_spam", "boolean"), new("include_blocked", "boolean"), new("include_unauthenticated", "boolean"), new("include_trash", "boolean"),
        new("senders", "list"), new("recipients", "list"), new("subject", "list"),
    ];

    private readonly ThreadReader _threads = new(services.Database);
    private readonly MessageStore _messages = new(services.Database);
    private readonly MessageReader _reader = new(new MessageStore(services.Database), services.Spool, services.Slots);

    /// <summary>Registers the routes.</summary>
    public static void Map(ApiRoutes routes)
    {
        var endpoints = new ThreadEndpoints(routes.Services);
        foreach (var prefix in ApiRoutes.AllScopes)
        {
            routes.Map(
                new ApiRoute { Method = "GET", Pattern = prefix + "/threads", Permission = "message_read", Summary = "List threads.", Query = ListQuery, Response = ApiJson.Wire.ThreadList },
                endpoints.ListAsync);
            routes.Map(
                new ApiRoute
                {
                    Method = "GET", Pattern = prefix + "/threads/{thread_id}", Permission = "message_read", Summary = "Get a thread with its messages.",
                    Query = [new("limit", "integer"), new("page_token", "string")], Response = ApiJson.Wire.ThreadResponse, Present = ["count", "limit", "messages"],
                },
                endpoints.GetAsync);
            routes.Map(
                new ApiRoute
                {
                    Method = "GET", Pattern = prefix + "/threads/{thread_id}/attachments/{attachment_id}", Permission = "message_read", Summary = "Get the URL of an attachment.",
                    Response = ApiJson.Wire.AttachmentResponse, Present = ["download_url", "expires_at"],
                },
                endpoints.AttachmentAsync);
            routes.Map(
                new ApiRoute
                {
                    Method = "PATCH", Pattern = prefix + "/threads/{thread_id}", Permission = "message_update", Summary = "Change the labels of all messages of a thread.",
                    Request = ApiJson.Wire.UpdateThreadRequest, Response = ApiJson.Wire.ThreadLabelsResponse, Errors = [422],
                },
                endpoints.UpdateAsync);
            routes.Map(
                new ApiRoute { Method = "DELETE", Pattern = prefix + "/threads/{thread_id}", Permission = "message_delete", Summary = "Delete a thread with its messages for good." },
                endpoints.DeleteAsync);
        }
    }

    /// <summary>What the query narrows the threads to.</summary>
    public static ThreadFilter Filter(ApiCall call) => new()
    {
        Labels = [.. call.Query.List("labels").Select(l => l.Trim().ToLowerInvariant())],
        Without = LabelChange.Hidden(call),
        Before = call.Query.Time("before"),
        After = call.Query.Time("after"),
        Senders = call.Query.List("senders"),
        Recipients = call.Query.List("recipients"),
        Subject = call.Query.List("subject"),
        Ascending = call.Ascending,
    };

    private async Task<IResult> ListAsync(ApiCall call)
    {
        var filter = Filter(call);
        var page = await _threads.ListAsync(call.Scope, filter, Page.Position(call), call.Limit, call.Aborted).ConfigureAwait(false);
        return TypedResults.Json(new ThreadList(page.Rows.Count, call.Limit, call.NextPage(page), [.. page.Rows.Select(ThreadResponse.Of)]), ApiJson.Wire.ThreadList);
    }

    private async ValueTask<StoredThread> FindAsync(ApiCall call)
    {
        var thread = await _threads.GetAsync(call.Scope, call["thread_id"], call.Aborted).ConfigureAwait(false);
        return thread is null || thread.IsHiddenBy(LabelChange.Forbidden(call.Credential)) ? throw ApiException.NotFound($"The thread {call["thread_id"]}") : thread;
    }

    private async Task<IResult> GetAsync(ApiCall call)
    {
        var thread = await FindAsync(call).ConfigureAwait(false);
        var rows = await _messages.OfThreadAsync(call.Scope, thread.ThreadId, LabelChange.Forbidden(call.Credential), Page.Position(call), call.Limit + 1, call.Aborted).ConfigureAwait(false);
        var messages = new List<MessageResponse>();
        var size = 0L;
        foreach (var row in rows.Take(Math.Min(call.Limit, Fitting(rows))))
        {
            if (size > MessageReader.MaximumAnswer)
                break;
            var message = await _reader.ReadAsync(call.Scope, row, call.Aborted).ConfigureAwait(false);
            if (messages.Count == 0)
                call.Answer.Grow(message.Weight());
            else if (!call.Answer.TryGrow(message.Weight()))
                break;
            messages.Add(message);
            size += message.Weight();
        }

        var page = Page.Of(rows, Math.Max(1, messages.Count), call, row => [Page.Number(row.Timestamp.ToMicros()), row.MessageKey]);
        messages.Reverse();
        var attachments = messages.SelectMany(m => m.Attachments ?? []).ToList();
        return TypedResults.Json(
            ThreadResponse.Of(thread) with { Attachments = attachments.Count == 0 ? null : attachments, Count = messages.Count, Limit = call.Limit, NextPageToken = page.Next, Messages = messages },
            ApiJson.Wire.ThreadResponse);
    }

    // How many of them one answer reads at most; what they decode to, and what room there is, may end the page earlier.
    private static int Fitting(List<StoredMessage> rows)
    {
        var size = 0L;
        var fitting = rows.FindIndex(row => (size += row.Size) > MessageReader.MaximumAnswer);
        return fitting < 0 ? rows.Count : Math.Max(1, fitting);
    }

    private async Task<IResult> AttachmentAsync(ApiCall call)
    {
        var thread = await FindAsync(call).ConfigureAwait(false);
        var id = call["attachment_id"];
        var all = await _threads.AttachmentsAsync(call.Scope, thread.ThreadId, 1000, call.Aborted).ConfigureAwait(false);
        var (messageId, attachment) = all.FindLast(a => a.Attachment.Id == id);
        if (attachment is null || await _messages.GetAsync(call.Scope, thread.InboxId, messageId, call.Aborted).ConfigureAwait(false) is not { } message
            || LabelChange.Forbidden(call.Credential).Any(message.Labels.Contains))
            throw ApiException.NotFound($"The attachment {id}");
        return TypedResults.Json(new DownloadLinks(services.Keys, services.Options, services.Time).Show(call.Root, message, attachment), ApiJson.Wire.AttachmentResponse);
    }

    private async Task<IResult> UpdateAsync(ApiCall call)
    {
        var wanted = await call.BodyAsync(ApiJson.Wire.UpdateThreadRequest).ConfigureAwait(false);
        var change = LabelChange.Read(wanted.AddLabels, wanted.RemoveLabels);
        if (change.Add.Count + change.Remove.Count == 0)
            throw ApiException.Invalid("body", "Give add_labels or remove_labels.");
        var thread = await FindAsync(call).ConfigureAwait(false);
        if (thread.MessageCount >= ChangeLimit)
            throw new ApiException(422, "unprocessable", $"The thread has {thread.MessageCount} messages; fewer than {ChangeLimit} can be changed at once.", "Change its messages one by one or in batches.");
        var rows = await _messages.OfThreadAsync(call.Scope, thread.ThreadId, [], null, ChangeLimit, call.Aborted).ConfigureAwait(false);
        var labels = await services.Database.WriteAsync(
            session =>
            {
                foreach (var message in rows)
                {
                    try
                    {
                        MessageStore.ChangeLabels(session, call.Scope, message.InboxId, message.MessageId, change.Add, change.Remove);
                    }
                    catch (TooManyLabelsException e)
                    {
                        throw ApiException.Invalid("add_labels", e.Message);
                    }
                }

                return ThreadReader.Get(session, call.Scope, thread.ThreadId)?.Labels.Keys.Order(StringComparer.Ordinal).ToList();
            },
            call.Aborted).ConfigureAwait(false);
        return TypedResults.Json(new ThreadLabelsResponse(thread.ThreadId, labels ?? throw ApiException.NotFound($"The thread {thread.ThreadId}")), ApiJson.Wire.ThreadLabelsResponse);
    }

    private async Task<IResult> DeleteAsync(ApiCall call)
    {
        var thread = await FindAsync(call).ConfigureAwait(false);
        var files = new List<string>();
        while (true)
        {
            var rows = await _messages.OfThreadAsync(call.Scope, thread.ThreadId, [], null, ChangeLimit, CancellationToken.None).ConfigureAwait(false);
            if (rows.Count == 0)
                break;
            await services.Database.WriteAsync(
                session =>
                {
                    foreach (var message in rows)
                        MessageStore.Delete(session, call.Scope, message.InboxId, message.MessageId, files);
                },
                CancellationToken.None).ConfigureAwait(false);
        }

        foreach (var file in files)
            services.Spool.Delete(file);
        return TypedResults.NoContent();
    }
}
