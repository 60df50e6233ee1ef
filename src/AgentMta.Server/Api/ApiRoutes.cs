using AgentMta.Server.Model;
using AgentMta.Server.Store;
using Microsoft.AspNetCore.Http;
using Microsoft.AspNetCore.Http.Features;

namespace AgentMta.Server.Api;

/// <summary>Registers routes and stands in front of each: authenticates, checks the route's permission, narrows the scope to the pod and inbox in its path.</summary>
internal sealed class ApiRoutes(IEndpointRouteBuilder app, ApiServices services, RequestLimits limits)
{
    /// <summary>The prefixes of a resource that lies at root, pod and inbox.</summary>
    public static readonly IReadOnlyList<string> AllScopes = ["/v0", "/v0/pods/{pod_id}", "/v0/inboxes/{inbox_id}"];

    /// <summary>The prefixes of a resource that lies at root and pod.</summary>
    public static readonly IReadOnlyList<string> RootAndPod = ["/v0", "/v0/pods/{pod_id}"];

    private readonly Authenticator _authenticator = new(new ApiKeyStore(services.Database, services.Time), services.Time, services.Log.CreateLogger<Authenticator>());
    private readonly InboxStore _inboxes = new(services.Database);
    private readonly WorkspaceStore _workspaces = new(services.Database);

    /// <summary>All routes so far, as /openapi.json shows them.</summary>
    public List<ApiRoute> All { get; } = [];

    public ApiServices Services => services;

    /// <summary>The authentication for what is no plain request (the websocket).</summary>
    public Authenticator Authenticator => _authenticator;

    /// <summary>Adds a route.</summary>
    public void Map(ApiRoute route, Func<ApiCall, Task<IResult>> handler)
    {
        All.Add(route);
        app.MapMethods(route.Pattern, [route.Method], context => RunAsync(context, route, handler)).WithMetadata(route);
    }

    private async Task RunAsync(HttpContext context, ApiRoute route, Func<ApiCall, Task<IResult>> handler)
    {
        // Reading checks our own limit; with Kestrel's, who sends too much would find the connection cut instead of the 413.
        if (context.Features.Get<IHttpMaxRequestBodySizeFeature>() is { IsReadOnly: false } size)
            size.MaxRequestBodySize = null;
        var credential = await _authenticator.AuthenticateAsync(context).ConfigureAwait(false);
        limits.Take(credential);
        Check(credential, route.Permission);
        Check(credential, route.AlsoNeeds);
        var call = await NarrowAsync(context, credential, RouteValues.Read(context, route.Pattern)).ConfigureAwait(false);
        var result = await handler(call).ConfigureAwait(false);
        await result.ExecuteAsync(context).ConfigureAwait(false);
    }

    private static void Check(Credential credential, string? permission)
    {
        if (permission is not null && !credential.May(permission))
            throw new ApiException(403, "missing_permission", $"The API key lacks the permission {permission}.", "Use a key that has it, or give it to this key.");
    }

    private async Task<ApiCall> NarrowAsync(HttpContext context, Credential credential, IReadOnlyDictionary<string, string> values)
    {
        var pod = values.TryGetValue("pod_id", out var name) ? await PodAsync(context, credential, name).ConfigureAwait(false) : null;
        var scope = pod is null ? credential.Scope : credential.Scope.ToPod(pod);
        if (!values.TryGetValue("inbox_id", out var address))
            return new ApiCall(context, services, credential, values) { Scope = scope, RoutePod = pod };
        var inbox = await _inboxes.GetAsync(scope, AddressParts.Normalise(address), context.RequestAborted).ConfigureAwait(false) ?? throw ApiException.NotFound($"The inbox {address}");
        return new ApiCall(context, services, credential, values) { Scope = scope.ToInbox(inbox.InboxId), RouteInbox = inbox, RoutePod = inbox.PodId };
    }

    // By its id or by the client_id that it was made under.
    private async Task<string> PodAsync(HttpContext context, Credential credential, string name)
    {
        if (credential.Scope.InboxId is not null)
            throw new ApiException(403, "forbidden", "A key of one inbox may not use the routes of a pod.", "Use the routes below /v0/inboxes.");
        return (await _workspaces.FindPodAsync(credential.Scope, name, context.RequestAborted).ConfigureAwait(false) ?? throw ApiException.NotFound($"The pod {name}")).PodId;
    }
}
