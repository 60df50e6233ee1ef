using AgentMta.Server.Model;
using AgentMta.Server.Store;
using Microsoft.AspNetCore.Http;
using Microsoft.AspNetCore.Routing;

namespace AgentMta.Server.Api;

/// <summary>What signed URLs lead to; the signature stands in for the API key.</summary>
internal sealed class DownloadEndpoints(ApiServices services)
{
    private const string Pattern = "/download/{workspace_id}/{inbox_id}/{message_key}/{what}";

    private readonly MessageStore _messages = new(services.Database);
    private readonly DraftStore _drafts = new(services.Database);
    private readonly DownloadLinks _links = new(services.Keys, services.Options, services.Time);

    /// <summary>Registers the route.</summary>
    public static void Map(IEndpointRouteBuilder app, ApiServices services) => app.MapMethods(Pattern, ["GET", "HEAD"], new DownloadEndpoints(services).GetAsync);

    private async Task GetAsync(HttpContext context)
    {
        var route = RouteValues.Read(context, Pattern);
        var (workspace, inbox, key, what) = (route["workspace_id"], route["inbox_id"], route["message_key"], route["what"]);
        var query = context.Request.Query;
        if (!_links.IsValid(workspace, inbox, key, what, query["expires"], query["signature"]))
            throw new ApiException(403, "forbidden", "The URL has expired or was changed.", "Ask the API for a new one.");
        var scope = new Scope(workspace).ToInbox(inbox);
        if (key.StartsWith(DownloadLinks.DraftPrefix, StringComparison.Ordinal))
        {
            var held = services.Answers.Open(workspace);
            context.Response.RegisterForDispose(held);
            var file = (await _drafts.ContentsAsync(workspace, key[DownloadLinks.DraftPrefix.Length..], what, context.RequestAborted).ConfigureAwait(false)).FirstOrDefault() ?? throw ApiException.NotFound("The attachment");
            held.Grow(file.Content.Length);
            await DownloadResult.WriteAsync(context, file.Content, file.ContentType ?? "application/octet-stream", file.FileName ?? "attachment", inline: false).ConfigureAwait(false);
            return;
        }

        var message = await _messages.ByKeyAsync(scope, key, context.RequestAborted).ConfigureAwait(false) ?? throw ApiException.NotFound("The message");
        var attachment = what == DownloadLinks.Raw ? null : message.Attachments.FirstOrDefault(a => a.Id == what) ?? throw ApiException.NotFound("The attachment");
        await new DownloadResult(services, _messages, scope, message, attachment).ExecuteAsync(context).ConfigureAwait(false);
    }
}
