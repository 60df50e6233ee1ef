namespace AgentMta.Protocol.MailAuth.Spf;

/// <summary>The outcome of check_host() with what led to it, for the verdict, the header fields and people.</summary>
/// <param name="Status">The result (RFC 7208 2.6).</param>
/// <param name="Identity">Whose authorisation was asked.</param>
/// <param name="Domain">The domain that was asked, in normal form; as given where it is no domain name.</param>
/// <param name="Sender">The mailbox that was checked, with `postmaster` where it had no local-part.</param>
/// <param name="Mechanism">The directive that matched, as published; `default` where none did; null on errors.</param>
/// <param name="Explanation">The domain's own text for a fail (exp=), printable ASCII; null where it has none.</param>
/// <param name="Reason">One sentence for people.</param>
/// <param name="Lookups">Terms used that need DNS; at most 10 (RFC 7208 4.6.4).</param>
/// <param name="VoidLookups">Look-ups that found nothing; at most 2 (RFC 7208 4.6.4).</param>
public sealed record SpfResult(
    SpfStatus Status,
    SpfIdentity Identity,
    string Domain,
    string Sender,
    string? Mechanism,
    string? Explanation,
    string Reason,
    int Lookups,
    int VoidLookups);
