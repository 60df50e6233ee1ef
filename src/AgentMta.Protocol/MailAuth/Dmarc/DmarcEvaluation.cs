using AgentMta.Protocol.Dns;

namespace AgentMta.Protocol.MailAuth.Dmarc;

/// <summary>DMARC for one author domain: (1) find the policy, (2) compare identifiers, (3) decide, (4) say what the domain asks for.</summary>
internal sealed class DmarcEvaluation(
    DmarcRequest request, string author, IDnsLookup dns, PublicSuffixList? suffixes, CancellationToken cancellationToken)
{
    // Each may cost a tree walk.
    private const int MaxIdentifiers = 20;

    private readonly List<DmarcAlignment> _alignments = new(2);
    private DmarcDiscovery _found = null!;
    private DmarcRecord _record = null!;

    private bool IsBis => request.Spec == DmarcSpec.Rfc9989;

    public async ValueTask<DmarcResult> RunAsync()
    {
        _found = IsBis
            ? await DmarcTreeWalk.DiscoverAsync(author, dns, cancellationToken).ConfigureAwait(false)
            : await DmarcSuffixDiscovery.DiscoverAsync(author, suffixes, dns, cancellationToken).ConfigureAwait(false);
        if (_found.Record is null)
            return Result(_found.IsTemporary ? DmarcStatus.TempError : DmarcStatus.None, null, null, _found.Fault!);
        _record = _found.Record;
        // RFC 9989 4.10.1, RFC 7489 6.6.3 step 6: without a valid p, or with a faulty sp or np, rua decides.
        if (IsFaulty() && _record.AggregateUris.Count == 0)
            return Result(DmarcStatus.None, null, null, $"the DMARC record of {_found.PolicyDomain} has no valid policy and no rua");

        var passed = await CompareAsync(request.DkimPassDomains, request.SpfPassDomains).ConfigureAwait(false);
        var (policy, tag, policyIsOpen) = await PolicyAsync(mayStayOpen: passed == true).ConfigureAwait(false);
        if (passed == true)
            return Result(DmarcStatus.Pass, policy, tag, PassReason());
        if (passed is null)
            return Result(DmarcStatus.TempError, policy, tag, "a look-up failed that decides whether an identifier is aligned");
        // RFC 9989 5.3.6, RFC 7489 6.6.2: an aligned identifier that met a temporary error leaves the outcome open.
        if (await CompareAsync(request.DkimTempErrorDomains, request.SpfTempErrorDomains, record: false).ConfigureAwait(false) != false)
            return Result(DmarcStatus.TempError, policy, tag, "an aligned identifier could not be checked for a temporary DNS error");
        return policyIsOpen
            ? Result(DmarcStatus.TempError, policy, tag, $"the look-up failed that tells whether {author} exists")
            : Result(DmarcStatus.Fail, policy, tag, FailReason());
    }

    private bool IsFaulty() => _record.P is null || _record.HasBadSp || (IsBis && _record.HasBadNp);

    // The policy that applies to this author domain, with t=y counted in; open where it hangs on a look-up that failed.
    private async ValueTask<(DmarcPolicy Policy, string Tag, bool IsOpen)> PolicyAsync(bool mayStayOpen)
    {
        if (IsFaulty())
            return (DmarcPolicy.None, "p", false);
        var tag = "p";
        var policy = _record.P!.Value;
        var open = false;
        if (_found.PolicyDomain != author)
        {
            if (_record.Sp is { } sp)
                (policy, tag) = (sp, "sp");
            if (IsBis && _record.Np is { } np)
            {
                // RFC 9989 3.2.13: what does not exist is what answers NXDOMAIN, to a query of any type.
                var answer = await dns.LookupAsync(author, DnsRecordType.A, cancellationToken).ConfigureAwait(false);
                open = answer.IsTemporary && np != policy && !mayStayOpen;
                if (answer.Status == DnsStatus.NameError)
                    (policy, tag) = (np, "np");
            }
        }

        // RFC 9989 4.7: in test mode one step less is applied.
        return (IsBis && _record.Testing ? OneStepDown(policy) : policy, tag, open);
    }

    private static DmarcPolicy OneStepDown(DmarcPolicy policy) => policy == DmarcPolicy.Reject ? DmarcPolicy.Quarantine : DmarcPolicy.None;

    // True where some identifier is aligned, null where that is open, false where none is.
    private async ValueTask<bool?> CompareAsync(IReadOnlyList<string> dkim, IReadOnlyList<string> spf, bool record = true)
    {
        bool? any = false;
        for (var i = 0; i < dkim.Count + spf.Count && i < MaxIdentifiers; i++)
        {
            var isSpf = i >= dkim.Count;
            if (MailDomain.Normalize(isSpf ? spf[i - dkim.Count] : dkim[i]) is not { } domain)
                continue;
            var method = isSpf ? "spf" : "dkim";
            if (record && IsCompared(method, domain))
                continue;
            var strict = isSpf ? _record.StrictSpf : _record.StrictDkim;
            var (aligned, organization) = await AlignAsync(domain, strict).ConfigureAwait(false);
            if (record)
                _alignments.Add(new DmarcAlignment(method, domain, aligned, strict, organization));
            any = any == true || aligned == true ? true : aligned is null ? null : any;
        }

        return any;
    }

    private bool IsCompared(string method, string domain)
    {
        foreach (var alignment in _alignments)
        {
            if (alignment.Method == method && alignment.Domain == domain)
                return true;
        }

        return false;
    }

    // RFC 9989 4.4 and 4.10.2.
    private async ValueTask<(bool? Aligned, string? Organization)> AlignAsync(string domain, bool strict)
    {
        if (domain == author)
            return (true, _found.OrganizationalDomain);
        if (strict)
            return (false, null);
        var wanted = _found.OrganizationalDomain;
        if (wanted is null)
            return (SharesTopLabel(domain) ? null : false, null);
        // An organisational domain is a parent of its domain: no need to ask for names elsewhere.
        if (!MailDomain.IsAtOrUnder(domain, wanted))
            return (false, null);
        var organization = IsBis
            ? await DmarcTreeWalk.OrganizationAsync(domain, dns, cancellationToken).ConfigureAwait(false)
            : DmarcSuffixDiscovery.Organization(domain, suffixes);
        return (organization is null ? null : organization == wanted, organization);
    }

    private bool SharesTopLabel(string domain) =>
        MailDomain.Rightmost(domain, 1).Equals(MailDomain.Rightmost(author, 1), StringComparison.Ordinal);

    private string PassReason()
    {
        var by = _alignments.Find(a => a.Aligned == true)!;
        return by.Domain == author
            ? $"{by.Method} passed for {by.Domain}, the From domain itself"
            : $"{by.Method} passed for {by.Domain}, which shares the organisational domain {by.OrganizationalDomain} with {author}";
    }

    private string FailReason()
    {
        if (_alignments.Count == 0)
            return $"neither SPF nor DKIM passed for any domain, so nothing stands for {author}";
        var list = string.Join(", ", _alignments.Take(5).Select(a => $"{a.Method} for {a.Domain}" + (a.Strict ? " (strict alignment asked for)" : "")));
        return $"what passed is not aligned with {author}: {list}";
    }

    private DmarcResult Result(DmarcStatus status, DmarcPolicy? policy, string? tag, string reason)
    {
        var disposition = status == DmarcStatus.Fail ? policy ?? DmarcPolicy.None : DmarcPolicy.None;
        // RFC 7489 6.6.4: what the sample leaves out gets the next lower policy.
        if (!IsBis && disposition != DmarcPolicy.None && request.Sample >= _record.Percent)
        {
            disposition = OneStepDown(disposition);
            reason += $"; pct={_record.Percent} spares this message the policy";
        }

        return new DmarcResult(
            status, author, policy, tag, policy is null ? null : _found.PolicyDomain, _found.OrganizationalDomain, _found.Record, _alignments, disposition, reason);
    }
}
