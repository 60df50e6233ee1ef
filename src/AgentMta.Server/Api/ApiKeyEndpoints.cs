using AgentMta.Server.Model;
using AgentMta.Server.Store;
using Microsoft.AspNetCore.Http;

namespace AgentMta.Server.Api;

/// <summary>A key on the wire; its secret is shown once, at its making.</summary>
internal sealed record ApiKeyResponse(
    string Type, string ApiKeyId, string Prefix, string Name, string? PodId, string? InboxId, DateTimeOffset? UsedAt, IReadOnlyDictionary<string, bool>? Permissions,
    DateTimeOffset CreatedAt, DateTimeOffset UpdatedAt, DateTimeOffset? ExpiresAt, string? ApiKey = null);

/// <summary>A page of keys.</summary>
internal sealed record ApiKeyList(int Count, int Limit, string? NextPageToken, IReadOnlyList<ApiKeyResponse> ApiKeys);

/// <summary>A key to be made or changed.</summary>
internal sealed record ApiKeyRequest
{
    public string? Name { get; init; }

    public Optional<Dictionary<string, bool>> Permissions { get; init; }

    public DateTimeOffset? ExpiresAt { get; init; }
}

/// <summary>API keys at root, pod and inbox.</summary>
internal sealed class ApiKeyEndpoints(ApiServices services)
{
    private const int MaximumName = 256;

    private readonly ApiKeyStore _keys = new(services.Database, services.Time);

    /// <summary>Registers the routes.</summary>
    public static void Map(ApiRoutes routes)
    {
        var endpoints = new ApiKeyEndpoints(routes.Services);
        foreach (var prefix in ApiRoutes.AllScopes)
        {
            var one = prefix + "/api-keys/{api_key_id}";
            routes.Map(
                new ApiRoute
                {
                    Method = "GET", Pattern = prefix + "/api-keys", Permission = "api_key_read", Summary = "List API keys.",
                    Query = [new("limit", "integer"), new("page_token", "string"), new("type", "string", Meaning: "key_type"), new("ascending", "boolean")], Response = ApiJson.Wire.ApiKeyList,
                },
                endpoints.ListAsync);
            routes.Map(
                new ApiRoute
                {
                    Method = "POST", Pattern = prefix + "/api-keys", Permission = "api_key_create", Summary = "Make an API key; the secret is shown once.", Request = ApiJson.Wire.ApiKeyRequest,
                    BodyOptional = true, Response = ApiJson.Wire.ApiKeyResponse, Present = ["api_key"],
                },
                endpoints.CreateAsync);
            routes.Map(new ApiRoute { Method = "GET", Pattern = one, Permission = "api_key_read", Summary = "Get an API key.", Response = ApiJson.Wire.ApiKeyResponse }, endpoints.GetAsync);
            routes.Map(
                new ApiRoute
                {
                    Method = "PATCH", Pattern = one, Permission = "api_key_update", Summary = "Change name or permissions of a key.", Request = ApiJson.Wire.ApiKeyRequest,
                    Response = ApiJson.Wire.ApiKeyResponse,
                },
                endpoints.UpdateAsync);
            routes.Map(new ApiRoute { Method = "DELETE", Pattern = one, Permission = "api_key_delete", Summary = "End an API key at once." }, endpoints.DeleteAsync);
        }
    }

    private static ApiException Unknown(ApiCall call) => ApiException.NotFound($"The API key {call["api_key_id"]}");

    // What the route narrows to, with the pod of the inbox: a key of an inbox belongs to its pod too.
    private static Scope Reach(ApiCall call) => call.RouteInbox is { } inbox ? new Scope(inbox.WorkspaceId, inbox.PodId, inbox.InboxId) : call.Scope;

    private async Task<IResult> ListAsync(ApiCall call)
    {
        var rows = call.Query.Text("type") == "public_key" ? [] : await _keys.ListAsync(call.Scope, call.PageStart(1)?[0], call.Limit + 1, call.Ascending, call.Aborted).ConfigureAwait(false);
        var page = Page.Of(rows, call.Limit, call, row => [row.ApiKeyId]);
        return TypedResults.Json(new ApiKeyList(page.Items.Count, call.Limit, page.Next, [.. page.Items.Select(k => Show(k))]), ApiJson.Wire.ApiKeyList);
    }

    private async Task<IResult> GetAsync(ApiCall call) =>
        TypedResults.Json(Show(await _keys.GetAsync(call.Scope, call["api_key_id"], call.Aborted).ConfigureAwait(false) ?? throw Unknown(call)), ApiJson.Wire.ApiKeyResponse);

    private async Task<IResult> CreateAsync(ApiCall call)
    {
        var wanted = await call.BodyAsync(ApiJson.Wire.ApiKeyRequest).ConfigureAwait(false);
        Check(wanted);
        if (wanted.ExpiresAt <= services.Time.GetUtcNow())
            throw ApiException.Invalid("expires_at", "It lies in the past.");
        var permissions = Granted(call.Credential, wanted.Permissions.Value);
        var (key, secret) = await services.Database.WriteAsync(
            session => ApiKeyStore.Create(session, Reach(call), string.IsNullOrWhiteSpace(wanted.Name) ? "API key" : wanted.Name, permissions, wanted.ExpiresAt), call.Aborted).ConfigureAwait(false);
        return TypedResults.Json(Show(key) with { ApiKey = secret }, ApiJson.Wire.ApiKeyResponse);
    }

    private async Task<IResult> UpdateAsync(ApiCall call)
    {
        var wanted = await call.BodyAsync(ApiJson.Wire.ApiKeyRequest).ConfigureAwait(false);
        Check(wanted);
        if (wanted.Name is null && !wanted.Permissions.IsGiven)
            throw ApiException.Invalid("body", "Give name or permissions.");
        var old = await _keys.GetAsync(call.Scope, call["api_key_id"], call.Aborted).ConfigureAwait(false) ?? throw Unknown(call);
        IReadOnlyList<string>? permissions = wanted.Permissions.IsGiven ? Granted(call.Credential, wanted.Permissions.Value) : old.Permissions;
        if (!await services.Database.WriteAsync(session => ApiKeyStore.Update(session, call.Scope, old.ApiKeyId, wanted.Name ?? old.Name, permissions), call.Aborted).ConfigureAwait(false))
            throw Unknown(call);
        return await GetAsync(call).ConfigureAwait(false);
    }

    private async Task<IResult> DeleteAsync(ApiCall call) =>
        await services.Database.WriteAsync(session => ApiKeyStore.Revoke(session, call.Scope, call["api_key_id"]), call.Aborted).ConfigureAwait(false) ? TypedResults.NoContent() : throw Unknown(call);

    private static void Check(ApiKeyRequest wanted)
    {
        if (wanted.Name?.Length > MaximumName)
            throw ApiException.Invalid("name", $"It has at most {MaximumName} characters.");
        foreach (var name in wanted.Permissions.Value?.Keys.AsEnumerable() ?? [])
        {
            if (!Permissions.All.Contains(name))
                throw ApiException.Invalid("permissions", $"There is no permission '{name}'.");
        }
    }

    /// <summary>A key can give away only what it has; without a list the new key has what its maker has.</summary>
    private static List<string>? Granted(Credential maker, Dictionary<string, bool>? wanted)
    {
        if (wanted is null)
            return maker.Permissions is null ? null : [.. maker.Permissions];
        var granted = wanted.Where(p => p.Value).Select(p => p.Key).Order(StringComparer.Ordinal).ToList();
        var beyond = granted.Where(p => !maker.May(p)).ToList();
        return beyond.Count == 0 ? granted : throw new ApiException(403, "permission_escalation", $"This key does not have {string.Join(", ", beyond)} and cannot give it.", "Use a key that has these permissions.");
    }

    private static ApiKeyResponse Show(ApiKey key) => new(
        "bearer", key.ApiKeyId, key.Prefix, key.Name, key.PodId, key.InboxId, key.UsedAt, key.Permissions?.ToDictionary(p => p, _ => true, StringComparer.Ordinal), key.CreatedAt, key.UpdatedAt, key.ExpiresAt);
}
