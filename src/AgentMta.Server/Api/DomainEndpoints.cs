using AgentMta.Server.Model;
using AgentMta.Server.Outbound;
using AgentMta.Server.Store;
using Microsoft.AspNetCore.Http;

namespace AgentMta.Server.Api;

/// <summary>A DNS record that a domain needs, with what the last check found.</summary>
internal sealed record RecordResponse(string Type, string Name, string Value, string Status, int? Priority, string? Found, string? Reason);

/// <summary>A domain on the wire; lists leave the records out.</summary>
internal sealed record DomainResponse(
    string DomainId, string Domain, string PodId, string? SetupName, string Status, string? Reason, bool FeedbackEnabled, bool SubdomainsEnabled, bool TrackingEnabled, string? ClientId,
    DateTimeOffset? VerifiedAt, DateTimeOffset? CheckedAt, DateTimeOffset CreatedAt, DateTimeOffset UpdatedAt, IReadOnlyList<RecordResponse>? Records);

/// <summary>A page of domains.</summary>
internal sealed record DomainList(int Count, int Limit, string? NextPageToken, IReadOnlyList<DomainResponse> Domains);

/// <summary>What a caller says of a domain.</summary>
internal sealed record DomainRequest
{
    public string? Domain { get; init; }

    public string? SetupName { get; init; }

    public bool? FeedbackEnabled { get; init; }

    public bool? SubdomainsEnabled { get; init; }

    public bool? TrackingEnabled { get; init; }

    public bool? AllowConflictingProvider { get; init; }

    public string? ClientId { get; init; }
}

/// <summary>Sending domains at root and pod.</summary>
internal sealed class DomainEndpoints(ApiServices services)
{
    private readonly DomainStore _domains = new(services.Database);
    private readonly SendingDomains _setups = services.Domains;

    /// <summary>Registers the routes.</summary>
    public static void Map(ApiRoutes routes)
    {
        var endpoints = new DomainEndpoints(routes.Services);
        foreach (var prefix in ApiRoutes.RootAndPod)
        {
            var one = prefix + "/domains/{domain_id}";
            routes.Map(
                new ApiRoute
                {
                    Method = "GET", Pattern = prefix + "/domains", Permission = "domain_read", Summary = "List domains.",
                    Query = [new("limit", "integer"), new("page_token", "string"), new("ascending", "boolean")], Response = ApiJson.Wire.DomainList,
                },
                endpoints.ListAsync);
            routes.Map(
                new ApiRoute
                {
                    Method = "POST", Pattern = prefix + "/domains", Permission = "domain_create", Summary = "Set up a domain: DKIM keys, postmaster, the records to publish.",
                    Request = ApiJson.Wire.DomainRequest, Needed = ["domain"], Response = ApiJson.Wire.DomainResponse, Present = ["records"],
                    Errors = [422],
                },
                endpoints.CreateAsync);
            routes.Map(
                new ApiRoute { Method = "GET", Pattern = one, Permission = "domain_read", Summary = "Get a domain with its records.", Response = ApiJson.Wire.DomainResponse, Present = ["records"] },
                async call => await endpoints.ShowAsync(call, await endpoints.FindAsync(call).ConfigureAwait(false)).ConfigureAwait(false));
            routes.Map(
                new ApiRoute
                {
                    Method = "PATCH", Pattern = one, Permission = "domain_update", Summary = "Change what is switched on for a domain.", Request = ApiJson.Wire.DomainRequest,
                    Response = ApiJson.Wire.DomainResponse, Present = ["records"],
                },
                endpoints.UpdateAsync);
            routes.Map(new ApiRoute { Method = "DELETE", Pattern = one, Permission = "domain_delete", Summary = "Take a domain away; stored mail stays." }, endpoints.DeleteAsync);
            routes.Map(new ApiRoute { Method = "POST", Pattern = one + "/verify", Permission = "domain_update", Summary = "Ask DNS for the records now." }, endpoints.VerifyAsync);
            routes.Map(
                new ApiRoute { Method = "GET", Pattern = one + "/zone-file", Permission = "domain_read", Summary = "Get the records as a zone file.", Media = "text/dns" },
                endpoints.ZoneFileAsync);
        }
    }

    private static ApiException Unknown(ApiCall call) => ApiException.NotFound($"The domain {call["domain_id"]}");

    private static void CheckReach(ApiCall call)
    {
        if (call.Scope.InboxId is not null)
            throw new ApiException(403, "forbidden", "A key of one inbox cannot change domains.", "Use a key of the pod or workspace.");
    }

    private async ValueTask<Domain> FindAsync(ApiCall call) =>
        await _domains.GetAsync(call.Scope, call["domain_id"].ToLowerInvariant(), call.Aborted).ConfigureAwait(false) ?? throw Unknown(call);

    private async Task<IResult> ListAsync(ApiCall call)
    {
        var rows = await _domains.ListAsync(call.Scope, Page.Position(call), call.Limit + 1, call.Ascending, call.Aborted).ConfigureAwait(false);
        var page = Page.Of(rows, call.Limit, call, row => [Page.Number(row.CreatedAt.ToMicros()), row.Name]);
        return TypedResults.Json(new DomainList(page.Items.Count, call.Limit, page.Next, [.. page.Items.Select(d => Show(d, null))]), ApiJson.Wire.DomainList);
    }

    private async Task<IResult> CreateAsync(ApiCall call)
    {
        CheckReach(call);
        var wanted = await call.BodyAsync(ApiJson.Wire.DomainRequest).ConfigureAwait(false);
        ClientIds.Check(wanted.ClientId);
        if (Domain.ReadName(wanted.Domain) is not { } name)
            throw ApiException.Invalid("domain", $"'{wanted.Domain}' is not a domain name.", "Give a name such as mail.example.com.");
        var made = await _setups.CreateAsync(
            call.Scope, new NewDomain(name, wanted.SetupName, wanted.FeedbackEnabled ?? true, wanted.SubdomainsEnabled ?? false, wanted.TrackingEnabled ?? false, wanted.ClientId), call.Aborted).ConfigureAwait(false);
        if (made is null)
        {
            // The same create again is the same domain; somebody else's is taken.
            var own = await _domains.GetAsync(call.Scope, name, call.Aborted).ConfigureAwait(false);
            if (own is null || wanted.ClientId is null || own.ClientId != wanted.ClientId)
                throw new ApiException(403, own is null ? "resource_taken" : "already_exists", $"The domain {name} is set up already.", own is null ? "Take another domain; if it is yours, try again in 7 days: a claim that was not proved by then, and has no mail, gives way to yours. A workspace that gave the domain up deletes its inbox postmaster@ there as well." : $"Get it under /v0/domains/{name}.");
            made = own;
        }

        return await ShowAsync(call, made).ConfigureAwait(false);
    }

    private async Task<IResult> UpdateAsync(ApiCall call)
    {
        CheckReach(call);
        var wanted = await call.BodyAsync(ApiJson.Wire.DomainRequest).ConfigureAwait(false);
        if (wanted.FeedbackEnabled is null && wanted.SubdomainsEnabled is null && wanted.TrackingEnabled is null)
            throw ApiException.Invalid("body", "Give feedback_enabled, subdomains_enabled or tracking_enabled.");
        var old = await FindAsync(call).ConfigureAwait(false);
        var changed = old with
        {
            FeedbackEnabled = wanted.FeedbackEnabled ?? old.FeedbackEnabled,
            SubdomainsEnabled = wanted.SubdomainsEnabled ?? old.SubdomainsEnabled,
            TrackingEnabled = wanted.TrackingEnabled ?? old.TrackingEnabled,
        };
        // Subdomains need a further record, so what was verified is to be checked again.
        if (changed.SubdomainsEnabled && !old.SubdomainsEnabled && old.Status == DomainStatus.Verified)
            changed = changed with { Status = DomainStatus.Pending };
        if (!await services.Database.WriteAsync(session => DomainStore.Update(session, call.Scope, changed), call.Aborted).ConfigureAwait(false))
            throw Unknown(call);
        return await ShowAsync(call, await FindAsync(call).ConfigureAwait(false)).ConfigureAwait(false);
    }

    private async Task<IResult> DeleteAsync(ApiCall call)
    {
        CheckReach(call);
        var domain = await FindAsync(call).ConfigureAwait(false);
        return await services.Database.WriteAsync(session => DomainStore.Delete(session, call.Scope, domain.Name), call.Aborted).ConfigureAwait(false) ? TypedResults.NoContent() : throw Unknown(call);
    }

    private async Task<IResult> VerifyAsync(ApiCall call)
    {
        CheckReach(call);
        return await _setups.VerifyAsync(call.Scope, call["domain_id"].ToLowerInvariant(), call.Aborted).ConfigureAwait(false) is null ? throw Unknown(call) : TypedResults.NoContent();
    }

    private async Task<IResult> ZoneFileAsync(ApiCall call)
    {
        var domain = await FindAsync(call).ConfigureAwait(false);
        return TypedResults.Text(await _setups.ZoneFileAsync(domain, call.Aborted).ConfigureAwait(false), "text/dns");
    }

    private async Task<IResult> ShowAsync(ApiCall call, Domain domain) =>
        TypedResults.Json(Show(domain, await _setups.RecordsAsync(domain, call.Aborted).ConfigureAwait(false)), ApiJson.Wire.DomainResponse);

    internal static DomainResponse Show(Domain domain, IReadOnlyList<DomainRecord>? records) => new(
        domain.Name, domain.Name, domain.PodId, domain.SetupName, DomainStore.Word(domain.Status), domain.Reason, domain.FeedbackEnabled, domain.SubdomainsEnabled, domain.TrackingEnabled,
        domain.ClientId, domain.VerifiedAt, domain.CheckedAt, domain.CreatedAt, domain.UpdatedAt,
        records?.Select(r => new RecordResponse(r.Type, r.Name, r.Value, r.Status, r.Priority, r.Found, r.Reason)).ToList());
}
