using AgentMta.Server.Agents;
using AgentMta.Server.Model;
using AgentMta.Server.Store;
using Microsoft.AspNetCore.Http;

namespace AgentMta.Server.Api;

/// <summary>Claim, ack, release and renew: each received message is answered by one agent at a time, however many read the inbox.</summary>
internal sealed class ClaimEndpoints(ApiServices services)
{
    private const string Root = "/v0/inboxes/{inbox_id}/messages";
    private const string One = Root + "/{message_id}";
    private const int MaximumClaimed = 50;
    private const int DefaultLease = 300;
    private const int MaximumLease = 12 * 3600;
    private const int MaximumDelay = 7 * 24 * 3600;
    private const int MaximumReason = 1000;

    private readonly TurnStore _turns = new(services.Database);
    private readonly TurnClaims _claims = new(services.Database, services.Feed);
    private readonly MessageEndpoints _messages = new(services);
    private readonly MessageReader _reader = new(new MessageStore(services.Database), services.Spool, services.Slots);

    /// <summary>Registers the routes.</summary>
    public static void Map(ApiRoutes routes)
    {
        var endpoints = new ClaimEndpoints(routes.Services);
        routes.Map(
            new ApiRoute
            {
                Method = "POST", Pattern = Root + "/claim", Permission = "message_update", AlsoNeeds = "message_read", Summary = "Take unanswered messages, oldest first, under a lease that keeps them from others; wait for one where there is none.",
                Query = [new("wait", "integer")], Request = ApiJson.Wire.ClaimRequest, BodyOptional = true, Response = ApiJson.Wire.ClaimResponse, Errors = [400, 404],
            },
            endpoints.ClaimAsync);
        Add(routes, "/ack", "Say that a claimed message is answered: nobody gets it any more, and it is not unread.", ApiJson.Wire.AckRequest, endpoints.AckAsync);
        Add(routes, "/release", "Give a claimed message back, to be claimed by anybody at once or after a delay.", ApiJson.Wire.ReleaseRequest, endpoints.ReleaseAsync);
        Add(routes, "/renew", "Have a lease end later.", ApiJson.Wire.RenewRequest, endpoints.RenewAsync);
        routes.Map(
            new ApiRoute
            {
                Method = "GET", Pattern = "/v0/inboxes/{inbox_id}/turns", Permission = "message_read", Summary = "List messages that were claimed and not acked, in the order in which they may be claimed again.",
                Query = [new("limit", "integer"), new("page_token", "string")], Response = ApiJson.Wire.TurnList, Errors = [400, 404],
            },
            endpoints.ListAsync);
    }

    private static void Add(ApiRoutes routes, string verb, string summary, System.Text.Json.Serialization.Metadata.JsonTypeInfo request, Func<ApiCall, Task<IResult>> handler) => routes.Map(
        new ApiRoute
        {
            Method = "POST", Pattern = One + verb, Permission = "message_update", Summary = summary, Request = request, Response = ApiJson.Wire.TurnResponse, Errors = [400, 404, 409],
        },
        handler);

    private async Task<IResult> ClaimAsync(ApiCall call)
    {
        var wanted = await call.BodyAsync(ApiJson.Wire.ClaimRequest).ConfigureAwait(false);
        IEnumerable<string> asked = wanted.Labels ?? Enumerable.Empty<string>();
        var labels = asked.Select(l => l.Trim().ToLowerInvariant()).ToList();
        var without = LabelChange.Hidden(call.Credential, label => labels.Contains(label) || wanted.Includes(label)).ToList();
        if (wanted.IncludeArchived != true && !labels.Contains(Labels.Archived))
            without.Add(Labels.Archived);
        var claim = new TurnClaim(
            call.Inbox.InboxId, labels, without, Within("limit", wanted.Limit, 1, MaximumClaimed, 1), MessageReader.MaximumAnswer,
            TimeSpan.FromSeconds(Within("lease_seconds", wanted.LeaseSeconds, 1, MaximumLease, DefaultLease)), call.Credential.ApiKeyId);
        var claimed = await _claims.ClaimAsync(call.Scope, claim, call.Wait, call.Aborted).ConfigureAwait(false);
        var messages = new List<MessageResponse>(claimed.Count);
        foreach (var turn in claimed)
        {
            var message = await _reader.ReadAsync(call.Scope, turn.Message, call.Aborted).ConfigureAwait(false);
            if (!call.Answer.TryGrow(message.Weight()))
                break;
            messages.Add(message with { Lease = new LeaseResponse(turn.Token.ToString(), turn.Until, turn.Token.Attempt) });
        }

        // What there is no room for now is nobody's: it is claimed again at once by whoever asks.
        foreach (var turn in claimed.Skip(messages.Count))
            await _claims.ReleaseAsync(turn.Message, turn.Token, TimeSpan.Zero, "The server had no room for its answer.", CancellationToken.None).ConfigureAwait(false);
        if (messages.Count == 0 && claimed.Count > 0)
            throw MemoryRoom.Full();
        return TypedResults.Json(new ClaimResponse(messages.Count, messages), ApiJson.Wire.ClaimResponse);
    }

    private async Task<IResult> AckAsync(ApiCall call)
    {
        var wanted = await call.BodyAsync(ApiJson.Wire.AckRequest).ConfigureAwait(false);
        var token = Token(wanted.Lease);
        var change = LabelChange.Read(wanted.AddLabels, wanted.RemoveLabels);
        var message = await _messages.FindAsync(call).ConfigureAwait(false);
        try
        {
            return Show(await _claims.AckAsync(call.Scope, message, token, change.Add, [.. change.Remove, Labels.Unread], call.Aborted).ConfigureAwait(false));
        }
        catch (TooManyLabelsException e)
        {
            throw ApiException.Invalid("add_labels", e.Message);
        }
    }

    private async Task<IResult> ReleaseAsync(ApiCall call)
    {
        var wanted = await call.BodyAsync(ApiJson.Wire.ReleaseRequest).ConfigureAwait(false);
        var token = Token(wanted.Lease);
        var delay = TimeSpan.FromSeconds(Within("delay_seconds", wanted.DelaySeconds, 0, MaximumDelay, 0));
        if (wanted.Reason?.Length > MaximumReason)
            throw ApiException.Invalid("reason", $"It has at most {MaximumReason} characters.");
        var message = await _messages.FindAsync(call).ConfigureAwait(false);
        return Show(await _claims.ReleaseAsync(message, token, delay, wanted.Reason, call.Aborted).ConfigureAwait(false));
    }

    private async Task<IResult> RenewAsync(ApiCall call)
    {
        var wanted = await call.BodyAsync(ApiJson.Wire.RenewRequest).ConfigureAwait(false);
        var token = Token(wanted.Lease);
        var lease = TimeSpan.FromSeconds(Within("lease_seconds", wanted.LeaseSeconds, 1, MaximumLease, DefaultLease));
        var message = await _messages.FindAsync(call).ConfigureAwait(false);
        return Show(await _claims.RenewAsync(message, token, lease, call.Aborted).ConfigureAwait(false));
    }

    private async Task<IResult> ListAsync(ApiCall call)
    {
        var rows = await _turns.OpenAsync(call.Scope, call.Inbox.InboxId, Page.Position(call), call.Limit + 1, call.Aborted).ConfigureAwait(false);
        var page = Page.Of(rows, call.Limit, call, row => [Page.Number(row.DueAt.ToMicros()), row.MessageKey]);
        var now = services.Time.GetUtcNow();
        return TypedResults.Json(new TurnList(page.Items.Count, call.Limit, page.Next, [.. page.Items.Select(turn => TurnResponse.Of(turn, now))]), ApiJson.Wire.TurnList);
    }

    private Microsoft.AspNetCore.Http.HttpResults.JsonHttpResult<TurnResponse> Show(Turn? turn) => turn is null
        ? throw new ApiException(409, "lease_lost", "This lease is not the newest of the message: it ended and another agent has claimed it since, or it was given back or acked.", "Do not answer the message; claim the next one.")
        : TypedResults.Json(TurnResponse.Of(turn, services.Time.GetUtcNow()), ApiJson.Wire.TurnResponse);

    private static TurnToken Token(string? text) => TurnToken.Parse(text ?? throw ApiException.Invalid("lease", "It is required.", "Give lease.token of the claim's answer."))
        ?? throw ApiException.Invalid("lease", "It is no token that a claim gave.", "Give lease.token of the claim's answer unchanged.");

    private static int Within(string field, int? given, int minimum, int maximum, int standard) =>
        given is null ? standard : given >= minimum && given <= maximum ? given.Value : throw ApiException.Invalid(field, $"It is a whole number from {minimum} to {maximum}.");
}
