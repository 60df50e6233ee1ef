using AgentMta.Protocol.Addresses;
using AgentMta.Server.Model;
using AgentMta.Server.Store;
using Microsoft.AspNetCore.Http;

namespace AgentMta.Server.Api;

/// <summary>An entry of an allow or block list on the wire.</summary>
internal sealed record ListEntryResponse(
    string Entry, string OrganizationId, string? PodId, string? InboxId, string Direction, string ListType, string EntryType, string? Reason, bool ReadOnly, DateTimeOffset CreatedAt);

/// <summary>A page of entries.</summary>
internal sealed record ListEntryList(int Count, int Limit, string? NextPageToken, IReadOnlyList<ListEntryResponse> Entries);

/// <summary>An entry to be made.</summary>
internal sealed record ListEntryRequest
{
    public string? Entry { get; init; }

    public string? Reason { get; init; }
}

/// <summary>Allow and block lists at root, pod and inbox.</summary>
internal sealed class ListEndpoints(ApiServices services)
{
    private readonly ListStore _lists = new(services.Database);

    /// <summary>Registers the routes.</summary>
    public static void Map(ApiRoutes routes)
    {
        var endpoints = new ListEndpoints(routes.Services);
        foreach (var prefix in ApiRoutes.AllScopes)
        {
            var list = prefix + "/lists/{direction}/{type}";
            routes.Map(
                new ApiRoute
                {
                    Method = "GET", Pattern = list, Permission = "list_entry_read", Summary = "List the entries of a list.", Query = [new("limit", "integer"), new("page_token", "string")],
                    Response = ApiJson.Wire.ListEntryList,
                },
                endpoints.PageAsync);
            routes.Map(
                new ApiRoute
                {
                    Method = "POST", Pattern = list, Permission = "list_entry_create", Summary = "Add an address or a domain to a list.", Request = ApiJson.Wire.ListEntryRequest,
                    Response = ApiJson.Wire.ListEntryResponse,
                },
                endpoints.AddAsync);
            routes.Map(
                new ApiRoute { Method = "GET", Pattern = list + "/{entry}", Permission = "list_entry_read", Summary = "Get an entry.", Response = ApiJson.Wire.ListEntryResponse },
                async call => TypedResults.Json(
                    Show(await endpoints._lists.GetAsync(Key(call), Normalise(call["entry"]) ?? "", call.Aborted).ConfigureAwait(false) ?? throw Unknown(call)), ApiJson.Wire.ListEntryResponse));
            routes.Map(
                new ApiRoute { Method = "DELETE", Pattern = list + "/{entry}", Permission = "list_entry_delete", Summary = "Remove an entry." },
                endpoints.RemoveAsync);
        }
    }

    private static ApiException Unknown(ApiCall call) => ApiException.NotFound($"The entry {call["entry"]}");

    private static ListKey Key(ApiCall call)
    {
        var (direction, type) = (call["direction"], call["type"]);
        if (direction is not ("send" or "receive" or "reply") || type is not ("allow" or "block"))
            throw ApiException.NotFound($"The list {direction}/{type}");
        return new ListKey(call.Scope.WorkspaceId, call.RoutePod ?? "", call.RouteInbox?.InboxId ?? "", direction, type);
    }

    // What a list of a wider scope says holds for others too: a key of a part may not change it.
    private static void CheckReach(ApiCall call)
    {
        var scope = call.Credential.Scope;
        if ((call.RouteInbox is null && scope.InboxId is not null) || (call.RoutePod is null && scope.PodId is not null))
            throw new ApiException(403, "forbidden", "This list reaches further than the key.", "Change the list of the key's own pod or inbox.");
    }

    private static string? Normalise(string entry)
    {
        var text = entry.Trim();
        return text.Contains('@', StringComparison.Ordinal) ? AddressParts.Read(text)?.Address : DomainName.Normalise(text);
    }

    // An asterisk may stand in a local part (RFC 5321 4.1.2), and whoever writes one means something else: an entry that blocks nothing must not look like one that does.
    private static void RefuseWildcard(string? entry)
    {
        if (entry is null || !entry.Contains('*', StringComparison.Ordinal))
            return;
        var domain = entry[(entry.LastIndexOf('@') + 1)..].Trim();
        throw ApiException.Invalid(
            "entry", $"'{entry}' has a wildcard, which entries do not know.",
            domain.Contains('*', StringComparison.Ordinal) ? "Give each domain by its name." : $"Give {domain}: a domain stands for all its addresses.");
    }

    private async Task<IResult> PageAsync(ApiCall call)
    {
        var rows = await _lists.PageAsync(Key(call), call.PageStart(1)?[0] ?? "", call.Limit + 1, call.Aborted).ConfigureAwait(false);
        var page = Page.Of(rows, call.Limit, call, row => [row.Entry]);
        return TypedResults.Json(new ListEntryList(page.Items.Count, call.Limit, page.Next, [.. page.Items.Select(Show)]), ApiJson.Wire.ListEntryList);
    }

    private async Task<IResult> AddAsync(ApiCall call)
    {
        var list = Key(call);
        CheckReach(call);
        var wanted = await call.BodyAsync(ApiJson.Wire.ListEntryRequest).ConfigureAwait(false);
        RefuseWildcard(wanted.Entry);
        var entry = Normalise(wanted.Entry ?? throw ApiException.Invalid("entry", "It is required.")) ?? throw ApiException.Invalid("entry", $"'{wanted.Entry}' is neither an address nor a domain.");
        if (wanted.Reason?.Length > 1000)
            throw ApiException.Invalid("reason", "It has at most 1000 characters.");
        return TypedResults.Json(Show(await services.Database.WriteAsync(session => ListStore.Add(session, list, entry, wanted.Reason), call.Aborted).ConfigureAwait(false)), ApiJson.Wire.ListEntryResponse);
    }

    private async Task<IResult> RemoveAsync(ApiCall call)
    {
        var list = Key(call);
        CheckReach(call);
        var entry = Normalise(call["entry"]) ?? throw Unknown(call);
        return await services.Database.WriteAsync(session => ListStore.Remove(session, list, entry), call.Aborted).ConfigureAwait(false) ? TypedResults.NoContent() : throw Unknown(call);
    }

    private static ListEntryResponse Show(ListEntry entry) => new(
        entry.Entry, entry.List.WorkspaceId, entry.List.PodId.Length == 0 ? null : entry.List.PodId, entry.List.InboxId.Length == 0 ? null : entry.List.InboxId, entry.List.Direction,
        entry.List.Type, entry.EntryType, entry.Reason, entry.ReadOnly, entry.CreatedAt);
}
