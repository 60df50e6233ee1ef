using System.Globalization;
using AgentMta.Server.Model;
using AgentMta.Server.Search;
using AgentMta.Server.Store;
using Microsoft.AspNetCore.Http;

namespace AgentMta.Server.Api;

/// <summary>Full-text search over messages of an inbox, and over threads at root, pod and inbox.</summary>
internal sealed class SearchEndpoints(ApiServices services)
{
    private static readonly QueryParameter Words = new("q", "string", true);

    private readonly Searcher _searcher = new(services.Database, services.Search);

    /// <summary>Registers the routes.</summary>
    public static void Map(ApiRoutes routes)
    {
        var endpoints = new SearchEndpoints(routes.Services);
        routes.Map(
            new ApiRoute
            {
                Method = "GET", Pattern = "/v0/inboxes/{inbox_id}/messages/search", Permission = "message_read", Summary = "Find messages by words in subject, text, participants and attachment names.",
                Query = [Words, .. MessageEndpoints.ListQuery.Where(p => p.Name is not ("q" or "wait" or "ascending"))], Response = ApiJson.Wire.MessageList, Errors = [400, 404],
            },
            endpoints.MessagesAsync);
        foreach (var prefix in ApiRoutes.AllScopes)
        {
            routes.Map(
                new ApiRoute
                {
                    Method = "GET", Pattern = prefix + "/threads/search", Permission = "message_read", Summary = "Find threads by words in their messages.",
                    Query = [Words, .. ThreadEndpoints.ListQuery.Where(p => p.Name != "ascending")], Response = ApiJson.Wire.ThreadList, Errors = [400, 404],
                },
                endpoints.ThreadsAsync);
        }
    }

    private async Task<IResult> MessagesAsync(ApiCall call)
    {
        var query = Read(call);
        var found = await _searcher.MessagesAsync(call.Scope, query, MessageEndpoints.Filter(call), Position(call), call.Limit, call.Aborted).ConfigureAwait(false);
        var highlights = new SearchHighlights(query);
        var items = found.Items.Select(f => MessageResponse.Of(f.Item) with { Highlights = HighlightResponse.Of(highlights, f.Fields) }).ToList();
        return MessageEndpoints.Show(call, new MessageList(items.Count, call.Limit, Next(call, found.Next), items));
    }

    private async Task<IResult> ThreadsAsync(ApiCall call)
    {
        var query = Read(call);
        var found = await _searcher.ThreadsAsync(call.Scope, query, ThreadEndpoints.Filter(call), Position(call), call.Limit, call.Aborted).ConfigureAwait(false);
        var highlights = new SearchHighlights(query);
        var items = found.Items.Select(f => ThreadResponse.Of(f.Item) with { Highlights = HighlightResponse.Of(highlights, f.Fields) }).ToList();
        return TypedResults.Json(new ThreadList(items.Count, call.Limit, Next(call, found.Next), items), ApiJson.Wire.ThreadList);
    }

    private static SearchQuery Read(ApiCall call)
    {
        var text = call.Query.Text("q") ?? throw ApiException.Invalid("q", "It is required.", "Give the words to look for.");
        var (query, fault) = SearchQuery.Read(text);
        return query ?? throw ApiException.Invalid("q", fault!, $"Give 1 to {SearchQuery.MaximumWords} words in at most {SearchQuery.MaximumLength} characters; narrow further with filters.");
    }

    private static SearchPosition? Position(ApiCall call) =>
        call.PageStart(2) is [var rank, var document] ? new SearchPosition(int.Parse(rank, CultureInfo.InvariantCulture), long.Parse(document, CultureInfo.InvariantCulture)) : null;

    private static string? Next(ApiCall call, SearchPosition? next) => next is null ? null : call.NextPage([Page.Number(next.Rank), Page.Number(next.Document)]);
}
