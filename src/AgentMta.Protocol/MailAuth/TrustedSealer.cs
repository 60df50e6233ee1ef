using AgentMta.Protocol.MailAuth.Arc;
using AgentMta.Protocol.MailAuth.Dmarc;

namespace AgentMta.Protocol.MailAuth;

/// <summary>Lets a forwarder that the operator trusts vouch for a message whose authentication broke on the way (RFC 8617 9.2).</summary>
internal static class TrustedSealer
{
    /// <summary>
    /// Excuses a DMARC failure where the chain passes, a trusted hop saw DMARC pass for this same author domain, and every hop behind it is
    /// trusted too: an untrusted later hop could have changed the message.
    /// </summary>
    public static DmarcOverride? Excuse(DmarcResult dmarc, ArcResult arc, IReadOnlyList<string> trusted)
    {
        if (dmarc.Status != DmarcStatus.Fail || arc.Status != ArcStatus.Pass || trusted.Count == 0)
            return null;
        for (var i = arc.Seals.Count - 1; i >= 0 && IsTrusted(arc.Seals[i].Domain, trusted); i--)
        {
            if (SawPass(arc.Seals[i], dmarc.AuthorDomain!))
            {
                var sealer = arc.Seals[i].Domain!;
                return new DmarcOverride(
                    "trusted_forwarder", sealer, $"{sealer} is trusted and its ARC seal i={arc.Seals[i].Instance} says that DMARC passed for {dmarc.AuthorDomain}");
            }
        }

        return null;
    }

    private static bool IsTrusted(string? sealer, IReadOnlyList<string> trusted)
    {
        foreach (var domain in trusted)
        {
            if (sealer is not null && MailDomain.Normalize(domain) is { } name && MailDomain.IsAtOrUnder(sealer, name))
                return true;
        }

        return false;
    }

    private static bool SawPass(ArcSeal seal, string author)
    {
        if (seal.AuthenticationResults is null || AuthenticationResultsParser.Parse(seal.AuthenticationResults) is not { } results)
            return false;
        foreach (var method in results.Methods)
        {
            if (method is { Method: "dmarc", Result: "pass" } && MailDomain.OfAddress(method.Property("header.from")) == author)
                return true;
        }

        return false;
    }
}
