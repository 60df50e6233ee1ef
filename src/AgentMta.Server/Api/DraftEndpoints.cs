using AgentMta.Server.Agents;
using AgentMta.Server.Model;
using AgentMta.Server.Store;
using Microsoft.AspNetCore.Http;

namespace AgentMta.Server.Api;

/// <summary>Drafts: written in an inbox, read at root and pod too, sent at once or at their time.</summary>
internal sealed class DraftEndpoints(ApiServices services)
{
    private const string Inbox = "/v0/inboxes/{inbox_id}/drafts";
    private const int PreviewLength = 200;

    private static readonly TimeSpan KeyLifetime = TimeSpan.FromDays(1);

    private readonly DraftStore _drafts = new(services.Database);
    private readonly DraftSender _sender = new(services.Database, services.Submit);
    private readonly AttachmentReader _attachments = new(services);

    /// <summary>Registers the routes.</summary>
    public static void Map(ApiRoutes routes)
    {
        var endpoints = new DraftEndpoints(routes.Services);
        foreach (var prefix in ApiRoutes.AllScopes)
        {
            routes.Map(
                new ApiRoute
                {
                    Method = "GET", Pattern = prefix + "/drafts", Permission = "draft_read", Summary = "List drafts by last change.",
                    Query = [new("limit", "integer"), new("page_token", "string"), new("labels", "list"), new("before", "date-time"), new("after", "date-time"), new("ascending", "boolean")],
                    Response = ApiJson.Wire.DraftList,
                },
                endpoints.ListAsync);
            routes.Map(
                new ApiRoute { Method = "GET", Pattern = prefix + "/drafts/{draft_id}", Permission = "draft_read", Summary = "Get a draft.", Response = ApiJson.Wire.DraftResponse, Present = ["created_at"] },
                async call => await endpoints.ShowAsync(call, await endpoints.FindAsync(call).ConfigureAwait(false)).ConfigureAwait(false));
            routes.Map(
                new ApiRoute
                {
                    Method = "GET", Pattern = prefix + "/drafts/{draft_id}/attachments/{attachment_id}", Permission = "draft_read", Summary = "Get the URL of an attachment.",
                    Response = ApiJson.Wire.AttachmentResponse, Present = ["download_url", "expires_at"],
                },
                endpoints.AttachmentAsync);
        }

        routes.Map(
            new ApiRoute { Method = "POST", Pattern = Inbox, Permission = "draft_create", Summary = "Write a draft.", Request = ApiJson.Wire.CreateDraftRequest, Response = ApiJson.Wire.DraftResponse, Present = ["created_at"] },
            endpoints.CreateAsync);
        routes.Map(
            new ApiRoute
            {
                Method = "PATCH", Pattern = Inbox + "/{draft_id}", Permission = "draft_update", Summary = "Change a draft; absent fields stay, null clears.", Request = ApiJson.Wire.UpdateDraftRequest,
                Response = ApiJson.Wire.DraftResponse, Present = ["created_at"], Errors = [409],
            },
            endpoints.UpdateAsync);
        routes.Map(
            new ApiRoute { Method = "DELETE", Pattern = Inbox + "/{draft_id}", Permission = "draft_delete", Summary = "Delete a draft; its schedule goes with it.", Errors = [409] },
            endpoints.DeleteAsync);
        routes.Map(
            new ApiRoute
            {
                Method = "POST", Pattern = Inbox + "/{draft_id}/send", Permission = "draft_send", Summary = "Send a draft; it is gone afterwards.", Request = ApiJson.Wire.UpdateThreadRequest, BodyOptional = true,
                IsIdempotent = true, Response = ApiJson.Wire.SendMessageResponse, Errors = [409, 422],
            },
            endpoints.SendAsync);
    }

    private async ValueTask<Draft> FindAsync(ApiCall call) =>
        await _drafts.GetAsync(call.Scope, call["draft_id"], call.Aborted).ConfigureAwait(false) ?? throw ApiException.NotFound($"The draft {call["draft_id"]}");

    private async Task<IResult> ListAsync(ApiCall call)
    {
        var labels = call.Query.List("labels").Select(l => l.Trim().ToLowerInvariant()).ToList();
        var page = await _drafts.ListAsync(call.Scope, labels, call.Query.Time("before"), call.Query.Time("after"), Page.Position(call), call.Limit, call.Ascending, call.Aborted).ConfigureAwait(false);
        var shown = new List<DraftResponse>();
        foreach (var draft in page.Rows)
            shown.Add(Item(draft, await _drafts.AttachmentsAsync(draft, call.Aborted).ConfigureAwait(false)));
        return TypedResults.Json(new DraftList(shown.Count, call.Limit, call.NextPage(page), shown), ApiJson.Wire.DraftList);
    }

    private async Task<IResult> AttachmentAsync(ApiCall call)
    {
        var draft = await FindAsync(call).ConfigureAwait(false);
        var found = (await _drafts.AttachmentsAsync(draft, call.Aborted).ConfigureAwait(false)).Find(a => a.AttachmentId == call["attachment_id"]) ?? throw ApiException.NotFound($"The attachment {call["attachment_id"]}");
        var (url, expires) = new DownloadLinks(services.Keys, services.Options, services.Time).Write(call.Root, draft.WorkspaceId, draft.InboxId, DownloadLinks.DraftPrefix + draft.DraftId, found.AttachmentId);
        return TypedResults.Json(Show(found) with { DownloadUrl = url, ExpiresAt = expires }, ApiJson.Wire.AttachmentResponse);
    }

    private async Task<IResult> CreateAsync(ApiCall call)
    {
        var wanted = await call.BodyAsync(ApiJson.Wire.CreateDraftRequest).ConfigureAwait(false);
        ClientIds.Check(wanted.ClientId);
        if (wanted.InReplyTo.Value is not null && wanted.ForwardOf.Value is not null)
            throw ApiException.Invalid("forward_of", "A draft answers a message or forwards one, not both.");
        if (wanted.ReplyAll == true && (wanted.InReplyTo.Value is null || wanted.To.Value is { Count: > 0 } || wanted.Cc.Value is { Count: > 0 } || wanted.Bcc.Value is { Count: > 0 }))
            throw ApiException.Invalid("reply_all", "It goes with in_reply_to and without to, cc and bcc of its own.");
        CheckSchedule(call, wanted);
        var files = await _attachments.ReadAsync(wanted.Attachments, call.Aborted).ConfigureAwait(false);
        var target = wanted.InReplyTo.Value ?? wanted.ForwardOf.Value;
        var forbidden = LabelChange.Forbidden(call.Credential);
        var draft = await services.Database.WriteAsync(
            session =>
            {
                if (wanted.ClientId is { } clientId && DraftStore.ByClientId(session, call.Scope, clientId) is { } before)
                    return before;
                if (target is not null && (MessageStore.Get(session, call.Scope, call.Inbox.InboxId, target) is not { } message || forbidden.Any(message.Labels.Contains)))
                    throw ApiException.NotFound($"The message {target}");
                var now = Clock.FromMicros(session.Now);
                var made = Apply(
                    new Draft(
                        call.Scope.WorkspaceId, Ids.New(session.Time), call.Inbox.PodId, call.Inbox.InboxId, wanted.ClientId, [],
                        new DraftContent { InReplyTo = wanted.InReplyTo.Value, ForwardOf = wanted.ForwardOf.Value, ReplyAll = wanted.ReplyAll == true }, null, null, null, now, now), wanted, new LabelChange([], []), now);
                DraftStore.Save(session, made, isNew: true);
                foreach (var file in files)
                    DraftStore.AddAttachment(session, made, file);
                return made;
            },
            call.Aborted).ConfigureAwait(false);
        return await ShowAsync(call, draft).ConfigureAwait(false);
    }

    private async Task<IResult> UpdateAsync(ApiCall call)
    {
        var wanted = await call.BodyAsync(ApiJson.Wire.UpdateDraftRequest).ConfigureAwait(false);
        CheckSchedule(call, wanted);
        var change = LabelChange.Read(wanted.AddLabels, wanted.RemoveLabels);
        var files = await _attachments.ReadAsync([.. wanted.Attachments ?? [], .. wanted.AddAttachments ?? []], call.Aborted).ConfigureAwait(false);
        var draft = await services.Database.WriteAsync(
            session =>
            {
                var old = DraftStore.Get(session, call.Scope, call["draft_id"]) ?? throw ApiException.NotFound($"The draft {call["draft_id"]}");
                CheckIdle(old);
                if ((wanted.InReplyTo.IsGiven && wanted.InReplyTo.Value != old.Content.InReplyTo) || (wanted.ForwardOf.IsGiven && wanted.ForwardOf.Value != old.Content.ForwardOf))
                    throw ApiException.Invalid("in_reply_to", "What a draft answers or forwards is fixed when it is made.", "Make another draft.");
                var changed = Apply(old, wanted, change, Clock.FromMicros(session.Now));
                DraftStore.Save(session, changed, isNew: false);
                if (wanted.Attachments is not null)
                    DraftStore.RemoveAttachment(session, old, null);
                foreach (var id in wanted.RemoveAttachments ?? [])
                    DraftStore.RemoveAttachment(session, old, id);
                foreach (var file in files)
                    DraftStore.AddAttachment(session, old, file);
                // With those that it has from before; what is too much leaves nothing of this change.
                var (count, size) = DraftStore.Attached(session, old);
                AttachmentReader.Check(count, size);
                return changed;
            },
            call.Aborted).ConfigureAwait(false);
        return await ShowAsync(call, draft).ConfigureAwait(false);
    }

    private async Task<IResult> DeleteAsync(ApiCall call)
    {
        await services.Database.WriteAsync(
            session =>
            {
                CheckIdle(DraftStore.Get(session, call.Scope, call["draft_id"]) ?? throw ApiException.NotFound($"The draft {call["draft_id"]}"));
                DraftStore.Delete(session, call.Scope, call["draft_id"]);
            },
            call.Aborted).ConfigureAwait(false);
        return TypedResults.NoContent();
    }

    private async Task<IResult> SendAsync(ApiCall call)
    {
        var key = ClientIds.IdempotencyKey(call);
        var (change, bytes) = await call.BodyWithBytesAsync(ApiJson.Wire.UpdateThreadRequest).ConfigureAwait(false);
        var labels = LabelChange.Read(change.AddLabels, change.RemoveLabels);
        var request = key is null ? default((string, byte[])?) : (key, SendEndpoints.Hash(call.Context.Request.Path.Value!, bytes.Span));
        if (await SentBeforeAsync(call, request).ConfigureAwait(false) is { } before)
            return TypedResults.Json(before, ApiJson.Wire.SendMessageResponse);
        var draft = await FindAsync(call).ConfigureAwait(false);
        // A key that may send drafts may send this one; it needs no right to send anything else.
        var credential = call.Credential with { Permissions = null };
        var result = await _sender.SendAsync(
            call.Scope, draft.DraftId,
            new DraftSending(credential, IsScheduled: false, old => old.Except(labels.Remove, StringComparer.Ordinal).Union(labels.Add, StringComparer.Ordinal), request)).ConfigureAwait(false);
        return result.Fault is { } fault ? throw ApiException.From(fault) : TypedResults.Json(new SendMessageResponse(result.MessageId!, result.ThreadId!), ApiJson.Wire.SendMessageResponse);
    }

    // The draft is gone once it was sent: what the same request gave then is told by its key.
    private async Task<SendMessageResponse?> SentBeforeAsync(ApiCall call, (string Key, byte[] Hash)? request)
    {
        if (request is not { } given || await new SubmissionStore(services.Database).FindKeyAsync(call.Scope.WorkspaceId, given.Key, services.Time.GetUtcNow() - KeyLifetime, call.Aborted).ConfigureAwait(false) is not { } before)
            return null;
        return before.RequestHash.AsSpan().SequenceEqual(given.Hash)
            ? new SendMessageResponse(before.MessageId, before.ThreadId) : throw new ApiException(409, "conflict", "This Idempotency-Key was used for another request.", "Use a new key for a new message.");
    }

    private static void CheckIdle(Draft draft)
    {
        if (draft.SendStatus == Draft.Sending)
            throw new ApiException(409, "conflict", "The draft is being sent.", "Wait until it is gone.");
    }

    private void CheckSchedule(ApiCall call, DraftRequest wanted)
    {
        if (wanted.SendAt.Value is not { } at)
            return;
        if (!call.Credential.May("draft_send"))
            throw new ApiException(403, "missing_permission", "The API key lacks the permission draft_send.", "Use a key that has it, or leave send_at out.");
        if (at > services.Time.GetUtcNow() + TimeSpan.FromDays(366))
            throw ApiException.Invalid("send_at", "It lies more than a year ahead.");
    }

    private static Draft Apply(Draft old, DraftRequest wanted, LabelChange change, DateTimeOffset now)
    {
        var labels = (wanted.Labels is null ? old.Labels.Where(l => l != Labels.Scheduled) : LabelChange.ReadLabels(wanted.Labels)).Except(change.Remove, StringComparer.Ordinal).Union(change.Add, StringComparer.Ordinal).ToList();
        var sendAt = wanted.SendAt.IsGiven ? wanted.SendAt.Value : old.SendAt;
        var status = wanted.SendAt.IsGiven ? (sendAt is null ? null : Draft.Scheduled) : old.SendStatus;
        if (status == Draft.Scheduled)
            labels.Add(Labels.Scheduled);
        return old with
        {
            Labels = labels,
            SendAt = sendAt,
            SendStatus = status,
            Fault = wanted.SendAt.IsGiven ? null : old.Fault,
            UpdatedAt = now,
            Content = old.Content with
            {
                To = wanted.To.Or(null) ?? (wanted.To.IsGiven ? null : old.Content.To),
                Cc = wanted.Cc.Or(null) ?? (wanted.Cc.IsGiven ? null : old.Content.Cc),
                Bcc = wanted.Bcc.Or(null) ?? (wanted.Bcc.IsGiven ? null : old.Content.Bcc),
                ReplyTo = wanted.ReplyTo.Or(null) ?? (wanted.ReplyTo.IsGiven ? null : old.Content.ReplyTo),
                Subject = wanted.Subject.Or(old.Content.Subject),
                Text = wanted.Text.Or(old.Content.Text),
                Html = wanted.Html.Or(old.Content.Html),
            },
        };
    }

    private async Task<IResult> ShowAsync(ApiCall call, Draft draft)
    {
        call.Answer.Grow(draft.Content.Weight());
        return TypedResults.Json(
            Item(draft, await _drafts.AttachmentsAsync(draft, call.Aborted).ConfigureAwait(false)) with
            {
                ClientId = draft.ClientId, ReplyTo = draft.Content.ReplyTo, Text = draft.Content.Text, Html = draft.Content.Html, CreatedAt = draft.CreatedAt, Fault = draft.Fault,
            },
            ApiJson.Wire.DraftResponse);
    }

    private static AttachmentResponse Show(DraftAttachment a) => new(a.AttachmentId, a.Size, a.FileName, a.ContentType ?? "application/octet-stream", a.Inline ? "inline" : "attachment", a.ContentId);

    private static DraftResponse Item(Draft draft, List<DraftAttachment> attachments) => new()
    {
        InboxId = draft.InboxId,
        DraftId = draft.DraftId,
        Labels = draft.Labels,
        To = draft.Content.To,
        Cc = draft.Content.Cc,
        Bcc = draft.Content.Bcc,
        Subject = draft.Content.Subject,
        Preview = draft.Content.Text is { Length: > PreviewLength } text ? text[..PreviewLength] : draft.Content.Text,
        Attachments = attachments.Count == 0 ? null : [.. attachments.Select(Show)],
        InReplyTo = draft.Content.InReplyTo,
        ForwardOf = draft.Content.ForwardOf,
        SendStatus = draft.SendStatus,
        SendAt = draft.SendAt,
        UpdatedAt = draft.UpdatedAt,
    };
}
