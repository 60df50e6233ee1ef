using AgentMta.Server.Model;

namespace AgentMta.Server.Api;

/// <summary>What to claim; all of it may be left out, which claims one message for five minutes.</summary>
internal sealed record ClaimRequest
{
    public int? Limit { get; init; }

    public int? LeaseSeconds { get; init; }

    /// <summary>Only messages with all of these labels.</summary>
    public OneOrMany? Labels { get; init; }

    public bool? IncludeSpam { get; init; }

    public bool? IncludeBlocked { get; init; }

    public bool? IncludeUnauthenticated { get; init; }

    public bool? IncludeTrash { get; init; }

    public bool? IncludeArchived { get; init; }

    /// <summary>Whether messages with this hiding label are asked for.</summary>
    public bool Includes(string label) => label switch
    {
        Model.Labels.Spam => IncludeSpam == true,
        Model.Labels.Blocked => IncludeBlocked == true,
        Model.Labels.Unauthenticated => IncludeUnauthenticated == true,
        Model.Labels.Trash => IncludeTrash == true,
        _ => false,
    };
}

/// <summary>The lease under which a claimed message is kept from others; its token proves it to ack, release and renew.</summary>
internal sealed record LeaseResponse(string Token, DateTimeOffset Until, long Attempt);

/// <summary>The messages claimed, in full, each with its lease; none where there was nothing to claim.</summary>
internal sealed record ClaimResponse(int Count, IReadOnlyList<MessageResponse> Messages);

/// <summary>A claimed message is answered; labels are changed together with that.</summary>
internal sealed record AckRequest
{
    public string? Lease { get; init; }

    public OneOrMany? AddLabels { get; init; }

    public OneOrMany? RemoveLabels { get; init; }
}

/// <summary>A claimed message is given back.</summary>
internal sealed record ReleaseRequest
{
    public string? Lease { get; init; }

    public int? DelaySeconds { get; init; }

    /// <summary>Why, for whoever looks at it later.</summary>
    public string? Reason { get; init; }
}

/// <summary>A lease is to end later.</summary>
internal sealed record RenewRequest
{
    public string? Lease { get; init; }

    public int? LeaseSeconds { get; init; }
}

/// <summary>How far the answering of a message has come.</summary>
/// <param name="State">leased, expired (leased, but the time is over), waiting (given back) or done.</param>
/// <param name="Holder">The API key of the last claim.</param>
internal sealed record TurnResponse(
    string MessageId, string State, long Attempt, DateTimeOffset? LeaseUntil, DateTimeOffset? DueAt, string Holder, string? Reason, DateTimeOffset CreatedAt, DateTimeOffset UpdatedAt)
{
    /// <summary>The turn on the wire.</summary>
    public static TurnResponse Of(Turn turn, DateTimeOffset now) => new(
        turn.MessageId, turn.Word(now), turn.Token.Attempt, turn.State == TurnState.Leased ? turn.LeaseUntil : null, turn.State == TurnState.Done ? null : turn.DueAt, turn.Holder,
        turn.Reason, turn.CreatedAt, turn.UpdatedAt);
}

/// <summary>A page of turns.</summary>
internal sealed record TurnList(int Count, int Limit, string? NextPageToken, IReadOnlyList<TurnResponse> Turns);
