using Microsoft.AspNetCore.Builder;
using Microsoft.AspNetCore.Http;

namespace AgentMta.Server.Api;

/// <summary>The whole HTTP API in one call.</summary>
internal static class ApiModule
{
    /// <summary>Registers every route below /v0, the signed downloads, the opt-out page and /openapi.json.</summary>
    public static void Map(WebApplication app, ApiServices services)
    {
        var errors = new ErrorWriter(services.Log.CreateLogger<ErrorWriter>());
        app.UseWhen(IsApi, branch => branch.Use(next => context => errors.InvokeAsync(context, next)));
        var limits = new RequestLimits(services.Options);
        app.Lifetime.ApplicationStopped.Register(limits.Dispose);
        var routes = new ApiRoutes(app, services, limits);
        InboxEndpoints.Map(routes);
        MessageEndpoints.Map(routes);
        ClaimEndpoints.Map(routes);
        SearchEndpoints.Map(routes);
        SendEndpoints.Map(routes);
        ThreadEndpoints.Map(routes);
        UseCaseEndpoints.Map(routes);
        DomainEndpoints.Map(routes);
        SuppressionEndpoints.Map(routes);
        QueueEndpoints.Map(routes);
        RefusalEndpoints.Map(routes);
        if (services.AuthFailures is { } failures)
            AuthFailureEndpoints.Map(routes, failures);
        EventEndpoints.Map(routes);
        WebhookEndpoints.Map(routes);
        WebSocketEndpoint.Map(app, routes);
        IdentityEndpoints.Map(routes);
        OrganizationEndpoints.Map(routes);
        DraftEndpoints.Map(routes);
        ListEndpoints.Map(routes);
        PodEndpoints.Map(routes);
        ApiKeyEndpoints.Map(routes);
        BatchEndpoints.Map(routes);
        InboxEventEndpoints.Map(routes);
        MetricsEndpoints.Map(routes);
        DownloadEndpoints.Map(app, services);
        UnsubscribeEndpoints.Map(app, services);
        OpenApiDocument.Map(app, routes.All, services.Options);
    }

    private static bool IsApi(HttpContext context) =>
        context.Request.Path.StartsWithSegments("/v0", StringComparison.Ordinal) || context.Request.Path.StartsWithSegments("/download", StringComparison.Ordinal)
        || context.Request.Path.StartsWithSegments("/unsubscribe", StringComparison.Ordinal);
}
