using AgentMta.Server.Model;
using AgentMta.Server.Store;
using Microsoft.AspNetCore.Http;

namespace AgentMta.Server.Api;

/// <summary>A pod on the wire.</summary>
internal sealed record PodResponse(string PodId, string Name, string? ClientId, DateTimeOffset CreatedAt, DateTimeOffset UpdatedAt);

/// <summary>A page of pods.</summary>
internal sealed record PodList(int Count, int Limit, string? NextPageToken, IReadOnlyList<PodResponse> Pods);

/// <summary>A pod to be made.</summary>
internal sealed record PodRequest
{
    public string? Name { get; init; }

    public string? ClientId { get; init; }
}

/// <summary>Pods: containers of one tenant's resources.</summary>
internal sealed class PodEndpoints(ApiServices services)
{
    private const int MaximumName = 256;

    private readonly WorkspaceStore _workspaces = new(services.Database);

    /// <summary>Registers the routes.</summary>
    public static void Map(ApiRoutes routes)
    {
        var endpoints = new PodEndpoints(routes.Services);
        routes.Map(
            new ApiRoute
            {
                Method = "GET", Pattern = "/v0/pods", Permission = "pod_read", Summary = "List pods.",
                Query = [new("limit", "integer"), new("page_token", "string"), new("ascending", "boolean")], Response = ApiJson.Wire.PodList,
            },
            endpoints.ListAsync);
        routes.Map(
            new ApiRoute
            {
                Method = "POST", Pattern = "/v0/pods", Permission = "pod_create", Summary = "Make a pod.", Request = ApiJson.Wire.PodRequest, BodyOptional = true,
                Response = ApiJson.Wire.PodResponse,
            },
            endpoints.CreateAsync);
        routes.Map(
            new ApiRoute { Method = "GET", Pattern = "/v0/pods/{pod_id}", Permission = "pod_read", Summary = "Get a pod.", Response = ApiJson.Wire.PodResponse },
            async call => TypedResults.Json(Show(await endpoints.FindAsync(call).ConfigureAwait(false)), ApiJson.Wire.PodResponse));
        routes.Map(
            new ApiRoute { Method = "DELETE", Pattern = "/v0/pods/{pod_id}", Permission = "pod_delete", Summary = "Delete an empty pod.", Errors = [409] },
            endpoints.DeleteAsync);
    }

    private async ValueTask<Pod> FindAsync(ApiCall call) =>
        await _workspaces.FindPodAsync(call.Scope, call.RoutePod!, call.Aborted).ConfigureAwait(false) ?? throw ApiException.NotFound($"The pod {call["pod_id"]}");

    private async Task<IResult> ListAsync(ApiCall call)
    {
        var rows = await _workspaces.ListPodsAsync(call.Scope, Page.Position(call), call.Limit + 1, call.Ascending, call.Aborted).ConfigureAwait(false);
        var page = Page.Of(rows, call.Limit, call, row => [Page.Number(row.CreatedAt.ToMicros()), row.PodId]);
        return TypedResults.Json(new PodList(page.Items.Count, call.Limit, page.Next, [.. page.Items.Select(Show)]), ApiJson.Wire.PodList);
    }

    private async Task<IResult> CreateAsync(ApiCall call)
    {
        if (call.Scope.PodId is not null)
            throw new ApiException(403, "forbidden", "A key of one pod cannot make others.", "Use a key of the workspace.");
        var wanted = await call.BodyAsync(ApiJson.Wire.PodRequest).ConfigureAwait(false);
        ClientIds.Check(wanted.ClientId);
        if (wanted.Name?.Length > MaximumName)
            throw ApiException.Invalid("name", $"It has at most {MaximumName} characters.");
        var pod = await services.Database.WriteAsync(session => WorkspaceStore.CreatePod(session, call.Scope.WorkspaceId, wanted.Name ?? "Pod", wanted.ClientId), call.Aborted).ConfigureAwait(false);
        return TypedResults.Json(Show(pod), ApiJson.Wire.PodResponse);
    }

    private async Task<IResult> DeleteAsync(ApiCall call)
    {
        var pod = await FindAsync(call).ConfigureAwait(false);
        return await services.Database.WriteAsync(session => WorkspaceStore.DeletePod(session, pod), call.Aborted).ConfigureAwait(false)
            ? TypedResults.NoContent()
            : throw new ApiException(409, "cannot_delete", "The pod is not empty, or it is the default one.", "Delete its inboxes and domains first.");
    }

    private static PodResponse Show(Pod pod) => new(pod.PodId, pod.Name, pod.ClientId, pod.CreatedAt, pod.UpdatedAt);
}
