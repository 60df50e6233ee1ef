using AgentMta.Server.Model;
using AgentMta.Server.Store;
using Microsoft.AspNetCore.Http;

namespace AgentMta.Server.Api;

/// <summary>A suppressed address on the wire.</summary>
internal sealed record SuppressionResponse(string Address, string Scope, string ScopeKey, string Reason, string? Detail, string? MessageId, DateTimeOffset CreatedAt);

/// <summary>A page of suppressed addresses.</summary>
internal sealed record SuppressionList(int Count, int Limit, string? NextPageToken, IReadOnlyList<SuppressionResponse> Suppressions);

/// <summary>An address to be suppressed; without a scope for the whole workspace.</summary>
internal sealed record SuppressionRequest
{
    public string? Address { get; init; }

    public string? Scope { get; init; }

    public string? ScopeKey { get; init; }

    public string? Reason { get; init; }
}

/// <summary>Addresses that get no more mail.</summary>
internal sealed class SuppressionEndpoints(ApiServices services)
{
    private static readonly IReadOnlyList<QueryParameter> ScopeQuery = [new("scope", "string"), new("scope_key", "string")];

    private readonly SuppressionStore _suppressions = new(services.Database);

    /// <summary>Registers the routes.</summary>
    public static void Map(ApiRoutes routes)
    {
        var endpoints = new SuppressionEndpoints(routes.Services);
        routes.Map(
            new ApiRoute
            {
                Method = "GET", Pattern = "/v0/suppressions", Permission = "list_entry_read", Summary = "List suppressed addresses, newest first.",
                Query = [new("limit", "integer"), new("page_token", "string"), new("address", "string")], Response = ApiJson.Wire.SuppressionList,
            },
            endpoints.ListAsync);
        routes.Map(
            new ApiRoute
            {
                Method = "POST", Pattern = "/v0/suppressions", Permission = "list_entry_create", Summary = "Suppress an address.", Request = ApiJson.Wire.SuppressionRequest,
                Response = ApiJson.Wire.SuppressionResponse, Errors = [409],
            },
            endpoints.AddAsync);
        routes.Map(
            new ApiRoute { Method = "DELETE", Pattern = "/v0/suppressions/{address}", Permission = "list_entry_delete", Summary = "Let an address get mail again.", Query = ScopeQuery },
            endpoints.RemoveAsync);
    }

    private async Task<IResult> ListAsync(ApiCall call)
    {
        var page = await _suppressions.ListAsync(call.Scope, call.Query.Text("address"), call.PageStart(4), call.Limit, call.Aborted).ConfigureAwait(false);
        return TypedResults.Json(new SuppressionList(page.Rows.Count, call.Limit, call.NextPage(page), [.. page.Rows.Select(Show)]), ApiJson.Wire.SuppressionList);
    }

    private async Task<IResult> AddAsync(ApiCall call)
    {
        var wanted = await call.BodyAsync(ApiJson.Wire.SuppressionRequest).ConfigureAwait(false);
        if (wanted.Address is null || AddressParts.Read(wanted.Address.Trim()) is not { } address)
            throw ApiException.Invalid("address", "It is a mail address.");
        var (reach, key) = await ReachAsync(call, wanted.Scope, wanted.ScopeKey).ConfigureAwait(false);
        var entry = new Suppression(call.Scope.WorkspaceId, reach, key, address.Address, Suppression.Manual, wanted.Reason, null, services.Time.GetUtcNow());
        if (!await _suppressions.AddAsync(entry, call.Aborted).ConfigureAwait(false))
            throw new ApiException(409, "already_exists", $"{address.Address} is suppressed there already.");
        return TypedResults.Json(Show(entry), ApiJson.Wire.SuppressionResponse);
    }

    private async Task<IResult> RemoveAsync(ApiCall call)
    {
        var address = AddressParts.Normalise(call["address"]);
        if (call.Query.Text("scope") is { } scope)
        {
            var (reach, key) = await ReachAsync(call, scope, call.Query.Text("scope_key")).ConfigureAwait(false);
            return await _suppressions.RemoveAsync(call.Scope, reach, key, address, call.Aborted).ConfigureAwait(false) ? TypedResults.NoContent() : throw ApiException.NotFound($"The suppression of {address}");
        }

        // Without a scope: all that this key can see of the address.
        var removed = 0;
        foreach (var entry in (await _suppressions.ListAsync(call.Scope, address, null, ApiCall.MaximumPage, call.Aborted).ConfigureAwait(false)).Rows)
            removed += await _suppressions.RemoveAsync(call.Scope, entry.Scope, entry.ScopeKey, address, call.Aborted).ConfigureAwait(false) ? 1 : 0;
        return removed > 0 ? TypedResults.NoContent() : throw ApiException.NotFound($"The suppression of {address}");
    }

    /// <summary>How far an entry reaches; a use case or setup must be within the key's scope, the workspace asks for a key of it.</summary>
    private async Task<(SuppressionScope Reach, string Key)> ReachAsync(ApiCall call, string? scope, string? key)
    {
        var reach = scope is null ? SuppressionScope.Workspace : SuppressionStore.ReadScope(scope) ?? throw ApiException.Invalid("scope", "It is use_case, setup or workspace.");
        switch (reach)
        {
            case SuppressionScope.Workspace:
                if (call.Scope.PodId is not null || call.Scope.InboxId is not null)
                    throw new ApiException(403, "forbidden", "Only a key of the workspace changes what reaches all of it.", "Give scope use_case or setup.");
                return (reach, Suppression.Everything);
            case SuppressionScope.Setup:
                if (call.Scope.InboxId is not null || key is null || await new DomainStore(services.Database).GetAsync(call.Scope, key.ToLowerInvariant(), call.Aborted).ConfigureAwait(false) is not { } domain)
                    throw ApiException.NotFound($"The setup {key}");
                return (reach, domain.Name);
            default:
                if (key is null || await new UseCaseStore(services.Database).GetAsync(call.Scope, key, call.Aborted).ConfigureAwait(false) is not { } useCase)
                    throw ApiException.NotFound($"The use case {key}");
                return (reach, useCase.UseCaseId);
        }
    }

    private static SuppressionResponse Show(Suppression entry) =>
        new(entry.Address, SuppressionStore.Word(entry.Scope), entry.ScopeKey, entry.Reason, entry.Detail, entry.MessageId, entry.CreatedAt);
}
