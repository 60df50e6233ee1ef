using AgentMta.Protocol.Dns;

namespace AgentMta.Protocol.MailAuth.Spf;

/// <summary>How a check of one host ended, with the explanation to fetch should this be the end of the whole check.</summary>
internal readonly record struct SpfOutcome(
    SpfStatus Status, string? Mechanism, string Reason, string? ExplanationSpec = null, string ExplanationDomain = "");

/// <summary>One run of check_host() (RFC 7208 4): holds the limits that count across includes and redirects.</summary>
internal sealed class SpfCheck(SpfRequest request, IDnsLookup dns, string localPart, string senderDomain, CancellationToken cancellationToken)
{
    // RFC 7208 4.6.4.
    private const int MaxLookups = 10;
    private const int MaxVoidLookups = 2;
    private const int MaxMailExchangers = 10;
    private const int MaxPointers = 10;

    private readonly SpfClient _client = new(request.ClientAddress);
    private SpfExpansion? _expansion;
    private IReadOnlyList<string>? _validatedNames;
    private int _validationVoids;
    private string _fault = "";

    private enum Match
    {
        No,
        Yes,
        TempError,
        PermError,
    }

    private SpfExpansion Expansion => _expansion ??= new SpfExpansion(request, _client, localPart, senderDomain);

    public int Lookups { get; private set; }

    public int VoidLookups { get; private set; }

    /// <summary>
    /// check_host() for one domain: (1) fetch the one record, (2) read all of it, (3) take the first directive that matches,
    /// (4) else follow redirect, (5) else neutral.
    /// </summary>
    public async ValueTask<SpfOutcome> HostAsync(string domain)
    {
        var answer = await dns.LookupAsync(domain, DnsRecordType.TXT, cancellationToken).ConfigureAwait(false);
        if (answer.IsTemporary)
            return new SpfOutcome(SpfStatus.TempError, null, $"the TXT look-up of {domain} {Failure(answer)}");
        if (SelectRecord(answer, out var several) is not { } text)
        {
            return several
                ? new SpfOutcome(SpfStatus.PermError, null, $"{domain} publishes more than one SPF record")
                : new SpfOutcome(SpfStatus.None, null, $"{domain} publishes no SPF record");
        }

        if (SpfRecordParser.Parse(text, out var fault) is not { } record)
            return new SpfOutcome(SpfStatus.PermError, null, $"the SPF record of {domain} has a {fault}");

        foreach (var directive in record.Directives)
        {
            switch (await MatchAsync(directive, domain).ConfigureAwait(false))
            {
                case Match.Yes:
                    var mechanism = directive.Text;
                    var reason = $"{_client.Address} matches '{mechanism}' of {domain}";
                    return new SpfOutcome(directive.Qualifier, mechanism, reason, record.Explanation, domain);
                case Match.TempError:
                    return new SpfOutcome(SpfStatus.TempError, null, _fault);
                case Match.PermError:
                    return new SpfOutcome(SpfStatus.PermError, null, _fault);
            }
        }

        return record.Redirect is null
            ? new SpfOutcome(SpfStatus.Neutral, "default", $"nothing in the SPF record of {domain} matches {_client.Address}")
            : await RedirectAsync(record.Redirect, domain).ConfigureAwait(false);
    }

    /// <summary>RFC 7208 6.2: the explanation of a fail; any trouble with it just leaves it out, and it counts towards no limit.</summary>
    public async ValueTask<string?> ExplainAsync(string spec, string domain)
    {
        var name = await TargetAsync(spec, domain, counted: false).ConfigureAwait(false);
        if (name is null || !MailDomain.HasValidLabels(name))
            return null;
        var answer = await dns.LookupAsync(name, DnsRecordType.TXT, cancellationToken).ConfigureAwait(false);
        if (answer.Status != DnsStatus.Ok || answer.Records is not [TxtRecord record])
            return null;
        var validated = SpfExpansion.Uses(record.Text, 'p', 'p') ? await ValidatedNameAsync(domain, false).ConfigureAwait(false) : "";
        return Expansion.Explanation(record.Text, domain, validated);
    }

    private static string? SelectRecord(DnsAnswer answer, out bool several)
    {
        string? found = null;
        several = false;
        for (var i = 0; i < answer.Records.Count; i++)
        {
            if (answer.Records[i] is TxtRecord txt && SpfRecordParser.IsSpf(txt.Text))
            {
                several |= found is not null;
                found = txt.Text;
            }
        }

        return several ? null : found;
    }

    private static string Failure(DnsAnswer answer) => answer.Status == DnsStatus.Timeout ? "timed out" : "failed at its server";

    private async ValueTask<SpfOutcome> RedirectAsync(string spec, string domain)
    {
        if (++Lookups > MaxLookups)
            return new SpfOutcome(SpfStatus.PermError, null, LimitFault("redirect=" + spec, domain));
        var target = await TargetAsync(spec, domain, counted: true).ConfigureAwait(false);
        if (VoidLookups > MaxVoidLookups)
            return new SpfOutcome(SpfStatus.PermError, null, VoidFault(domain));
        var outcome = target is not null && MailDomain.HasValidLabels(target)
            ? await HostAsync(target).ConfigureAwait(false)
            : new SpfOutcome(SpfStatus.None, null, "");
        // RFC 7208 6.1: a redirect to nothing is a permanent error.
        return outcome.Status == SpfStatus.None
            ? new SpfOutcome(SpfStatus.PermError, null, $"{domain} redirects to '{target ?? spec}', which publishes no SPF record")
            : outcome;
    }

    private async ValueTask<Match> MatchAsync(SpfDirective directive, string domain)
    {
        switch (directive.Mechanism)
        {
            case SpfMechanism.All:
                return Match.Yes;
            case SpfMechanism.Ip4:
                return _client.IsIn(directive.Network, directive.Prefix4, networkIsIPv6: false) ? Match.Yes : Match.No;
            case SpfMechanism.Ip6:
                return _client.IsIn(directive.Network, directive.Prefix6, networkIsIPv6: true) ? Match.Yes : Match.No;
        }

        // RFC 7208 4.6.4: include, a, mx, ptr and exists count, and so does redirect.
        if (++Lookups > MaxLookups)
            return Permanent(LimitFault(directive.Text, domain));
        var target = await TargetAsync(directive.DomainSpec, domain, counted: true).ConfigureAwait(false);
        if (VoidLookups > MaxVoidLookups)
            return Permanent(VoidFault(domain));
        if (target is null)
            return Match.No;
        return directive.Mechanism switch
        {
            SpfMechanism.Include => await IncludeAsync(target, domain).ConfigureAwait(false),
            SpfMechanism.A => await AddressAsync(target, directive, domain).ConfigureAwait(false),
            SpfMechanism.Mx => await ExchangersAsync(target, directive, domain).ConfigureAwait(false),
            SpfMechanism.Exists => await ExistsAsync(target, domain).ConfigureAwait(false),
            _ => await PointerAsync(target, domain).ConfigureAwait(false),
        };
    }

    // RFC 7208 5.2: the table of results.
    private async ValueTask<Match> IncludeAsync(string target, string domain)
    {
        var outcome = MailDomain.HasValidLabels(target) ? await HostAsync(target).ConfigureAwait(false) : new SpfOutcome(SpfStatus.None, null, "");
        switch (outcome.Status)
        {
            case SpfStatus.Pass:
                return Match.Yes;
            case SpfStatus.TempError:
                return Temporary(outcome.Reason);
            case SpfStatus.PermError:
                return Permanent(outcome.Reason);
            case SpfStatus.None:
                return Permanent($"{domain} includes '{target}', which publishes no SPF record");
            default:
                return Match.No;
        }
    }

    private async ValueTask<Match> AddressAsync(string name, SpfDirective directive, string domain)
    {
        var answer = await LookupAsync(name, _client.IsIPv6 ? DnsRecordType.AAAA : DnsRecordType.A, domain).ConfigureAwait(false);
        if (answer.Fault is { } fault)
            return fault;
        var prefix = _client.IsIPv6 ? directive.Prefix6 : directive.Prefix4;
        for (var i = 0; i < answer.Records.Count; i++)
        {
            if (answer.Records[i] is AddressRecord record && _client.IsIn(SpfClient.BitsOf(record.Address), prefix, record.Type == DnsRecordType.AAAA))
                return Match.Yes;
        }

        return Match.No;
    }

    private async ValueTask<Match> ExchangersAsync(string name, SpfDirective directive, string domain)
    {
        var answer = await LookupAsync(name, DnsRecordType.MX, domain).ConfigureAwait(false);
        if (answer.Fault is { } fault)
            return fault;
        // RFC 7208 4.6.4: more than ten exchangers are a permanent error.
        if (answer.Records.Count > MaxMailExchangers)
            return Permanent($"{name} has more than {MaxMailExchangers} MX records");
        for (var i = 0; i < answer.Records.Count; i++)
        {
            // RFC 7505: the null MX names no host.
            if (answer.Records[i] is not MxRecord { Host: not ("" or ".") } exchanger)
                continue;
            var match = await AddressAsync(exchanger.Host, directive, domain).ConfigureAwait(false);
            if (match != Match.No)
                return match;
        }

        return Match.No;
    }

    // RFC 7208 5.7: an A query, whatever the client's family.
    private async ValueTask<Match> ExistsAsync(string name, string domain)
    {
        var answer = await LookupAsync(name, DnsRecordType.A, domain).ConfigureAwait(false);
        return answer.Fault ?? (answer.Records.Count > 0 ? Match.Yes : Match.No);
    }

    // RFC 7208 5.5.
    private async ValueTask<Match> PointerAsync(string target, string domain)
    {
        var names = await ValidatedNamesAsync(counted: true).ConfigureAwait(false);
        if (VoidLookups > MaxVoidLookups)
            return Permanent(VoidFault(domain));
        foreach (var name in names)
        {
            if (MailDomain.IsAtOrUnder(name, target))
                return Match.Yes;
        }

        return Match.No;
    }

    // Null where the term can match nothing: RFC 8616 4, a local-part beyond ASCII.
    private async ValueTask<string?> TargetAsync(string? spec, string domain, bool counted)
    {
        if (spec is null)
            return domain;
        if (!spec.Contains('%', StringComparison.Ordinal))
            return spec[^1] == '.' ? spec[..^1] : spec;
        if (!Expansion.LocalPartIsAscii && SpfExpansion.Uses(spec, 's', 'l'))
            return null;
        var validated = SpfExpansion.Uses(spec, 'p', 'p') ? await ValidatedNameAsync(domain, counted).ConfigureAwait(false) : "";
        return Expansion.Domain(spec, domain, validated);
    }

    // RFC 7208 7.3: the domain itself where validated, else a subdomain of it, else any name, else "unknown".
    private async ValueTask<string> ValidatedNameAsync(string domain, bool counted)
    {
        var names = await ValidatedNamesAsync(counted).ConfigureAwait(false);
        string? below = null;
        foreach (var name in names)
        {
            if (name.Equals(domain, StringComparison.OrdinalIgnoreCase))
                return name;
            if (below is null && MailDomain.IsAtOrUnder(name, domain))
                below = name;
        }

        return below ?? (names.Count > 0 ? names[0] : "unknown");
    }

    // RFC 7208 5.5: PTR names whose own addresses hold the client's; errors leave a name out, names past the tenth are not asked.
    private async ValueTask<IReadOnlyList<string>> ValidatedNamesAsync(bool counted)
    {
        _validatedNames ??= await ValidateNamesAsync().ConfigureAwait(false);
        // RFC 7208 4.6.4 counts terms: one that uses the same void answer again counts again.
        if (counted)
            VoidLookups += _validationVoids;
        return _validatedNames;
    }

    private async ValueTask<IReadOnlyList<string>> ValidateNamesAsync()
    {
        var names = new List<string>();
        var pointers = await dns.LookupAsync(_client.ReverseName(), DnsRecordType.PTR, cancellationToken).ConfigureAwait(false);
        _validationVoids += pointers.IsVoid ? 1 : 0;
        var type = _client.IsIPv6 ? DnsRecordType.AAAA : DnsRecordType.A;
        for (var i = 0; i < Math.Min(pointers.Records.Count, MaxPointers); i++)
        {
            if (pointers.Records[i] is not NameRecord pointer || !MailDomain.HasValidLabels(pointer.Target.TrimEnd('.')))
                continue;
            var answer = await dns.LookupAsync(pointer.Target, type, cancellationToken).ConfigureAwait(false);
            _validationVoids += answer.IsVoid ? 1 : 0;
            if (_client.IsAmong(answer.Records))
                names.Add(pointer.Target.TrimEnd('.'));
        }

        return names;
    }

    private async ValueTask<(IReadOnlyList<DnsRecord> Records, Match? Fault)> LookupAsync(string name, DnsRecordType type, string domain)
    {
        // A name that no zone can hold is not asked for and matches nothing.
        if (!MailDomain.HasValidLabels(name))
            return ([], null);
        var answer = await dns.LookupAsync(name, type, cancellationToken).ConfigureAwait(false);
        if (answer.IsTemporary)
            return ([], Temporary($"the {type} look-up of {name} {Failure(answer)}"));
        VoidLookups += answer.IsVoid ? 1 : 0;
        return VoidLookups > MaxVoidLookups ? ([], Permanent(VoidFault(domain))) : (answer.Records, null);
    }

    private Match Temporary(string fault)
    {
        _fault = fault;
        return Match.TempError;
    }

    private Match Permanent(string fault)
    {
        _fault = fault;
        return Match.PermError;
    }

    private static string LimitFault(string term, string domain) => $"'{term}' of {domain} would be look-up {MaxLookups + 1}; {MaxLookups} are allowed";

    private static string VoidFault(string domain) => $"more than {MaxVoidLookups} look-ups for {domain} found nothing";
}
