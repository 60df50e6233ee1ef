using AgentMta.Protocol.MailAuth.Dkim;
using AgentMta.Protocol.MailAuth.Dmarc;
using AgentMta.Protocol.MailAuth.Spf;

namespace AgentMta.Protocol.MailAuth;

/// <summary>Says, for the sender's postmaster, what would have had to be otherwise for the message to pass.</summary>
internal static class VerdictAdvice
{
    private const int MaxSignatures = 10;

    public static IReadOnlyList<string> For(AuthenticationVerdict verdict)
    {
        var dmarc = verdict.Dmarc;
        if (verdict.HasAlignedPass)
            return dmarc.Status == DmarcStatus.Pass ? [] : [$"{dmarc.AuthorDomain} would have to publish a DMARC record"];
        if (dmarc.AuthorDomain is not { } author)
            return [verdict.AuthorDomains.Count == 0 ? "a From field with an address" : "a From field with one domain"];

        var advice = new List<string>();
        if (dmarc.Status == DmarcStatus.TempError)
            advice.Add("the DNS of the sender would have to answer; the same message may pass later");
        if (dmarc.Status == DmarcStatus.None)
            advice.Add($"{author} would have to publish a DMARC record ({dmarc.Reason})");
        var wanted = Wanted(dmarc, author, dmarc.Record?.StrictSpf == true);
        advice.Add(verdict.Spf.Status == SpfStatus.Pass
            ? $"SPF passed for {verdict.Spf.Domain}; the reverse-path would have to be at {wanted}"
            : $"SPF gave {EnumWord.Of(verdict.Spf.Status)} ({verdict.Spf.Reason}); the reverse-path would have to be at {wanted} and its SPF record to allow {verdict.ClientAddress}");

        wanted = Wanted(dmarc, author, dmarc.Record?.StrictDkim == true);
        if (verdict.Dkim.Count == 0)
            advice.Add($"there is no DKIM signature; one with d={wanted} would do");
        foreach (var signature in verdict.Dkim.Take(MaxSignatures))
        {
            advice.Add(signature.Status == DkimStatus.Pass
                ? $"the DKIM signature of {signature.Domain} passed; its d= would have to be {wanted}"
                : $"the DKIM signature of {(string.IsNullOrEmpty(signature.Domain) ? "no domain" : signature.Domain)} gave {EnumWord.Of(signature.Status)} ({signature.Reason})");
        }

        return advice;
    }

    private static string Wanted(DmarcResult dmarc, string author, bool strict) =>
        strict || dmarc.OrganizationalDomain is null ? author
        : dmarc.OrganizationalDomain == author ? $"{author} or below" : $"{author} or another name of {dmarc.OrganizationalDomain}";
}
