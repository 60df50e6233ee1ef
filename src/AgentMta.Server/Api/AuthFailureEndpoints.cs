using System.Net;
using AgentMta.Server.Inbound;
using AgentMta.Server.Store;
using Microsoft.AspNetCore.Http;

namespace AgentMta.Server.Api;

/// <summary>A network from which SMTP authentication failed today.</summary>
internal sealed record AuthFailureResponse(string Network, int ThisMinute, int Today, bool Blocked);

/// <summary>All such networks, the worst first.</summary>
internal sealed record AuthFailureList(int Count, IReadOnlyList<AuthFailureResponse> Networks);

/// <summary>Failed SMTP authentications by network, to be seen and lifted. They belong to no workspace: only the server's first one, its operator's, is shown them.</summary>
internal sealed class AuthFailureEndpoints(ApiServices services, AuthFailureLimits limits)
{
    private readonly WorkspaceStore _workspaces = new(services.Database);

    /// <summary>Registers the routes.</summary>
    public static void Map(ApiRoutes routes, AuthFailureLimits limits)
    {
        var endpoints = new AuthFailureEndpoints(routes.Services, limits);
        routes.Map(
            new ApiRoute
            {
                Method = "GET", Pattern = "/v0/auth-failures", Permission = "metrics_read", Summary = "List the networks from which SMTP authentication failed today (operator).",
                Response = ApiJson.Wire.AuthFailureList, Errors = [403],
            },
            endpoints.ListAsync);
        routes.Map(
            new ApiRoute
            {
                Method = "DELETE", Pattern = "/v0/auth-failures/{client_address}", Permission = "api_key_update", Summary = "Forget the failed authentications of the networks around an address (operator).",
                Errors = [400, 403],
            },
            endpoints.LiftAsync);
    }

    private async Task<IResult> ListAsync(ApiCall call)
    {
        await RequireOperatorAsync(call).ConfigureAwait(false);
        var networks = limits.Snapshot();
        return TypedResults.Json(
            new AuthFailureList(networks.Count, [.. networks.Select(n => new AuthFailureResponse(n.Network, n.ThisMinute, n.Today, n.Blocked))]), ApiJson.Wire.AuthFailureList);
    }

    private async Task<IResult> LiftAsync(ApiCall call)
    {
        await RequireOperatorAsync(call).ConfigureAwait(false);
        if (!IPAddress.TryParse(call["client_address"], out var address))
            throw ApiException.Invalid("client_address", $"'{call["client_address"]}' is not an IP address.");
        limits.Lift(address);
        return TypedResults.NoContent();
    }

    private async ValueTask RequireOperatorAsync(ApiCall call)
    {
        var all = await _workspaces.AllAsync(call.Aborted).ConfigureAwait(false);
        if (call.Scope is not { PodId: null, InboxId: null } || all.Count == 0 || all[0].WorkspaceId != call.Scope.WorkspaceId)
            throw new ApiException(403, "forbidden", "Failed authentications belong to the server, not to a tenant.", "Use a key of the server's first workspace, bound to no pod or inbox.");
    }
}
