using System.Globalization;

namespace AgentMta.Server.Model;

/// <summary>How far the answering of a received message has come.</summary>
internal enum TurnState
{
    /// <summary>Somebody works on it until the end of the lease.</summary>
    Leased,

    /// <summary>It was given back and waits for the next.</summary>
    Waiting,

    /// <summary>It is answered, or needs no answer; nobody gets it any more.</summary>
    Done,
}

/// <summary>Proof of having claimed a turn: whoever claimed it later has another.</summary>
/// <param name="Owner">The claim that took it.</param>
/// <param name="Attempt">The how manieth claim of this turn that was.</param>
internal sealed record TurnToken(string Owner, long Attempt)
{
    /// <summary>The token as clients keep it.</summary>
    public override string ToString() => string.Create(CultureInfo.InvariantCulture, $"{Owner}.{Attempt}");

    /// <summary>The token of a text; null for what no claim gave.</summary>
    public static TurnToken? Parse(string text) =>
        text.Length > Ids.Length + 1 && text[Ids.Length] == '.' && Ids.IsId(text.AsSpan(0, Ids.Length))
        && long.TryParse(text.AsSpan(Ids.Length + 1), NumberStyles.None, CultureInfo.InvariantCulture, out var attempt) ? new TurnToken(text[..Ids.Length], attempt) : null;
}

/// <summary>A turn as it is stored.</summary>
/// <param name="DueAt">When the next may take it.</param>
/// <param name="Holder">The API key of the last claim.</param>
/// <param name="Reason">Why it was given back.</param>
internal sealed record Turn(
    string MessageKey, string MessageId, string InboxId, TurnState State, TurnToken Token, DateTimeOffset LeaseUntil, DateTimeOffset DueAt, string Holder, string? Reason,
    DateTimeOffset CreatedAt, DateTimeOffset UpdatedAt)
{
    /// <summary>The state as people and programs are shown it: a lease whose time is over is told apart.</summary>
    public string Word(DateTimeOffset now) => State switch
    {
        TurnState.Leased => LeaseUntil > now ? "leased" : "expired",
        TurnState.Waiting => "waiting",
        _ => "done",
    };
}

/// <summary>What a claim asks for.</summary>
/// <param name="Labels">All of these labels.</param>
/// <param name="Without">None of these.</param>
/// <param name="Limit">At most so many messages.</param>
/// <param name="MaximumSize">Together at most so many octets, unless the first alone has more.</param>
/// <param name="Lease">How long they are kept from others.</param>
/// <param name="Holder">The API key that claims.</param>
internal sealed record TurnClaim(string InboxId, IReadOnlyList<string> Labels, IReadOnlyList<string> Without, int Limit, long MaximumSize, TimeSpan Lease, string Holder);
