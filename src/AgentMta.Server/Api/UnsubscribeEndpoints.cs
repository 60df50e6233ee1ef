using System.Net;
using AgentMta.Server.Model;
using AgentMta.Server.Outbound;
using Microsoft.AspNetCore.Http;
using Microsoft.AspNetCore.Routing;

namespace AgentMta.Server.Api;

/// <summary>The public opt-out page: GET asks a person, POST records. No cookie, no login, no redirect (RFC 8058 3.1).</summary>
internal sealed class UnsubscribeEndpoints(RecordOptOut optOut)
{
    private const string Pattern = UnsubscribeFields.Path + "/{domain}/{token}";
    private const long MaximumBody = 4096;

    /// <summary>Registers the routes.</summary>
    public static void Map(IEndpointRouteBuilder app, ApiServices services)
    {
        var endpoints = new UnsubscribeEndpoints(services.OptOut);
        app.MapMethods(Pattern, ["GET", "HEAD"], endpoints.AskAsync);
        app.MapMethods(Pattern, ["POST"], endpoints.RecordAsync);
    }

    // RFC 8058 3.2: mail systems and scanners follow links, so that GET changes nothing.
    private async Task AskAsync(HttpContext context)
    {
        var found = await FindAsync(context, commit: false).ConfigureAwait(false);
        await (found is null
            ? WriteAsync(context, 404, "This link is not valid", "<p>It may have been cut on its way. Answer the message with the word unsubscribe instead.</p>")
            : WriteAsync(
                context, 200, "Unsubscribe",
                $"<p>{WebUtility.HtmlEncode(found.Address)} gets mail from {WebUtility.HtmlEncode(found.Sender)}.</p><form method=\"post\"><input type=\"hidden\" name=\"List-Unsubscribe\" value=\"One-Click\"><button>Unsubscribe</button></form>")).ConfigureAwait(false);
    }

    private async Task RecordAsync(HttpContext context)
    {
        if (context.Request.ContentLength > MaximumBody)
            throw new BadHttpRequestException("The request body is too large.", 413);
        var found = await FindAsync(context, commit: true).ConfigureAwait(false);
        await (found is null
            ? WriteAsync(context, 404, "This link is not valid", "<p>It may have been cut on its way. Answer the message with the word unsubscribe instead.</p>")
            : WriteAsync(context, 200, "You are unsubscribed", $"<p>{WebUtility.HtmlEncode(found.Address)} gets no more mail from {WebUtility.HtmlEncode(found.Sender)}.</p>")).ConfigureAwait(false);
    }

    private Task<OptOutResult?> FindAsync(HttpContext context, bool commit)
    {
        var route = RouteValues.Read(context, Pattern);
        return optOut(route["domain"].ToLowerInvariant(), route["token"].ToLowerInvariant(), commit, commit ? CancellationToken.None : context.RequestAborted);
    }

    private static Task WriteAsync(HttpContext context, int status, string title, string body)
    {
        var headers = context.Response.Headers;
        headers.CacheControl = "no-store";
        headers.XContentTypeOptions = "nosniff";
        headers.ContentSecurityPolicy = "default-src 'none'; form-action 'self'; frame-ancestors 'none'";
        headers["Referrer-Policy"] = "no-referrer";
        context.Response.StatusCode = status;
        context.Response.ContentType = "text/html; charset=utf-8";
        return context.Response.WriteAsync(
            $"<!doctype html><html lang=\"en\"><meta charset=\"utf-8\"><meta name=\"viewport\" content=\"width=device-width\"><title>{title}</title><h1>{title}</h1>{body}</html>", context.RequestAborted);
    }
}
