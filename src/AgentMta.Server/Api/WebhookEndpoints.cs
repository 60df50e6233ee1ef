using AgentMta.Server.Model;
using AgentMta.Server.Store;
using AgentMta.Server.Webhooks;
using Microsoft.AspNetCore.Http;

namespace AgentMta.Server.Api;

/// <summary>A webhook on the wire.</summary>
internal sealed record WebhookResponse(
    string WebhookId, string Url, IReadOnlyList<string> EventTypes, IReadOnlyList<string>? PodIds, IReadOnlyList<string>? InboxIds, string Secret, bool Enabled, string? ClientId,
    DateTimeOffset CreatedAt, DateTimeOffset UpdatedAt);

/// <summary>A page of webhooks.</summary>
internal sealed record WebhookList(int Count, int Limit, string? NextPageToken, IReadOnlyList<WebhookResponse> Webhooks);

/// <summary>Names of the headers that go with each delivery; their values are never shown.</summary>
internal sealed record WebhookHeadersResponse(IReadOnlyList<string> HeaderNames);

/// <summary>A webhook to be made or changed.</summary>
internal sealed record WebhookRequest
{
    public string? Url { get; init; }

    public List<string>? EventTypes { get; init; }

    public List<string>? InboxIds { get; init; }

    public List<string>? PodIds { get; init; }

    public List<string>? AddInboxIds { get; init; }

    public List<string>? RemoveInboxIds { get; init; }

    public List<string>? AddPodIds { get; init; }

    public List<string>? RemovePodIds { get; init; }

    public Dictionary<string, string>? Headers { get; init; }

    public List<string>? RemoveHeaders { get; init; }

    public string? ClientId { get; init; }

    public bool? Enabled { get; init; }
}

/// <summary>An event that its endpoint did not take.</summary>
internal sealed record DeadLetterResponse(long Cursor, string EventId, int Attempts, int? LastStatus, string? LastError, DateTimeOffset CreatedAt);

/// <summary>Dead letters, oldest first.</summary>
internal sealed record DeadLetterList(int Count, int Limit, string? NextPageToken, IReadOnlyList<DeadLetterResponse> DeadLetters);

/// <summary>Which dead letters are to be tried anew.</summary>
internal sealed record ReplayRequest
{
    public string? EventId { get; init; }

    public long? From { get; init; }

    public long? To { get; init; }
}

/// <summary>Webhooks at root, pod and inbox.</summary>
internal sealed class WebhookEndpoints(ApiServices services)
{
    private const int MaximumNames = 10;

    private readonly WebhookStore _webhooks = new(services.Database, services.Keys);

    /// <summary>Registers the routes.</summary>
    public static void Map(ApiRoutes routes)
    {
        var endpoints = new WebhookEndpoints(routes.Services);
        foreach (var prefix in ApiRoutes.AllScopes)
        {
            var one = prefix + "/webhooks/{webhook_id}";
            routes.Map(
                new ApiRoute
                {
                    Method = "GET", Pattern = prefix + "/webhooks", Permission = "webhook_read", Summary = "List webhooks.",
                    Query = [new("limit", "integer"), new("page_token", "string"), new("ascending", "boolean")], Response = ApiJson.Wire.WebhookList, Errors = [404],
                },
                endpoints.ListAsync);
            routes.Map(
                new ApiRoute
                {
                    Method = "POST", Pattern = prefix + "/webhooks", Permission = "webhook_create", Summary = "Subscribe an endpoint to events.", Request = ApiJson.Wire.WebhookRequest,
                    Response = ApiJson.Wire.WebhookResponse, Errors = [400, 403, 404],
                },
                endpoints.CreateAsync);
            routes.Map(
                new ApiRoute { Method = "GET", Pattern = one, Permission = "webhook_read", Summary = "Get a webhook.", Response = ApiJson.Wire.WebhookResponse, Errors = [404] },
                async call => TypedResults.Json(Show(await endpoints.FindAsync(call).ConfigureAwait(false)), ApiJson.Wire.WebhookResponse));
            routes.Map(
                new ApiRoute
                {
                    Method = "PATCH", Pattern = one, Permission = "webhook_update", Summary = "Change what a webhook gets.", Request = ApiJson.Wire.WebhookRequest, Response = ApiJson.Wire.WebhookResponse,
                    Errors = [400, 403, 404],
                },
                endpoints.UpdateAsync);
            routes.Map(new ApiRoute { Method = "DELETE", Pattern = one, Permission = "webhook_delete", Summary = "Delete a webhook.", Errors = [404] }, endpoints.DeleteAsync);
            routes.Map(
                new ApiRoute { Method = "GET", Pattern = one + "/headers", Permission = "webhook_read", Summary = "List the names of custom headers.", Response = ApiJson.Wire.WebhookHeadersResponse, Errors = [404] },
                async call => TypedResults.Json(new WebhookHeadersResponse([.. (await endpoints.FindAsync(call).ConfigureAwait(false)).Headers.Select(HeaderName)]), ApiJson.Wire.WebhookHeadersResponse));
            routes.Map(
                new ApiRoute { Method = "PATCH", Pattern = one + "/headers", Permission = "webhook_update", Summary = "Set and remove custom headers.", Request = ApiJson.Wire.WebhookRequest, Errors = [400, 404] },
                endpoints.UpdateHeadersAsync);
            routes.Map(
                new ApiRoute
                {
                    Method = "GET", Pattern = one + "/dead-letters", Permission = "webhook_read", Summary = "List events that the endpoint did not take.",
                    Query = [new("limit", "integer"), new("page_token", "string")], Response = ApiJson.Wire.DeadLetterList, Errors = [404],
                },
                endpoints.DeadAsync);
            routes.Map(
                new ApiRoute
                {
                    Method = "POST", Pattern = one + "/replay", Permission = "webhook_update", Summary = "Try dead letters anew: one, or a range of cursors.", Request = ApiJson.Wire.ReplayRequest,
                    Response = ApiJson.Wire.QueueChangeResponse, Errors = [400, 404],
                },
                endpoints.ReplayAsync);
            routes.Map(
                new ApiRoute { Method = "POST", Pattern = one + "/rotate-secret", Permission = "webhook_update", Summary = "Make a new secret; the old one signs beside it until the next rotation.", Response = ApiJson.Wire.WebhookResponse, Errors = [404] },
                call => endpoints.ChangeAsync(call, w => w with { Secrets = [WebhookSigner.NewSecret(), w.Secrets[0]] }));
        }
    }

    private static string HeaderName(string line) => line[..line.IndexOf(':', StringComparison.Ordinal)];

    private static Scope Reach(ApiCall call) => call.RouteInbox is { } inbox ? new Scope(inbox.WorkspaceId, inbox.PodId, inbox.InboxId) : call.Scope;

    private async ValueTask<Webhook> FindAsync(ApiCall call) =>
        await _webhooks.GetAsync(call.Scope, call["webhook_id"], call.Aborted).ConfigureAwait(false) ?? throw ApiException.NotFound($"The webhook {call["webhook_id"]}");

    private async Task<IResult> ListAsync(ApiCall call)
    {
        var rows = await _webhooks.ListAsync(call.Scope, Page.Position(call), call.Limit + 1, call.Ascending, call.Aborted).ConfigureAwait(false);
        var page = Page.Of(rows, call.Limit, call, row => [Page.Number(row.CreatedAt.ToMicros()), row.WebhookId]);
        return TypedResults.Json(new WebhookList(page.Items.Count, call.Limit, page.Next, [.. page.Items.Select(Show)]), ApiJson.Wire.WebhookList);
    }

    private async Task<IResult> CreateAsync(ApiCall call)
    {
        var wanted = await call.BodyAsync(ApiJson.Wire.WebhookRequest).ConfigureAwait(false);
        ClientIds.Check(wanted.ClientId);
        if (!Uri.TryCreate(wanted.Url, UriKind.Absolute, out var url) || url.Scheme is not ("http" or "https") || url.UserInfo.Length > 0)
            throw ApiException.Invalid("url", "It is an http or https URL without credentials.");
        if (wanted.EventTypes is not { Count: > 0 } types)
            throw ApiException.Invalid("event_types", "Give at least one.", "For instance message.received.");
        CheckTypes(call, types);
        CheckNames(wanted.InboxIds, wanted.PodIds);
        var headers = Headers([], wanted.Headers, null);
        var made = await services.Database.WriteAsync(
            session =>
            {
                if (wanted.ClientId is { } clientId && _webhooks.Get(session, call.Scope, clientId) is { } before)
                    return before;
                var now = Clock.FromMicros(session.Now);
                var cursor = session.Scalar<long>("SELECT event_cursor FROM workspaces WHERE workspace_id = @p1", call.Scope.WorkspaceId);
                var webhook = new Webhook(
                    Reach(call), Ids.New(session.Time), wanted.ClientId, url.AbsoluteUri, types, wanted.PodIds ?? [], wanted.InboxIds ?? [], [WebhookSigner.NewSecret()], headers, true, cursor, null, now, now);
                _webhooks.Save(session, webhook, isNew: true);
                return webhook;
            },
            call.Aborted).ConfigureAwait(false);
        return TypedResults.Json(Show(made), ApiJson.Wire.WebhookResponse);
    }

    private async Task<IResult> UpdateAsync(ApiCall call)
    {
        var wanted = await call.BodyAsync(ApiJson.Wire.WebhookRequest).ConfigureAwait(false);
        CheckTypes(call, wanted.EventTypes ?? []);
        return await ChangeAsync(
            call,
            w =>
            {
                var changed = w with
                {
                    EventTypes = wanted.EventTypes is { Count: > 0 } types ? types : w.EventTypes,
                    InboxIds = [.. w.InboxIds.Except(wanted.RemoveInboxIds ?? []).Union(wanted.AddInboxIds ?? [])],
                    PodIds = [.. w.PodIds.Except(wanted.RemovePodIds ?? []).Union(wanted.AddPodIds ?? [])],
                    Enabled = wanted.Enabled ?? w.Enabled,
                };
                CheckNames(changed.InboxIds, changed.PodIds);
                return changed;
            }).ConfigureAwait(false);
    }

    private async Task<IResult> UpdateHeadersAsync(ApiCall call)
    {
        var wanted = await call.BodyAsync(ApiJson.Wire.WebhookRequest).ConfigureAwait(false);
        if (wanted.Headers is not { Count: > 0 } && wanted.RemoveHeaders is not { Count: > 0 })
            throw ApiException.Invalid("headers", "Give headers or remove_headers.");
        await ChangeAsync(call, w => w with { Headers = Headers(w.Headers, wanted.Headers, wanted.RemoveHeaders) }).ConfigureAwait(false);
        return TypedResults.NoContent();
    }

    private async Task<IResult> ChangeAsync(ApiCall call, Func<Webhook, Webhook> change)
    {
        var webhook = await services.Database.WriteAsync(
            session =>
            {
                var old = _webhooks.Get(session, call.Scope, call["webhook_id"]) ?? throw ApiException.NotFound($"The webhook {call["webhook_id"]}");
                var changed = change(old);
                _webhooks.Save(session, changed, isNew: false);
                return _webhooks.Get(session, call.Scope, old.WebhookId)!;
            },
            call.Aborted).ConfigureAwait(false);
        return TypedResults.Json(Show(webhook), ApiJson.Wire.WebhookResponse);
    }

    private async Task<IResult> DeleteAsync(ApiCall call)
    {
        var webhook = await FindAsync(call).ConfigureAwait(false);
        await services.Database.WriteAsync(session => WebhookStore.Delete(session, webhook), call.Aborted).ConfigureAwait(false);
        return TypedResults.NoContent();
    }

    private async Task<IResult> DeadAsync(ApiCall call)
    {
        var webhook = await FindAsync(call).ConfigureAwait(false);
        var after = call.PageStart(1) is [var text] ? long.Parse(text, System.Globalization.CultureInfo.InvariantCulture) : 0;
        var rows = await _webhooks.DeadAsync(webhook, after, call.Limit + 1, call.Aborted).ConfigureAwait(false);
        var page = Page.Of(rows, call.Limit, call, row => [Page.Number(row.EventCursor)]);
        return TypedResults.Json(
            new DeadLetterList(page.Items.Count, call.Limit, page.Next, [.. page.Items.Select(d => new DeadLetterResponse(d.EventCursor, d.EventId, d.Attempts, d.LastStatus, d.LastError, d.CreatedAt))]),
            ApiJson.Wire.DeadLetterList);
    }

    private async Task<IResult> ReplayAsync(ApiCall call)
    {
        var wanted = await call.BodyAsync(ApiJson.Wire.ReplayRequest).ConfigureAwait(false);
        if (wanted.EventId is null && wanted.From is null && wanted.To is null)
            throw ApiException.Invalid("body", "Give event_id, or from and to.");
        var webhook = await FindAsync(call).ConfigureAwait(false);
        return TypedResults.Json(new QueueChangeResponse(await _webhooks.ReplayAsync(webhook, wanted.EventId, wanted.From ?? 0, wanted.To ?? long.MaxValue, call.Aborted).ConfigureAwait(false)), ApiJson.Wire.QueueChangeResponse);
    }

    private static void CheckTypes(ApiCall call, IReadOnlyList<string> types)
    {
        foreach (var type in types)
        {
            if (!EventFilter.Offered.Contains(type))
                throw ApiException.Invalid("event_types", $"'{type}' is not one of {string.Join(", ", EventFilter.Offered)}.");
            if (EventFilter.PermissionOf(type) is { } permission && !call.Credential.May(permission))
                throw new ApiException(403, "missing_permission", $"The API key lacks the permission {permission}.", "Use a key that has it.");
        }
    }

    private static void CheckNames(IReadOnlyList<string>? inboxes, IReadOnlyList<string>? pods)
    {
        if (inboxes?.Count > MaximumNames || pods?.Count > MaximumNames)
            throw ApiException.Invalid(inboxes?.Count > MaximumNames ? "inbox_ids" : "pod_ids", $"At most {MaximumNames} are taken.");
    }

    private static List<string> Headers(IReadOnlyList<string> old, Dictionary<string, string>? set, List<string>? remove)
    {
        foreach (var (name, value) in set ?? [])
        {
            // RFC 9110 5.6.2: a name is a token; a value with a line end would add a field.
            if (name.Length is 0 or > 100 || !name.All(c => char.IsAsciiLetterOrDigit(c) || c is '-' or '_') || value.Length > 4000 || value.Any(char.IsControl))
                throw ApiException.Invalid("headers", $"'{name}' is not a header field.");
            if (remove?.Contains(name, StringComparer.OrdinalIgnoreCase) == true)
                throw ApiException.Invalid("remove_headers", $"'{name}' is to be set as well.");
        }

        var gone = (remove ?? []).Concat(set?.Keys.AsEnumerable() ?? []).ToHashSet(StringComparer.OrdinalIgnoreCase);
        List<string> headers = [.. old.Where(line => !gone.Contains(HeaderName(line))), .. (set ?? []).Select(h => $"{h.Key}: {h.Value}")];
        return headers.Count <= 20 ? headers : throw ApiException.Invalid("headers", "At most 20 are taken.");
    }

    private static WebhookResponse Show(Webhook webhook) => new(
        webhook.WebhookId, webhook.Url, webhook.EventTypes, webhook.PodIds.Count == 0 ? null : webhook.PodIds, webhook.InboxIds.Count == 0 ? null : webhook.InboxIds, webhook.Secrets[0], webhook.Enabled,
        webhook.ClientId, webhook.CreatedAt, webhook.UpdatedAt);
}
