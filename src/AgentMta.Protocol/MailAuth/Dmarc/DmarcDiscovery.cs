using AgentMta.Protocol.Dns;

namespace AgentMta.Protocol.MailAuth.Dmarc;

/// <summary>The policy record that applies to an author domain, and the author's organisational domain.</summary>
/// <param name="Record">The record; null where none applies.</param>
/// <param name="PolicyDomain">Where it was found.</param>
/// <param name="OrganizationalDomain">Null where a DNS error kept it from being found.</param>
/// <param name="Fault">Why there is no record; null where there is one.</param>
/// <param name="IsTemporary">The fault may go away.</param>
internal sealed record DmarcDiscovery(DmarcRecord? Record, string? PolicyDomain, string? OrganizationalDomain, string? Fault, bool IsTemporary);

/// <summary>What one name under _dmarc holds.</summary>
internal readonly record struct DmarcLookup(DmarcRecord? Record, bool Several, bool IsTemporary)
{
    public static ValueTask<DnsAnswer> StartAsync(IDnsLookup dns, ReadOnlySpan<char> domain, CancellationToken cancellationToken) =>
        domain.Length + "_dmarc.".Length > MailDomain.MaxLength
            ? ValueTask.FromResult(DnsAnswer.Empty(DnsStatus.NameError, domain.ToString()))
            : dns.LookupAsync(string.Concat("_dmarc.", domain), DnsRecordType.TXT, cancellationToken);

    /// <summary>RFC 9989 4.10 step 2: what is not DMARC is discarded; of several that are, all are.</summary>
    public static DmarcLookup Of(DnsAnswer answer)
    {
        if (answer.IsTemporary)
            return new DmarcLookup(null, false, true);
        string? found = null;
        for (var i = 0; i < answer.Records.Count; i++)
        {
            if (answer.Records[i] is not TxtRecord txt || !DmarcRecordParser.IsDmarc(txt.Text))
                continue;
            if (found is not null)
                return new DmarcLookup(null, true, false);
            found = txt.Text;
        }

        return new DmarcLookup(found is null ? null : DmarcRecordParser.Parse(found), false, false);
    }
}
