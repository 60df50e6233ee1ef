using AgentMta.Protocol.Dns;

namespace AgentMta.Protocol.MailAuth.Spf;

/// <summary>Answers whether a client may send for a domain: check_host() of RFC 7208, with its reason.</summary>
public static class SpfVerifier
{
    /// <summary>Checks one identity. Never throws but on cancellation; never makes more than the look-ups RFC 7208 4.6.4 allows.</summary>
    public static async ValueTask<SpfResult> VerifyAsync(SpfRequest request, IDnsLookup dns, CancellationToken cancellationToken)
    {
        ArgumentNullException.ThrowIfNull(request);
        ArgumentNullException.ThrowIfNull(dns);

        // RFC 7208 2.4: with a null reverse-path the mailbox is postmaster at the HELO name; 4.3: so is a missing local-part.
        var sender = request.Identity == SpfIdentity.Helo || request.MailFrom.Length == 0 ? request.Helo : request.MailFrom;
        var at = request.Identity == SpfIdentity.Helo || request.MailFrom.Length == 0 ? -1 : sender.LastIndexOf('@');
        var localPart = at > 0 ? sender[..at] : "postmaster";
        var given = sender[(at + 1)..];

        // RFC 7208 4.3: no domain name of several labels, no check.
        var domain = MailDomain.Normalize(given);
        if (domain is null || !domain.Contains('.', StringComparison.Ordinal))
        {
            var why = given.Length == 0 ? "there is no domain to check" : $"'{Shown(given)}' is not a domain name of two or more labels";
            return new SpfResult(SpfStatus.None, request.Identity, given, $"{localPart}@{given}", null, null, why, 0, 0);
        }

        var check = new SpfCheck(request, dns, localPart, domain, cancellationToken);
        var outcome = await check.HostAsync(domain).ConfigureAwait(false);
        var explanation = outcome is { Status: SpfStatus.Fail, ExplanationSpec: { } spec }
            ? await check.ExplainAsync(spec, outcome.ExplanationDomain).ConfigureAwait(false)
            : null;
        return new SpfResult(
            outcome.Status, request.Identity, domain, at > 0 && domain == given ? sender : $"{localPart}@{domain}", outcome.Mechanism, explanation, outcome.Reason,
            check.Lookups, check.VoidLookups);
    }

    private static string Shown(string text) => text.Length > 80 ? text[..80] + "…" : text;
}
