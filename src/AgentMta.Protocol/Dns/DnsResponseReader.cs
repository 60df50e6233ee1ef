namespace AgentMta.Protocol.Dns;

/// <summary>What one response says about a question.</summary>
/// <param name="Answer">The outcome so far; where <paramref name="AskNext"/> is set, only its TTL and AD bit count.</param>
/// <param name="AskNext">The end of a CNAME chain about which the response says nothing; it must be asked for by itself.</param>
/// <param name="Lame">True where the server does not serve the name (a referral, a refusal, a failure): another server may.</param>
public sealed record DnsResponseResult(DnsAnswer Answer, string? AskNext = null, bool Lame = false);

/// <summary>Draws the answer out of a response that matches its query: the CNAME chain, and the kinds of "no" (RFC 2308 2).</summary>
public static class DnsResponseReader
{
    /// <summary>CNAMEs that are followed in one look-up before it counts as a loop.</summary>
    public const int MaxChain = 10;

    /// <summary>Reads the outcome for a name in text form. Records that are not on the chain from that name are not looked at (RFC 5452 6).</summary>
    public static DnsResponseResult Read(DnsMessage response, string name, DnsRecordType type)
    {
        if (response.ResponseCode is not (DnsResponseCode.NoError or DnsResponseCode.NameError))
            return new(DnsAnswer.Empty(DnsStatus.ServerFailure, name), Lame: true);

        var ttl = uint.MaxValue;
        var owner = name;
        for (var hops = 0; hops <= MaxChain; hops++)
        {
            List<DnsRecord>? found = null;
            NameRecord? alias = null;
            foreach (var record in response.Answers)
            {
                if (!string.Equals(record.Name, owner, StringComparison.OrdinalIgnoreCase))
                    continue;
                if (record.Type == type)
                    (found ??= []).Add(record);
                else if (record is NameRecord { Type: DnsRecordType.CNAME } cname)
                    alias ??= cname;
            }

            if (found is not null)
            {
                foreach (var record in found)
                    ttl = Math.Min(ttl, record.Ttl);
                return new(new DnsAnswer(DnsStatus.Ok, found, response.AuthenticData, ttl, owner));
            }

            if (alias is null)
                return Absent(response, name, owner, ttl);
            ttl = Math.Min(ttl, alias.Ttl);
            owner = alias.Target;
        }

        return new(DnsAnswer.Empty(DnsStatus.ServerFailure, owner));
    }

    private static DnsResponseResult Absent(DnsMessage response, string name, string owner, uint ttl)
    {
        var aliased = !string.Equals(name, owner, StringComparison.OrdinalIgnoreCase);
        SoaRecord? soa = null;
        var referral = false;
        foreach (var record in response.Authority)
        {
            if (record is SoaRecord candidate && DnsName.IsAtOrBelow(owner, candidate.Name))
                soa ??= candidate;
            referral |= record.Type == DnsRecordType.NS;
        }

        // RFC 2308 5: a negative answer lives as long as the lesser of the SOA's TTL and MINIMUM; without an SOA it is not kept.
        var life = soa is null ? 0 : Math.Min(ttl, Math.Min(soa.Ttl, soa.Minimum));
        // RFC 6604 3: behind a CNAME, NXDOMAIN speaks of the end of the chain.
        if (response.ResponseCode == DnsResponseCode.NameError)
            return new(new DnsAnswer(DnsStatus.NameError, [], response.AuthenticData, life, owner));
        if (soa is null && aliased)
            return new(new DnsAnswer(DnsStatus.NoData, [], response.AuthenticData, ttl, owner), AskNext: owner);
        // RFC 2308 2.2.1: NS without SOA is a referral, which a resolver has no business to send; neither recursive nor authoritative is lame.
        if (soa is null && !response.Authoritative && (referral || !response.RecursionAvailable))
            return new(DnsAnswer.Empty(DnsStatus.ServerFailure, owner), Lame: true);
        return new(new DnsAnswer(DnsStatus.NoData, [], response.AuthenticData, life, owner));
    }
}
