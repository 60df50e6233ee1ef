using AgentMta.Server.Model;
using AgentMta.Server.Store;
using Microsoft.AspNetCore.Http;

namespace AgentMta.Server.Api;

/// <summary>A use case on the wire.</summary>
internal sealed record UseCaseResponse(
    string UseCaseId, string PodId, string Sender, string InboxId, string EmailType, bool Unsubscribable, bool AcceptsColdInbound, string UnsubscribeScope, string? EntityName,
    string? Name, bool? Greylist, bool IsDefault, DateTimeOffset CreatedAt, DateTimeOffset UpdatedAt);

/// <summary>A page of use cases.</summary>
internal sealed record UseCaseList(int Count, int Limit, string? NextPageToken, IReadOnlyList<UseCaseResponse> UseCases);

/// <summary>What a caller says of a use case.</summary>
internal sealed record UseCaseRequest
{
    public string? Sender { get; init; }

    public string? EmailType { get; init; }

    public bool? Unsubscribable { get; init; }

    public bool? AcceptsColdInbound { get; init; }

    /// <summary>true or false; null leaves it to the server's setting.</summary>
    public Optional<bool?> Greylist { get; init; }

    public string? UnsubscribeScope { get; init; }

    public Optional<string> EntityName { get; init; }

    public Optional<string> Name { get; init; }
}

/// <summary>Use cases: one sender address each, with its posture. Making one makes the inbox of its address.</summary>
internal sealed class UseCaseEndpoints(ApiServices services)
{
    private const int MaximumName = 256;

    private readonly UseCaseStore _useCases = new(services.Database);

    /// <summary>Registers the routes.</summary>
    public static void Map(ApiRoutes routes)
    {
        var endpoints = new UseCaseEndpoints(routes.Services);
        routes.Map(
            new ApiRoute
            {
                Method = "GET", Pattern = "/v0/use-cases", Permission = "inbox_read", Summary = "List use cases, newest first.", Query = [new("limit", "integer"), new("page_token", "string")],
                Response = ApiJson.Wire.UseCaseList,
            },
            endpoints.ListAsync);
        routes.Map(
            new ApiRoute
            {
                Method = "POST", Pattern = "/v0/use-cases", Permission = "inbox_create", Summary = "Make a use case with the inbox of its sender, or give an inbox its posture.",
                Request = ApiJson.Wire.UseCaseRequest, Needed = ["sender"], Response = ApiJson.Wire.UseCaseResponse, Errors = [422],
            },
            endpoints.CreateAsync);
        routes.Map(
            new ApiRoute { Method = "GET", Pattern = "/v0/use-cases/{use_case_id}", Permission = "inbox_read", Summary = "Get a use case.", Response = ApiJson.Wire.UseCaseResponse },
            async call => TypedResults.Json(Show(await endpoints.FindAsync(call).ConfigureAwait(false)), ApiJson.Wire.UseCaseResponse));
        routes.Map(
            new ApiRoute
            {
                Method = "PATCH", Pattern = "/v0/use-cases/{use_case_id}", Permission = "inbox_update", Summary = "Change a use case; the sender stays.", Request = ApiJson.Wire.UseCaseRequest,
                Response = ApiJson.Wire.UseCaseResponse,
            },
            endpoints.UpdateAsync);
        routes.Map(
            new ApiRoute { Method = "DELETE", Pattern = "/v0/use-cases/{use_case_id}", Permission = "inbox_delete", Summary = "Delete a use case with its inbox and mail." },
            endpoints.DeleteAsync);
    }

    private async Task<IResult> ListAsync(ApiCall call)
    {
        var rows = await _useCases.ListAsync(call.Scope, call.PageStart(1)?[0], call.Limit + 1, call.Aborted).ConfigureAwait(false);
        var page = Page.Of(rows, call.Limit, call, row => [row.UseCaseId]);
        return TypedResults.Json(new UseCaseList(page.Items.Count, call.Limit, page.Next, [.. page.Items.Select(Show)]), ApiJson.Wire.UseCaseList);
    }

    private async ValueTask<UseCase> FindAsync(ApiCall call) =>
        await _useCases.GetAsync(call.Scope, call["use_case_id"], call.Aborted).ConfigureAwait(false) ?? throw ApiException.NotFound($"The use case {call["use_case_id"]}");

    private async Task<IResult> CreateAsync(ApiCall call)
    {
        var wanted = await call.BodyAsync(ApiJson.Wire.UseCaseRequest).ConfigureAwait(false);
        if (wanted.Sender is not { Length: > 0 } given)
            throw ApiException.Invalid("sender", "It is required.", "Give the address that this use case sends from.");
        var sender = AddressParts.Read(given.Trim()) ?? throw ApiException.Invalid("sender", $"'{given}' is not an address.");
        if (call.Scope.InboxId is { } own && own != sender.Address)
            throw new ApiException(403, "forbidden", "A key of one inbox cannot make others.", "Use a key of the pod or workspace.");
        var useCase = await services.Database.WriteAsync(session => Create(session, call.Scope, wanted, sender), call.Aborted).ConfigureAwait(false);
        return TypedResults.Json(Show(useCase), ApiJson.Wire.UseCaseResponse);
    }

    private UseCase Create(WriteSession session, Scope scope, UseCaseRequest wanted, AddressParts sender)
    {
        var owner = InboxAddress.Owner(session, scope, sender.Domain);
        InboxAddress.Read(sender.Local, sender.Domain);
        var now = Clock.FromMicros(session.Now);
        // An inbox with the default posture takes the one that is given here; any other has been decided on before.
        if (UseCaseStore.OfSender(session, scope.WorkspaceId, sender.Address) is { } before)
        {
            if (!before.IsDefault || (scope.PodId is not null && before.PodId != scope.PodId))
                throw new ApiException(403, "already_exists", $"{sender.Address} has a use case already.", "Change it with PATCH.");
            UseCaseStore.Update(session, Apply(before, wanted));
            return UseCaseStore.OfSender(session, scope.WorkspaceId, sender.Address)!;
        }

        InboxAddress.CheckQuota(session, scope, services.Options);
        if (InboxStore.IsTaken(session, sender.Address))
            throw new ApiException(403, "already_exists", $"The address {sender.Address} exists already.", "Take another address.");
        var pod = scope.PodId ?? WorkspaceStore.DefaultPod(session, owner.WorkspaceId);
        var useCase = Apply(
            new UseCase(scope.WorkspaceId, Ids.New(session.Time), pod, sender.Address, EmailType.Transactional, false, true, UnsubscribeScope.UseCase, null, null, IsDefault: false, now, now), wanted);
        UseCaseStore.Insert(session, useCase);
        InboxStore.Create(session, scope.WorkspaceId, pod, sender.Address, useCase.EntityName, useCase: useCase);
        return useCase;
    }

    private async Task<IResult> UpdateAsync(ApiCall call)
    {
        var wanted = await call.BodyAsync(ApiJson.Wire.UseCaseRequest).ConfigureAwait(false);
        var old = await FindAsync(call).ConfigureAwait(false);
        if (wanted.Sender is { } sender && AddressParts.Normalise(sender) != old.Sender)
            throw ApiException.Invalid("sender", "The sender of a use case cannot change.", "Make another use case.");
        var changed = Apply(old, wanted);
        if (!await services.Database.WriteAsync(session => UseCaseStore.Update(session, changed), call.Aborted).ConfigureAwait(false))
            throw ApiException.NotFound($"The use case {old.UseCaseId}");
        return TypedResults.Json(Show(await FindAsync(call).ConfigureAwait(false)), ApiJson.Wire.UseCaseResponse);
    }

    private async Task<IResult> DeleteAsync(ApiCall call)
    {
        var useCase = await FindAsync(call).ConfigureAwait(false);
        await InboxAddress.CheckDeletableAsync(services, useCase.WorkspaceId, useCase.Sender, call.Aborted).ConfigureAwait(false);
        var inboxes = new InboxStore(services.Database);
        if (await inboxes.GetAsync(new Scope(useCase.WorkspaceId), useCase.Sender, call.Aborted).ConfigureAwait(false) is { } inbox)
        {
            foreach (var file in await inboxes.DeleteAsync(inbox, CancellationToken.None).ConfigureAwait(false))
                services.Spool.Delete(file);
        }
        else
        {
            await services.Database.WriteAsync(session => UseCaseStore.Delete(session, useCase), call.Aborted).ConfigureAwait(false);
        }

        return TypedResults.NoContent();
    }

    private static UseCase Apply(UseCase old, UseCaseRequest wanted)
    {
        if (wanted.EmailType is not (null or "transactional" or "marketing"))
            throw ApiException.Invalid("email_type", "It is transactional or marketing.");
        if (wanted.UnsubscribeScope is not (null or "use_case" or "setup"))
            throw ApiException.Invalid("unsubscribe_scope", "It is use_case or setup.");
        if (wanted.Name.Value?.Length > MaximumName || wanted.EntityName.Value?.Length > MaximumName)
            throw ApiException.Invalid("name", $"Names have at most {MaximumName} characters.");
        var type = wanted.EmailType switch { "marketing" => EmailType.Marketing, "transactional" => EmailType.Transactional, _ => old.EmailType };
        // Nobody may be written to for advertisement who cannot opt out of it (RFC 8058, and the large receivers' rules for bulk senders).
        var unsubscribable = wanted.Unsubscribable ?? (old.Unsubscribable || (wanted.EmailType == "marketing"));
        if (type == EmailType.Marketing && !unsubscribable)
            throw ApiException.Invalid("unsubscribable", "Marketing mail must be unsubscribable.");
        return old with
        {
            EmailType = type,
            Unsubscribable = unsubscribable,
            AcceptsColdInbound = wanted.AcceptsColdInbound ?? old.AcceptsColdInbound,
            UnsubscribeScope = wanted.UnsubscribeScope switch { "setup" => UnsubscribeScope.Setup, "use_case" => UnsubscribeScope.UseCase, _ => old.UnsubscribeScope },
            EntityName = wanted.EntityName.Or(old.EntityName),
            Name = wanted.Name.Or(old.Name),
            Greylist = wanted.Greylist.Or(old.Greylist),
        };
    }

    private static UseCaseResponse Show(UseCase useCase) => new(
        useCase.UseCaseId, useCase.PodId, useCase.Sender, useCase.Sender, UseCaseStore.Word(useCase.EmailType), useCase.Unsubscribable, useCase.AcceptsColdInbound,
        UseCaseStore.Word(useCase.UnsubscribeScope), useCase.EntityName, useCase.Name, useCase.Greylist, useCase.IsDefault, useCase.CreatedAt, useCase.UpdatedAt);
}
