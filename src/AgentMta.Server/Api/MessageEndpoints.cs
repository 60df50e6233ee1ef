using AgentMta.Server.Model;
using AgentMta.Server.Store;
using Microsoft.AspNetCore.Http;

namespace AgentMta.Server.Api;

/// <summary>What is to change of a message.</summary>
internal sealed record UpdateMessageRequest
{
    public OneOrMany? AddLabels { get; init; }

    public OneOrMany? RemoveLabels { get; init; }

    /// <summary>true removes the label unread, false adds it.</summary>
    public bool? Read { get; init; }

    /// <summary>true takes the message out of the plain list; archiving what is archived is a conflict.</summary>
    public bool? Archived { get; init; }
}

/// <summary>How many messages are unread.</summary>
internal sealed record UnreadCountResponse(long Count);

/// <summary>Messages of an inbox: read, labelled, deleted.</summary>
internal sealed class MessageEndpoints(ApiServices services)
{
    private const string Root = "/v0/inboxes/{inbox_id}/messages";
    private const string One = Root + "/{message_id}";

    internal static readonly IReadOnlyList<QueryParameter> ListQuery =
    [
        new("limit", "integer"), new("page_token", "string"), new("labels", "list"), new("before", "date-time"), new("after", "date-time"), new("ascending", "boolean"),
        new("include_spam", "boolean"), new("include_blocked", "boolean"), new("include_unauthenticated", "boolean"), new("include_trash", "boolean"),
        new("from", "list"), new("to", "list"), new("subject", "list"), new("is_read", "boolean"), new("include_archived", "boolean"), new("verified_only", "boolean"),
        new("q", "string"), new("wait", "integer"),
    ];

    private readonly MessageStore _messages = new(services.Database);
    private readonly MessageReader _reader = new(new MessageStore(services.Database), services.Spool, services.Slots);

    /// <summary>Registers the routes.</summary>
    public static void Map(ApiRoutes routes)
    {
        var endpoints = new MessageEndpoints(routes.Services);
        routes.Map(
            new ApiRoute { Method = "GET", Pattern = Root, Permission = "message_read", Summary = "List messages.", Query = ListQuery, Response = ApiJson.Wire.MessageList },
            endpoints.ListAsync);
        routes.Map(
            new ApiRoute { Method = "GET", Pattern = "/v0/inboxes/{inbox_id}/unread-count", Permission = "message_read", Summary = "Count unread messages.", Response = ApiJson.Wire.UnreadCountResponse },
            endpoints.CountUnreadAsync);
        routes.Map(
            new ApiRoute { Method = "GET", Pattern = One, Permission = "message_read", Summary = "Get a message with its bodies.", Response = ApiJson.Wire.MessageResponse },
            endpoints.GetAsync);
        routes.Map(
            new ApiRoute
            {
                Method = "PATCH", Pattern = One, Permission = "message_update", Summary = "Change the labels of a message.", Request = ApiJson.Wire.UpdateMessageRequest,
                Response = ApiJson.Wire.MessageLabelsResponse, Errors = [409],
            },
            endpoints.UpdateAsync);
        routes.Map(
            new ApiRoute { Method = "DELETE", Pattern = One, Permission = "message_delete", Summary = "Delete a message for good." },
            endpoints.DeleteAsync);
        routes.Map(
            new ApiRoute { Method = "GET", Pattern = One + "/raw", Permission = "message_read", Summary = "Get the raw message: a URL, or with Accept: message/rfc822 the bytes.", Response = ApiJson.Wire.RawResponse, OtherMedia = "message/rfc822" },
            endpoints.RawAsync);
        routes.Map(
            new ApiRoute { Method = "GET", Pattern = One + "/attachments/{attachment_id}", Permission = "message_read", Summary = "Get the URL of an attachment.", Response = ApiJson.Wire.AttachmentResponse, Present = ["download_url", "expires_at"] },
            endpoints.AttachmentAsync);
        routes.Map(
            new ApiRoute { Method = "GET", Pattern = One + "/trace", Permission = "message_read", Summary = "Read why a message was let in: session, authentication, the verdict of each gate.", Response = ApiJson.Wire.TraceResponse },
            endpoints.TraceAsync);
    }

    /// <summary>The message, unless the key may not see a label that it carries.</summary>
    public async ValueTask<StoredMessage> FindAsync(ApiCall call)
    {
        var id = call["message_id"];
        var message = await _messages.GetAsync(call.Scope, call.Inbox.InboxId, id, call.Aborted).ConfigureAwait(false);
        return message is null || LabelChange.Forbidden(call.Credential).Any(message.Labels.Contains) ? throw ApiException.NotFound($"The message {id}") : message;
    }

    private async Task<IResult> ListAsync(ApiCall call)
    {
        var text = call.Query.Text("q")?.Trim();
        if (text is { Length: 0 })
            throw ApiException.Invalid("q", "It is empty.", "Leave it out to list all messages.");
        var filter = Filter(call) with { Text = text };
        var after = Page.Position(call);
        var until = services.Time.GetUtcNow() + call.Wait;
        var watch = new InboxWatch(services.Database, services.Feed, call.Inbox.WorkspaceId, call.Inbox.InboxId);
        if (call.Wait > TimeSpan.Zero)
            await watch.StartAsync(call.Aborted).ConfigureAwait(false);
        while (true)
        {
            var page = await _messages.ListAsync(call.Scope, call.Inbox.InboxId, filter, after, call.Limit, call.Aborted).ConfigureAwait(false);
            var left = until - services.Time.GetUtcNow();
            // A short page with a next one has not seen all that there is.
            if (page.Rows.Count > 0 || page.Next is not null || left <= TimeSpan.Zero)
                return Show(call, new MessageList(page.Rows.Count, call.Limit, call.NextPage(page), [.. page.Rows.Select(MessageResponse.Of)]));

            await watch.WaitAsync(left, call.Aborted).ConfigureAwait(false);
        }
    }

    /// <summary>A page as the answer.</summary>
    public static IResult Show(ApiCall call, MessageList list)
    {
        call.Answer.Grow(list.Messages.Sum(m => m.Weight()));
        return TypedResults.Json(list, ApiJson.Wire.MessageList);
    }

    /// <summary>What the query narrows the messages to.</summary>
    public static MessageFilter Filter(ApiCall call)
    {
        var query = call.Query;
        var labels = query.List("labels").Select(l => l.Trim().ToLowerInvariant()).ToList();
        var without = LabelChange.Hidden(call).ToList();
        if (query.Flag("is_read") is { } read)
            (read ? without : labels).Add(Labels.Unread);
        if (query.Flag("include_archived") != true && !labels.Contains(Labels.Archived))
            without.Add(Labels.Archived);
        return new MessageFilter
        {
            Labels = labels,
            Without = without,
            Before = query.Time("before"),
            After = query.Time("after"),
            From = query.List("from"),
            To = query.List("to"),
            Subject = query.List("subject"),
            VerifiedOnly = query.Flag("verified_only") == true,
            Ascending = call.Ascending,
        };
    }

    private async Task<IResult> CountUnreadAsync(ApiCall call)
    {
        var count = await _messages.CountAsync(call.Scope, call.Inbox.InboxId, Labels.Unread, [.. LabelChange.Hidden(call), Labels.Archived], call.Aborted).ConfigureAwait(false);
        return TypedResults.Json(new UnreadCountResponse(count), ApiJson.Wire.UnreadCountResponse);
    }

    private async Task<IResult> GetAsync(ApiCall call)
    {
        var message = await FindAsync(call).ConfigureAwait(false);
        var shown = await _reader.ReadAsync(call.Scope, message, call.Aborted).ConfigureAwait(false);
        call.Answer.Grow(shown.Weight());
        return TypedResults.Json(shown, ApiJson.Wire.MessageResponse);
    }

    private async Task<IResult> UpdateAsync(ApiCall call)
    {
        var wanted = await call.BodyAsync(ApiJson.Wire.UpdateMessageRequest).ConfigureAwait(false);
        var change = LabelChange.Read(wanted.AddLabels, wanted.RemoveLabels);
        var (add, remove) = (change.Add.ToList(), change.Remove.ToList());
        if (wanted.Read is { } read)
            (read ? remove : add).Add(Labels.Unread);
        if (wanted.Archived is { } archived)
            (archived ? add : remove).Add(Labels.Archived);
        if (add.Count + remove.Count == 0)
            throw ApiException.Invalid("body", "Give add_labels, remove_labels, read or archived.");
        var message = await FindAsync(call).ConfigureAwait(false);
        var labels = await services.Database.WriteAsync(
            session =>
            {
                if (wanted.Archived == true && MessageStore.Get(session, call.Scope, message.InboxId, message.MessageId)?.Labels.Contains(Labels.Archived) == true)
                    throw new ApiException(409, "conflict", "The message is archived already.");
                try
                {
                    return MessageStore.ChangeLabels(session, call.Scope, message.InboxId, message.MessageId, add, remove);
                }
                catch (TooManyLabelsException e)
                {
                    throw ApiException.Invalid("add_labels", e.Message);
                }
            },
            call.Aborted).ConfigureAwait(false);
        return TypedResults.Json(new MessageLabelsResponse(message.MessageId, labels ?? throw ApiException.NotFound($"The message {message.MessageId}")), ApiJson.Wire.MessageLabelsResponse);
    }

    private async Task<IResult> DeleteAsync(ApiCall call)
    {
        var message = await FindAsync(call).ConfigureAwait(false);
        var files = new List<string>();
        if (!await services.Database.WriteAsync(session => MessageStore.Delete(session, call.Scope, message.InboxId, message.MessageId, files), call.Aborted).ConfigureAwait(false))
            throw ApiException.NotFound($"The message {message.MessageId}");
        foreach (var file in files)
            services.Spool.Delete(file);
        return TypedResults.NoContent();
    }

    private async Task<IResult> RawAsync(ApiCall call)
    {
        var message = await FindAsync(call).ConfigureAwait(false);
        if (call.Context.Request.Headers.Accept.ToString().Contains("message/rfc822", StringComparison.OrdinalIgnoreCase))
            return new DownloadResult(services, _messages, call.Scope, message, Attachment: null);
        var (url, expires) = new DownloadLinks(services.Keys, services.Options, services.Time).Write(call.Root, message.WorkspaceId, message.InboxId, message.MessageKey, null);
        using var raw = await RawBytes.OpenAsync(_messages, services.Spool, call.Scope, message.InboxId, message.MessageId, call.Aborted).ConfigureAwait(false)
            ?? throw ApiException.NotFound($"The message {message.MessageId}");
        return TypedResults.Json(new RawResponse(message.MessageId, raw.Shown().Sum(p => (long)p.Length), url, expires), ApiJson.Wire.RawResponse);
    }

    private async Task<IResult> AttachmentAsync(ApiCall call)
    {
        var message = await FindAsync(call).ConfigureAwait(false);
        var attachment = message.Attachments.FirstOrDefault(a => a.Id == call["attachment_id"]) ?? throw ApiException.NotFound($"The attachment {call["attachment_id"]}");
        return TypedResults.Json(new DownloadLinks(services.Keys, services.Options, services.Time).Show(call.Root, message, attachment), ApiJson.Wire.AttachmentResponse);
    }

    private async Task<IResult> TraceAsync(ApiCall call)
    {
        var message = await FindAsync(call).ConfigureAwait(false);
        var verdicts = await _messages.VerdictsAsync(call.Scope, message.InboxId, message.MessageId, call.Aborted).ConfigureAwait(false);
        using var raw = await RawBytes.OpenAsync(_messages, services.Spool, call.Scope, message.InboxId, message.MessageId, call.Aborted).ConfigureAwait(false);
        return TypedResults.Json(
            TraceResponse.Of(message.MessageId, verdicts, raw?.Authentication, raw?.Session, call.Credential.Scope is { PodId: null, InboxId: null }), ApiJson.Wire.TraceResponse);
    }
}
