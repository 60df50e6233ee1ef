using AgentMta.Protocol.Dns;

namespace AgentMta.Protocol.MailAuth.Dmarc;

/// <summary>Policy discovery of RFC 7489 6.6.3 with the public suffix list (3.2): the author domain, then its organisational domain.</summary>
internal static class DmarcSuffixDiscovery
{
    public static async ValueTask<DmarcDiscovery> DiscoverAsync(
        string author, PublicSuffixList? suffixes, IDnsLookup dns, CancellationToken cancellationToken)
    {
        var organization = Organization(author, suffixes);
        var found = DmarcLookup.Of(await DmarcLookup.StartAsync(dns, author, cancellationToken).ConfigureAwait(false));
        var at = author;
        // Step 3: only where the author domain has no DMARC record at all.
        if (found is { Record: null, Several: false, IsTemporary: false } && organization != author)
        {
            at = organization;
            found = DmarcLookup.Of(await DmarcLookup.StartAsync(dns, organization, cancellationToken).ConfigureAwait(false));
        }

        if (found.Record is not null)
            return new DmarcDiscovery(found.Record, at, organization, null, false);
        if (found.IsTemporary)
            return new DmarcDiscovery(null, null, organization, $"the DMARC look-up of {at} failed", true);
        // Step 5: several records end policy discovery.
        var fault = found.Several ? $"{at} publishes more than one DMARC record"
            : at == author ? $"{author} publishes no DMARC record" : $"neither {author} nor {organization} publishes a DMARC record";
        return new DmarcDiscovery(null, null, organization, fault, false);
    }

    /// <summary>The registrable domain; of a public suffix itself, the suffix. Without a list its default rule "*" applies.</summary>
    public static string Organization(string domain, PublicSuffixList? suffixes) =>
        suffixes is null ? MailDomain.Rightmost(domain, 2).ToString() : suffixes.RegistrableDomain(domain) ?? domain;
}
