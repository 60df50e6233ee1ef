namespace AgentMta.Protocol.MailAuth.Arc;

/// <summary>One hop of a chain: who sealed, what it thought of the chain before it, and the results it saw.</summary>
/// <param name="Instance">i=, 1 for the first hop.</param>
/// <param name="Domain">d= of the ARC-Seal in lower case and A-labels: who vouches; null where it could not be read.</param>
/// <param name="Selector">s= of the ARC-Seal.</param>
/// <param name="ChainValidation">cv=: none, pass or fail.</param>
/// <param name="AuthenticationResults">The ARC-Authentication-Results behind "i=N;", unfolded: the authserv-id and what it saw.</param>
public sealed record ArcSeal(int Instance, string? Domain, string? Selector, string? ChainValidation, string? AuthenticationResults)
{
    /// <summary>Whether the ARC-Seal verified; null where an earlier fault ended the check.</summary>
    public bool? Verified { get; init; }
}
