using AgentMta.Server.Model;

namespace AgentMta.Server.Inbound;

/// <summary>One recipient's copy that the gates let in, ready for the store.</summary>
/// <param name="Labels">Labels of the gates.</param>
/// <param name="Verdicts">JSON of the judgement.</param>
/// <param name="ListDomains">Domains to be remembered for the message's mailing list.</param>
/// <param name="NewContact">The sender to be remembered as known; null where he is, or where nobody answers for him.</param>
/// <param name="Report">What a token address got; null for mail that goes to the inbox.</param>
internal sealed record InboundCopy(
    Target Target, IReadOnlyList<string> Labels, JsonText? Verdicts, ReplyProof Proof, IReadOnlyList<string> ListDomains, AddressParts? NewContact, TokenReport? Report);

/// <summary>What became of a copy.</summary>
internal enum CopyOutcome
{
    Stored,

    /// <summary>The inbox had it already: answered like a stored one, nothing written.</summary>
    Duplicate,

    /// <summary>A report or an opt-out: its row is written, the inbox gets nothing.</summary>
    Reported,
}

/// <summary>A copy after the transaction.</summary>
internal sealed record StoredCopy(Target Target, CopyOutcome Outcome, string MessageId, string? ThreadId)
{
    /// <summary>The id that <c>agentmta trace</c> finds what was there before by, or the row of a report; null where it is deleted.</summary>
    public string? TracedBy { get; init; }

    /// <summary>Labels that the gates gave a stored one.</summary>
    public IReadOnlyList<string> Labels { get; init; } = [];

    /// <summary>What a token address took it for; null for mail.</summary>
    public string? TakenAs { get; init; }
}

/// <summary>Mail to a token address that is no letter to anyone.</summary>
/// <param name="Facts">What a report says; null for an opt-out.</param>
internal sealed record TokenReport(ReportFacts? Facts)
{
    /// <summary>Somebody wants no more mail.</summary>
    public static TokenReport OptOut { get; } = new((ReportFacts?)null);
}
