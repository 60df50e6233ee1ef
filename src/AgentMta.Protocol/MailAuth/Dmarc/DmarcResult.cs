namespace AgentMta.Protocol.MailAuth.Dmarc;

/// <summary>Whether one authenticated identifier stands for the author domain (RFC 9989 4.4).</summary>
/// <param name="Method">"spf" or "dkim".</param>
/// <param name="Domain">The identifier.</param>
/// <param name="Aligned">Aligned or not; null where a DNS error left it open.</param>
/// <param name="Strict">The domain asks for strict alignment.</param>
/// <param name="OrganizationalDomain">Its organisational domain, where it had to be found.</param>
public sealed record DmarcAlignment(string Method, string Domain, bool? Aligned, bool Strict, string? OrganizationalDomain);

/// <summary>Why a failure is not held against the message after all (RFC 7489 6.6.3 end, RFC 9989 5.4: local policy).</summary>
/// <param name="Type">"trusted_forwarder": the reason's name in aggregate reports.</param>
/// <param name="By">The domain that is trusted.</param>
/// <param name="Reason">One sentence for people.</param>
public sealed record DmarcOverride(string Type, string By, string Reason);

/// <summary>The outcome of DMARC with all that led to it.</summary>
/// <param name="Status">The result.</param>
/// <param name="AuthorDomain">The From domain that decided; null where there is none.</param>
/// <param name="Policy">The policy that applies to this author domain (after sp, np and t=y); null where none applies.</param>
/// <param name="PolicyTag">Where the policy came from: "p", "sp" or "np".</param>
/// <param name="PolicyDomain">The domain whose record applies.</param>
/// <param name="OrganizationalDomain">The author's organisational domain; null where it could not be found.</param>
/// <param name="Record">The record that applies.</param>
/// <param name="Alignments">Every identifier that was considered.</param>
/// <param name="Disposition">What the domain asks to be done with this message, after pct.</param>
/// <param name="Reason">One sentence for people.</param>
public sealed record DmarcResult(
    DmarcStatus Status,
    string? AuthorDomain,
    DmarcPolicy? Policy,
    string? PolicyTag,
    string? PolicyDomain,
    string? OrganizationalDomain,
    DmarcRecord? Record,
    IReadOnlyList<DmarcAlignment> Alignments,
    DmarcPolicy Disposition,
    string Reason)
{
    /// <summary>Set where a trusted party vouches for a message that fails.</summary>
    public DmarcOverride? Override { get; init; }

    /// <summary>True where some identifier of the method is aligned.</summary>
    public bool IsAligned(string method) => Alignments.Any(a => a.Aligned == true && a.Method == method);
}
