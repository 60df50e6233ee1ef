namespace AgentMta.Protocol.MailAuth.Dmarc;

/// <summary>What SPF and DKIM found out, as DMARC needs it. Names may be U-labels, any case.</summary>
/// <param name="AuthorDomains">Domains of all addresses in all From fields; none, one or several.</param>
/// <param name="DkimPassDomains">d= of the signatures that pass.</param>
/// <param name="SpfPassDomains">The domain that passed SPF as MAIL FROM identity (RFC 9989 4.4.2), if any.</param>
/// <param name="Spec">Which document to follow.</param>
public sealed record DmarcRequest(
    IReadOnlyList<string> AuthorDomains,
    IReadOnlyList<string> DkimPassDomains,
    IReadOnlyList<string> SpfPassDomains,
    DmarcSpec Spec = DmarcSpec.Rfc9989)
{
    /// <summary>d= of the signatures that could not be checked for a temporary error; where aligned they keep a fail from being final.</summary>
    public IReadOnlyList<string> DkimTempErrorDomains { get; init; } = [];

    /// <summary>The domain whose SPF check ended in a temporary error, if any.</summary>
    public IReadOnlyList<string> SpfTempErrorDomains { get; init; } = [];

    /// <summary>A number from 0 to 99 that stays the same when the message is sent again: below pct the policy applies (RFC 7489 6.6.4).</summary>
    public int Sample { get; init; }
}
