using System.Net;
using AgentMta.Server.Outbound;
using Microsoft.AspNetCore.Http;
using Microsoft.AspNetCore.Http.Features;
using Microsoft.AspNetCore.Routing;

namespace AgentMta.Server.Api;

/// <summary>The public opt-out page: GET asks a person, POST records. No cookie, no login, no redirect (RFC 8058 3.1).</summary>
internal sealed class UnsubscribeEndpoints(OptOut optOut)
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
        var (domain, token) = Read(context);
        var state = await optOut.FindAsync(domain, token, context.RequestAborted).ConfigureAwait(false);
        await (state switch
        {
            null => UnknownAsync(context),
            { IsDone: true } => DoneAsync(context, state),
            _ => WriteAsync(
                context, 200, "Unsubscribe",
                $"<p>{Encode(state.Address)} gets mail from {Encode(Name(state))}.</p><form method=\"post\"><button>Unsubscribe</button></form>"),
        }).ConfigureAwait(false);
    }

    private async Task RecordAsync(HttpContext context)
    {
        if (context.Features.Get<IHttpMaxRequestBodySizeFeature>() is { IsReadOnly: false } size)
            size.MaxRequestBodySize = MaximumBody;
        // RFC 8058 3.1: the mail system's POST says One-Click; the button of our page does not.
        var form = context.Request.HasFormContentType ? await context.Request.ReadFormAsync(context.RequestAborted).ConfigureAwait(false) : null;
        var oneClick = string.Equals(form?["List-Unsubscribe"], "One-Click", StringComparison.OrdinalIgnoreCase);
        var (domain, token) = Read(context);
        var state = await optOut.RequestAsync(domain, token, oneClick ? OptOut.OneClick : OptOut.Page, CancellationToken.None).ConfigureAwait(false);
        await (state is null ? UnknownAsync(context) : DoneAsync(context, state)).ConfigureAwait(false);
    }

    private static (string Domain, string Token) Read(HttpContext context)
    {
        var route = RouteValues.Read(context, Pattern);
        return (route["domain"], route["token"]);
    }

    private static string Encode(string text) => WebUtility.HtmlEncode(text);

    private static string Name(OptOutState state) => state.WholeDomain ? state.EntityName ?? state.Sender[(state.Sender.LastIndexOf('@') + 1)..] : state.UseCaseName ?? state.EntityName ?? state.Sender;

    private static Task UnknownAsync(HttpContext context) =>
        WriteAsync(context, 404, "This link is not valid", "<p>It may have been cut on its way. Write to the unsubscribe address that the message names instead.</p>");

    private static Task DoneAsync(HttpContext context, OptOutState state) =>
        WriteAsync(context, 200, "You are unsubscribed", $"<p>{Encode(state.Address)} gets no more mail from {Encode(Name(state))}.</p>");

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
