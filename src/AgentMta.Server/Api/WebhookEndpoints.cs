using AgentMta.Server.Model;
using AgentMta.Server.Store;
using AgentMta.Server.Webhooks;
using Microsoft.AspNetCore.Http;
using Microsoft.AspNetCore.Http.HttpResults;

namespace AgentMta.Server.Api;

/// <summary>Webhooks at root, pod and inbox.</summary>
internal sealed class WebhookEndpoints(ApiServices services)
{
    private const int MaximumWebhooks = 100;
    private const int MaximumSecrets = 5;
    private const int MaximumOverlap = 7 * 24 * 3600;
    private const int DefaultOverlap = 24 * 3600;

    private readonly WebhookStore _webhooks = new(services.Database, services.Keys);
    private readonly WebhookRules _rules = new(services);

    /// <summary>Registers the routes.</summary>
    public static void Map(ApiRoutes routes)
    {
        var endpoints = new WebhookEndpoints(routes.Services);
        var replays = new WebhookReplayEndpoints(routes.Services);
        foreach (var prefix in ApiRoutes.AllScopes)
        {
            var one = prefix + "/webhooks/{webhook_id}";
            routes.Map(
                new ApiRoute
                {
                    Method = "GET", Pattern = prefix + "/webhooks", Permission = "webhook_read", Summary = "List webhooks, newest first.",
                    Query = [new("limit", "integer"), new("page_token", "string"), new("ascending", "boolean")], Response = ApiJson.Wire.WebhookList,
                },
                endpoints.ListAsync);
            routes.Map(
                new ApiRoute
                {
                    Method = "POST", Pattern = prefix + "/webhooks", Permission = "webhook_create", Summary = "Make a webhook; the same client_id again gives the same webhook.",
                    Request = ApiJson.Wire.CreateWebhookRequest, Response = ApiJson.Wire.WebhookResponse,
                },
                endpoints.CreateAsync);
            routes.Map(
                new ApiRoute { Method = "GET", Pattern = one, Permission = "webhook_read", Summary = "Get a webhook with its secret.", Response = ApiJson.Wire.WebhookResponse },
                async call => Show(await endpoints.FindAsync(call).ConfigureAwait(false)));
            routes.Map(
                new ApiRoute
                {
                    Method = "PATCH", Pattern = one, Permission = "webhook_update", Summary = "Change event types and filters, or switch a webhook on or off.",
                    Request = ApiJson.Wire.UpdateWebhookRequest, Response = ApiJson.Wire.WebhookResponse,
                },
                endpoints.UpdateAsync);
            routes.Map(
                new ApiRoute { Method = "GET", Pattern = one + "/headers", Permission = "webhook_read", Summary = "List the names of a webhook's headers.", Response = ApiJson.Wire.WebhookHeadersResponse },
                async call => TypedResults.Json(
                    new WebhookHeadersResponse([.. (await endpoints.FindAsync(call).ConfigureAwait(false)).Headers.Keys.Order(StringComparer.OrdinalIgnoreCase)]), ApiJson.Wire.WebhookHeadersResponse));
            routes.Map(
                new ApiRoute
                {
                    Method = "PATCH", Pattern = one + "/headers", Permission = "webhook_update", Summary = "Set and take away headers.", Request = ApiJson.Wire.UpdateWebhookHeadersRequest,
                },
                endpoints.UpdateHeadersAsync);
            routes.Map(
                new ApiRoute
                {
                    Method = "POST", Pattern = one + "/rotate-secret", Permission = "webhook_update", Summary = "Give a webhook a new secret; the old one signs as well for a while.",
                    Request = ApiJson.Wire.RotateSecretRequest, BodyOptional = true, Response = ApiJson.Wire.WebhookResponse,
                },
                endpoints.RotateAsync);
            routes.Map(new ApiRoute { Method = "DELETE", Pattern = one, Permission = "webhook_delete", Summary = "Delete a webhook." }, endpoints.DeleteAsync);
            replays.Map(routes, one);
        }
    }

    private static JsonHttpResult<WebhookResponse> Show(Webhook webhook) => TypedResults.Json(WebhookResponse.Of(webhook), ApiJson.Wire.WebhookResponse);

    private static ApiException Unknown(ApiCall call) => ApiException.NotFound($"The webhook {call["webhook_id"]}");

    private async ValueTask<Webhook> FindAsync(ApiCall call) => await _webhooks.GetAsync(call.Scope, call["webhook_id"], call.Aborted).ConfigureAwait(false) ?? throw Unknown(call);

    private async Task<IResult> ListAsync(ApiCall call)
    {
        var rows = await _webhooks.ListAsync(call.Scope, Page.Position(call), call.Limit + 1, call.Ascending, call.Aborted).ConfigureAwait(false);
        var page = Page.Of(rows, call.Limit, call, row => [Page.Number(row.CreatedAt.ToMicros()), row.WebhookId]);
        return TypedResults.Json(new WebhookList(page.Items.Count, call.Limit, page.Next, [.. page.Items.Select(WebhookResponse.Of)]), ApiJson.Wire.WebhookList);
    }

    private async Task<IResult> CreateAsync(ApiCall call)
    {
        var wanted = await call.BodyAsync(ApiJson.Wire.CreateWebhookRequest).ConfigureAwait(false);
        ClientIds.Check(wanted.ClientId);
        CheckFilters(call, wanted.PodIds, "pod_ids", wanted.InboxIds, "inbox_ids");
        var url = _rules.Url(wanted.Url);
        var headers = WebhookRules.Headers(wanted.Headers);
        var filter = new EventFilter(
            WebhookRules.Types(call.Credential, wanted.EventTypes), await _rules.PodsAsync(call.Scope, "pod_ids", wanted.PodIds, call.Aborted).ConfigureAwait(false),
            await _rules.InboxesAsync(call.Scope, "inbox_ids", wanted.InboxIds, call.Aborted).ConfigureAwait(false));
        var made = await services.Database.WriteAsync(session => Create(session, call, wanted.ClientId, url, filter, headers), call.Aborted).ConfigureAwait(false);
        return Show(made);
    }

    private Webhook Create(WriteSession session, ApiCall call, string? clientId, string url, EventFilter filter, IReadOnlyDictionary<string, string> headers)
    {
        var (workspaceId, pod, inbox) = (call.Scope.WorkspaceId, call.RoutePod ?? call.Scope.PodId, call.Scope.InboxId);
        if (clientId is not null && _webhooks.OfClient(session, workspaceId, pod, inbox, clientId) is { } before)
            return before;
        if (WebhookStore.Count(session, workspaceId) >= MaximumWebhooks)
            throw new ApiException(403, "limit_exceeded", $"There are {MaximumWebhooks} webhooks already.", "Delete one; a single webhook can serve many inboxes.");
        var now = Clock.FromMicros(session.Now);
        var made = new Webhook(
            workspaceId, "ep_" + Ids.New(session.Time), pod, inbox, clientId, url, filter, [new WebhookSecret(WebhookSigner.NewSecret())], headers, Enabled: true,
            EventStore.Last(session, workspaceId), FailingSince: null, now, now);
        _webhooks.Insert(session, made);
        return made;
    }

    private async Task<IResult> UpdateAsync(ApiCall call)
    {
        var wanted = await call.BodyAsync(ApiJson.Wire.UpdateWebhookRequest).ConfigureAwait(false);
        CheckFilters(call, wanted.AddPodIds ?? wanted.RemovePodIds, "add_pod_ids", wanted.AddInboxIds ?? wanted.RemoveInboxIds, "add_inbox_ids");
        var types = wanted.EventTypes is { Count: > 0 } given ? WebhookRules.Types(call.Credential, given) : null;
        var pods = await _rules.PodsAsync(call.Scope, "add_pod_ids", wanted.AddPodIds, call.Aborted).ConfigureAwait(false);
        var inboxes = await _rules.InboxesAsync(call.Scope, "add_inbox_ids", wanted.AddInboxIds, call.Aborted).ConfigureAwait(false);
        return await ChangeAsync(call, old => old with
        {
            Enabled = wanted.Enabled ?? old.Enabled,
            Filter = new EventFilter(
                types ?? old.Filter.Types, Changed("add_pod_ids", old.Filter.PodIds, pods, wanted.RemovePodIds),
                Changed("add_inbox_ids", old.Filter.InboxIds, inboxes, wanted.RemoveInboxIds?.ConvertAll(AddressParts.Normalise))),
        }).ConfigureAwait(false);
    }

    private async Task<IResult> UpdateHeadersAsync(ApiCall call)
    {
        var wanted = await call.BodyAsync(ApiJson.Wire.UpdateWebhookHeadersRequest).ConfigureAwait(false);
        var set = WebhookRules.Headers(wanted.Headers);
        var gone = wanted.RemoveHeaders ?? [];
        if (set.Count == 0 && gone.Count == 0)
            throw ApiException.Invalid("headers", "Give headers to set or remove_headers.");
        if (gone.FirstOrDefault(set.ContainsKey) is { } both)
            throw ApiException.Invalid("remove_headers", $"{both} stands in headers as well.");
        await ChangeAsync(call, old =>
        {
            var headers = new Dictionary<string, string>(old.Headers, StringComparer.OrdinalIgnoreCase);
            foreach (var name in gone.Concat(set.Keys))
                headers.Remove(name);
            foreach (var (name, value) in set)
                headers[name] = value;
            return old with { Headers = WebhookRules.Headers(headers) };
        }).ConfigureAwait(false);
        return TypedResults.NoContent();
    }

    private async Task<IResult> RotateAsync(ApiCall call)
    {
        var wanted = await call.BodyAsync(ApiJson.Wire.RotateSecretRequest).ConfigureAwait(false);
        if (wanted.Secret is { } given && !WebhookSigner.IsSecret(given))
            throw ApiException.Invalid("secret", "It is whsec_ and the base64 of 24 to 64 octets.", "Leave it out to have one made.");
        var overlap = wanted.OverlapSeconds ?? DefaultOverlap;
        if (overlap is < 0 or > MaximumOverlap)
            throw ApiException.Invalid("overlap_seconds", $"It is a whole number from 0 to {MaximumOverlap}.");
        return await ChangeAsync(call, old =>
        {
            var now = services.Time.GetUtcNow();
            var until = now + TimeSpan.FromSeconds(overlap);
            var before = old.Secrets.Where(s => s.Until is null || s.Until > now).Select(s => s.Until < until ? s : s with { Until = until });
            return old with { Secrets = [new WebhookSecret(wanted.Secret ?? WebhookSigner.NewSecret()), .. before.Where(s => s.Until > now).Take(MaximumSecrets - 1)] };
        }).ConfigureAwait(false);
    }

    private async Task<IResult> DeleteAsync(ApiCall call)
    {
        var found = await services.Database.WriteAsync(
            session =>
            {
                if (_webhooks.Get(session, call.Scope, call["webhook_id"]) is not { } webhook)
                    return false;
                WebhookStore.Delete(session, webhook);
                return true;
            },
            call.Aborted).ConfigureAwait(false);
        return found ? TypedResults.NoContent() : throw Unknown(call);
    }

    // Read, changed and written in one transaction.
    private async Task<IResult> ChangeAsync(ApiCall call, Func<Webhook, Webhook> change)
    {
        var changed = await services.Database.WriteAsync(
            session =>
            {
                var old = _webhooks.Get(session, call.Scope, call["webhook_id"]) ?? throw Unknown(call);
                var wanted = change(old);
                _webhooks.Update(session, wanted);
                WebhookStore.Switch(session, old, wanted.Enabled);
                return _webhooks.Get(session, call.Scope, old.WebhookId)!;
            },
            call.Aborted).ConfigureAwait(false);
        return Show(changed);
    }

    private static void CheckFilters(ApiCall call, List<string>? pods, string podField, List<string>? inboxes, string inboxField)
    {
        if (pods is { Count: > 0 } && (call.RoutePod is not null || call.Scope.InboxId is not null))
            throw ApiException.Invalid(podField, "It is taken at the root alone.");
        if (inboxes is { Count: > 0 } && call.Scope.InboxId is not null)
            throw ApiException.Invalid(inboxField, "A webhook of one inbox has no further inboxes.");
    }

    private static List<string> Changed(string field, IReadOnlyList<string> old, IReadOnlyList<string> added, List<string>? removed)
    {
        var ids = old.Union(added, StringComparer.Ordinal).Except(removed ?? [], StringComparer.Ordinal).ToList();
        return ids.Count <= WebhookRules.MaximumIds ? ids : throw ApiException.Invalid(field, $"At most {WebhookRules.MaximumIds} are taken.");
    }
}
