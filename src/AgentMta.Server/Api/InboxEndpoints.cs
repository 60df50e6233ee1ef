using System.Text.Json;
using AgentMta.Server.Model;
using AgentMta.Server.Store;
using Microsoft.AspNetCore.Http;

namespace AgentMta.Server.Api;

/// <summary>An inbox on the wire.</summary>
internal sealed record InboxResponse(
    string InboxId, string Email, string PodId, string? DisplayName, string? ClientId, IReadOnlyDictionary<string, JsonElement>? Metadata, string UseCaseId,
    DateTimeOffset CreatedAt, DateTimeOffset UpdatedAt);

/// <summary>A page of inboxes.</summary>
internal sealed record InboxList(int Count, int Limit, string? NextPageToken, IReadOnlyList<InboxResponse> Inboxes);

/// <summary>What a caller says of an inbox to be made; all of it may be left out.</summary>
internal sealed record CreateInboxRequest
{
    public string? Username { get; init; }

    public string? Domain { get; init; }

    public string? DisplayName { get; init; }

    public string? ClientId { get; init; }

    public Dictionary<string, JsonElement>? Metadata { get; init; }
}

/// <summary>What is to change of an inbox.</summary>
internal sealed record UpdateInboxRequest
{
    public Optional<string> DisplayName { get; init; }

    public Optional<Dictionary<string, JsonElement>> Metadata { get; init; }
}

/// <summary>Inboxes at root and pod.</summary>
internal sealed class InboxEndpoints(ApiServices services)
{
    private static readonly IReadOnlyList<QueryParameter> PageQuery = [new("limit", "integer"), new("page_token", "string"), new("ascending", "boolean")];

    private readonly InboxStore _inboxes = new(services.Database);

    /// <summary>Registers the routes.</summary>
    public static void Map(ApiRoutes routes)
    {
        var endpoints = new InboxEndpoints(routes.Services);
        foreach (var prefix in ApiRoutes.RootAndPod)
        {
            routes.Map(
                new ApiRoute { Method = "GET", Pattern = prefix + "/inboxes", Permission = "inbox_read", Summary = "List inboxes.", Query = PageQuery, Response = ApiJson.Wire.InboxList },
                endpoints.ListAsync);
            routes.Map(
                new ApiRoute
                {
                    Method = "GET", Pattern = prefix + "/inboxes/search", Permission = "inbox_read", Summary = "Find inboxes by a word of address or name.",
                    Query = [new("q", "string", true), new("limit", "integer"), new("page_token", "string")], Response = ApiJson.Wire.InboxList,
                },
                endpoints.SearchAsync);
            routes.Map(
                new ApiRoute
                {
                    Method = "POST", Pattern = prefix + "/inboxes", Permission = "inbox_create", Summary = "Make an inbox.", Request = ApiJson.Wire.CreateInboxRequest, BodyOptional = true,
                    Response = ApiJson.Wire.InboxResponse, Errors = [422],
                },
                endpoints.CreateAsync);
            routes.Map(
                new ApiRoute { Method = "GET", Pattern = prefix + "/inboxes/{inbox_id}", Permission = "inbox_read", Summary = "Get an inbox.", Response = ApiJson.Wire.InboxResponse },
                call => Task.FromResult<IResult>(TypedResults.Json(Show(call.Inbox), ApiJson.Wire.InboxResponse)));
            routes.Map(
                new ApiRoute
                {
                    Method = "PATCH", Pattern = prefix + "/inboxes/{inbox_id}", Permission = "inbox_update", Summary = "Change name or metadata of an inbox.",
                    Request = ApiJson.Wire.UpdateInboxRequest, Response = ApiJson.Wire.InboxResponse,
                },
                endpoints.UpdateAsync);
            routes.Map(
                new ApiRoute { Method = "DELETE", Pattern = prefix + "/inboxes/{inbox_id}", Permission = "inbox_delete", Summary = "Delete an inbox with its mail." },
                endpoints.DeleteAsync);
        }
    }

    private async Task<IResult> ListAsync(ApiCall call)
    {
        var after = Page.Position(call);
        var rows = await _inboxes.ListAsync(call.Scope, after, call.Limit + 1, call.Ascending, call.Aborted).ConfigureAwait(false);
        var page = Page.Of(rows, call.Limit, call, row => [Page.Number(row.CreatedAt.ToMicros()), row.InboxId]);
        return TypedResults.Json(new InboxList(page.Items.Count, call.Limit, page.Next, [.. page.Items.Select(Show)]), ApiJson.Wire.InboxList);
    }

    private async Task<IResult> SearchAsync(ApiCall call)
    {
        var text = call.Query.RequiredText("q", 2, 256).ToLowerInvariant();
        var page = await _inboxes.SearchAsync(call.Scope, text, call.PageStart(1)?[0], call.Limit, call.Aborted).ConfigureAwait(false);
        return TypedResults.Json(new InboxList(page.Rows.Count, call.Limit, call.NextPage(page), [.. page.Rows.Select(Show)]), ApiJson.Wire.InboxList);
    }

    private async Task<IResult> CreateAsync(ApiCall call)
    {
        if (call.Scope.InboxId is not null)
            throw new ApiException(403, "forbidden", "A key of one inbox cannot make others.", "Use a key of the pod or workspace.");
        var wanted = await call.BodyAsync(ApiJson.Wire.CreateInboxRequest).ConfigureAwait(false);
        ClientIds.Check(wanted.ClientId);
        Metadata.Check(wanted.Metadata);
        var domain = wanted.Domain?.Trim().ToLowerInvariant();
        var inbox = await services.Database.WriteAsync(session => Create(session, call.Scope, wanted, domain ?? DefaultDomain(session, call.Scope)), call.Aborted).ConfigureAwait(false);
        return TypedResults.Json(Show(inbox), ApiJson.Wire.InboxResponse);
    }

    private Inbox Create(WriteSession session, Scope scope, CreateInboxRequest wanted, string domainName)
    {
        if (wanted.ClientId is { } clientId && InboxStore.ByClientId(session, scope, clientId) is { } before)
            return before;
        InboxAddress.CheckQuota(session, scope, services.Options);
        var owner = InboxAddress.Owner(session, scope, domainName);
        string address;
        if (wanted.Username is { } name)
        {
            address = InboxAddress.Read(name, domainName);
            if (InboxStore.IsTaken(session, address))
                throw new ApiException(403, "already_exists", $"The inbox {address} exists already.", "Take another username.");
        }
        else
        {
            address = $"{InboxAddress.RandomName()}@{domainName}";
        }

        var pod = scope.PodId ?? WorkspaceStore.DefaultPod(session, owner.WorkspaceId);
        return InboxStore.Create(session, scope.WorkspaceId, pod, address, wanted.DisplayName, wanted.ClientId, Metadata.Write(wanted.Metadata));
    }

    // The configured domain where it is this workspace's, else its own first one.
    private string DefaultDomain(WriteSession session, Scope scope)
    {
        var configured = services.Options.DefaultDomain is { } name && DomainStore.Get(session, new Scope(scope.WorkspaceId), name) is { Status: DomainStatus.Verified } ? services.Options.DefaultDomain : null;
        return configured ?? DomainStore.First(session, scope)?.Name ?? DomainStore.First(session, new Scope(scope.WorkspaceId))?.Name
            ?? throw new ApiException(422, "unprocessable", "There is no verified domain to make the inbox on.", "Set one up under /v0/domains.");
    }

    private async Task<IResult> UpdateAsync(ApiCall call)
    {
        var wanted = await call.BodyAsync(ApiJson.Wire.UpdateInboxRequest).ConfigureAwait(false);
        if (!wanted.DisplayName.IsGiven && !wanted.Metadata.IsGiven)
            throw ApiException.Invalid("body", "Give display_name or metadata.");
        if (wanted.Metadata is { IsGiven: true, Value: { } given })
        {
            if (given.Count == 0)
                throw ApiException.Invalid("metadata", "An empty object changes nothing; null clears all.");
            Metadata.Check(given, allowNull: true);
        }

        var changed = await services.Database.WriteAsync(
            session =>
            {
                var old = InboxStore.Get(session, call.Scope, call.Inbox.InboxId) ?? throw ApiException.NotFound($"The inbox {call.Inbox.InboxId}");
                var inbox = old with { DisplayName = wanted.DisplayName.Or(old.DisplayName), Metadata = wanted.Metadata.IsGiven ? Metadata.Merge(old.Metadata, wanted.Metadata.Value) : old.Metadata };
                InboxStore.Update(session, inbox);
                return InboxStore.Get(session, call.Scope, old.InboxId)!;
            },
            call.Aborted).ConfigureAwait(false);
        return TypedResults.Json(Show(changed), ApiJson.Wire.InboxResponse);
    }

    private async Task<IResult> DeleteAsync(ApiCall call)
    {
        await InboxAddress.CheckDeletableAsync(services, call.Inbox.WorkspaceId, call.Inbox.InboxId, call.Aborted).ConfigureAwait(false);
        foreach (var file in await _inboxes.DeleteAsync(call.Inbox, CancellationToken.None).ConfigureAwait(false))
            services.Spool.Delete(file);
        return TypedResults.NoContent();
    }

    private static InboxResponse Show(Inbox inbox) => new(
        inbox.InboxId, inbox.InboxId, inbox.PodId, inbox.DisplayName, inbox.ClientId, Metadata.Read(inbox.Metadata), inbox.UseCaseId, inbox.CreatedAt, inbox.UpdatedAt);
}
