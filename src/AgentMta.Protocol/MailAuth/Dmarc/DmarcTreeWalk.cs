using AgentMta.Protocol.Dns;

namespace AgentMta.Protocol.MailAuth.Dmarc;

/// <summary>The DNS tree walk of RFC 9989 4.10: at most eight names, asked for at once and read from the longest to the shortest.</summary>
internal static class DmarcTreeWalk
{
    private const int MaxQueries = 8;

    /// <summary>RFC 9989 4.10.1: the record of the author domain, else of its organisational domain, else of its public suffix domain.</summary>
    public static async ValueTask<DmarcDiscovery> DiscoverAsync(string author, IDnsLookup dns, CancellationToken cancellationToken)
    {
        var walk = await WalkAsync(author, dns, cancellationToken).ConfigureAwait(false);
        // Two records at the author domain are a mistake of its owner; guessing at the parent's would apply a policy nobody chose
        // (RFC 7489 6.6.3 step 5 says so outright; docs/decisions/0004-dmarc.md).
        if (walk.SeveralAtStart)
            return new DmarcDiscovery(null, null, walk.Failed ? null : walk.Organization(), $"{author} publishes more than one DMARC record", false);
        if (walk.Found is [var own, ..] && own.Domain == author)
            return new DmarcDiscovery(own.Record, author, walk.Failed ? null : walk.Organization(), null, false);
        if (walk.Failed)
            return new DmarcDiscovery(null, null, null, $"a DMARC look-up for {author} failed", true);
        var organization = walk.Organization();
        foreach (var (domain, record) in walk.Found)
        {
            if (domain == organization)
                return new DmarcDiscovery(record, domain, organization, null, false);
        }

        return walk.Found is [.., { Record.Psd: DmarcPsd.Yes } suffix]
            ? new DmarcDiscovery(suffix.Record, suffix.Domain, organization, null, false)
            : new DmarcDiscovery(null, null, organization, $"neither {author} nor a parent publishes a DMARC record", false);
    }

    /// <summary>RFC 9989 4.10.2: the organisational domain of an identifier; null where a look-up failed.</summary>
    public static async ValueTask<string?> OrganizationAsync(string domain, IDnsLookup dns, CancellationToken cancellationToken)
    {
        var walk = await WalkAsync(domain, dns, cancellationToken).ConfigureAwait(false);
        return walk.Failed ? null : walk.Organization();
    }

    private static async ValueTask<Walk> WalkAsync(string start, IDnsLookup dns, CancellationToken cancellationToken)
    {
        var parents = Math.Min(MailDomain.CountLabels(start) - 1, MaxQueries - 1);
        var pending = new ValueTask<DnsAnswer>[parents + 1];
#pragma warning disable CA2012 // each is awaited exactly once below; a warm cache completes them here without a Task
        for (var i = 0; i < pending.Length; i++)
            pending[i] = DmarcLookup.StartAsync(dns, Target(start, parents, i), cancellationToken);
#pragma warning restore CA2012

        var walk = new Walk(start);
        var stopped = false;
        for (var i = 0; i < pending.Length; i++)
        {
            var found = DmarcLookup.Of(await pending[i].ConfigureAwait(false));
            if (stopped)
                continue; // asked for in advance, not needed
            if (found.IsTemporary)
            {
                walk.Failed = stopped = true;
                continue;
            }

            walk.SeveralAtStart |= found.Several && i == 0;
            if (found.Record is null)
                continue;
            walk.Found.Add((i == 0 ? start : Target(start, parents, i).ToString(), found.Record));
            stopped = found.Record.Psd != DmarcPsd.Unknown;
        }

        return walk;
    }

    // RFC 9989 4.10 steps 3, 4 and 7: the start, then its parents; from a name of eight labels or more the first parent has seven.
    private static ReadOnlySpan<char> Target(string start, int parents, int index) => index == 0 ? start : MailDomain.Rightmost(start, parents - index + 1);

    private sealed class Walk(string start)
    {
        /// <summary>Valid records from the longest name to the shortest.</summary>
        public List<(string Domain, DmarcRecord Record)> Found { get; } = new(1);

        public bool SeveralAtStart { get; set; }

        /// <summary>A look-up failed before the walk had come to its end.</summary>
        public bool Failed { get; set; }

        // RFC 9989 4.10.2, rules 1 to 3.
        public string Organization()
        {
            foreach (var (domain, record) in Found)
            {
                if (record.Psd == DmarcPsd.No)
                    return domain;
                if (record.Psd == DmarcPsd.Yes && domain != start)
                    return MailDomain.Rightmost(start, MailDomain.CountLabels(domain) + 1).ToString();
            }

            return Found.Count > 0 ? Found[^1].Domain : start;
        }
    }
}
