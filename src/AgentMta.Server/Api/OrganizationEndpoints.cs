using AgentMta.Server.Store;
using Microsoft.AspNetCore.Http;

namespace AgentMta.Server.Api;

/// <summary>The workspace as the SDK's organization: what it has, and what it may have. There is no billing here, and so none of its fields.</summary>
internal sealed record OrganizationResponse(string OrganizationId, long InboxCount, int? InboxLimit, long DomainCount, DateTimeOffset CreatedAt, DateTimeOffset UpdatedAt);

/// <summary>organizations.</summary>
internal static class OrganizationEndpoints
{
    /// <summary>Registers the route.</summary>
    public static void Map(ApiRoutes routes) => routes.Map(
        new ApiRoute
        {
            Method = "GET", Pattern = "/v0/organizations", Permission = "inbox_read", AlsoNeeds = "domain_read", Summary = "Tell what the workspace has, and what it may have.",
            Response = ApiJson.Wire.OrganizationResponse, Errors = [403],
        },
        async call =>
        {
            var scope = call.Credential.Scope;
            if (scope.PodId is not null || scope.InboxId is not null)
                throw new ApiException(403, "forbidden", "A key of one pod or inbox does not see the whole workspace.", "Use a key of the workspace.");
            var limit = call.Services.Options.MaxInboxes;
            var answer = await call.Services.Database.ReadAsync(
                session =>
                {
                    var made = WorkspaceStore.CreatedAt(session, scope.WorkspaceId);
                    return new OrganizationResponse(
                        scope.WorkspaceId, InboxStore.Count(session, scope.WorkspaceId), limit > 0 ? limit : null, DomainStore.Count(session, scope.WorkspaceId), made, made);
                },
                call.Aborted).ConfigureAwait(false);
            return TypedResults.Json(answer, ApiJson.Wire.OrganizationResponse);
        });
}
