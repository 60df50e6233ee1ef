using Microsoft.AspNetCore.Http;

namespace AgentMta.Server.Api;

/// <summary>Who the key is.</summary>
internal sealed record IdentityResponse(string ScopeType, string ScopeId, string OrganizationId, string? PodId, string? InboxId, string ApiKeyId);

/// <summary>auth/me.</summary>
internal static class IdentityEndpoints
{
    /// <summary>Registers the route.</summary>
    public static void Map(ApiRoutes routes) => routes.Map(
        new ApiRoute { Method = "GET", Pattern = "/v0/auth/me", Summary = "Tell whose key this is.", Response = ApiJson.Wire.IdentityResponse },
        call =>
        {
            var scope = call.Credential.Scope;
            var (type, id) = scope.InboxId is { } inbox ? ("inbox", inbox) : scope.PodId is { } pod ? ("pod", pod) : ("organization", scope.WorkspaceId);
            return Task.FromResult<IResult>(TypedResults.Json(new IdentityResponse(type, id, scope.WorkspaceId, scope.PodId, scope.InboxId, call.Credential.ApiKeyId), ApiJson.Wire.IdentityResponse));
        });
}
