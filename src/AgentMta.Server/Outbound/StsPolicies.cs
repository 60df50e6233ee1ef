using AgentMta.Protocol.Dns;

namespace AgentMta.Server.Outbound;

/// <summary>Fetches a policy file; null where it cannot be had with a certificate that proves the domain.</summary>
internal delegate Task<string?> FetchStsPolicy(string domain, CancellationToken cancellationToken);

/// <summary>The MTA-STS policies of destinations, kept as long as each says: once seen, a policy holds even while DNS or the web server is silent (RFC 8461 5.1).</summary>
internal sealed class StsPolicies(IDnsLookup dns, FetchStsPolicy fetch, TimeProvider time)
{
    private const int Capacity = 10_000;

    // After a failure nobody is asked again for a while, nor is mail held up by each attempt.
    private static readonly TimeSpan FailurePause = TimeSpan.FromMinutes(5);

    private readonly Lock _gate = new();
    private readonly Dictionary<string, Cached> _cached = new(StringComparer.Ordinal);

    /// <summary>The policy in force for a domain; null where there is none.</summary>
    public async ValueTask<StsPolicy?> ForAsync(string domain, CancellationToken cancellationToken)
    {
        var now = time.GetUtcNow();
        Cached? known;
        lock (_gate)
            known = _cached.GetValueOrDefault(domain);
        if (known is not null && known.Expires <= now)
            known = null;
        var id = await IdAsync(domain, cancellationToken).ConfigureAwait(false);
        if (id is null || id == known?.Id || known?.RetryAt > now)
            return known?.Policy;
        var policy = await fetch(domain, cancellationToken).ConfigureAwait(false) is { } text ? StsPolicy.Parse(text) : null;
        var kept = policy is not null
            ? new Cached(id, policy, now + policy.MaxAge, now)
            : new Cached(known?.Id, known?.Policy, known?.Expires ?? now + FailurePause, now + FailurePause);
        lock (_gate)
        {
            if (_cached.Count >= Capacity && !_cached.ContainsKey(domain))
                _cached.Remove(_cached.MinBy(c => c.Value.Expires).Key);
            _cached[domain] = kept;
        }

        return kept.Policy;
    }

    // RFC 8461 3.1: several records are none.
    private async ValueTask<string?> IdAsync(string domain, CancellationToken cancellationToken)
    {
        var answer = await dns.LookupAsync("_mta-sts." + domain, DnsRecordType.TXT, cancellationToken).ConfigureAwait(false);
        var ids = answer.Records.OfType<TxtRecord>().Where(t => t.Text.StartsWith("v=STSv1", StringComparison.Ordinal)).Select(t => StsPolicy.ReadId(t.Text)).ToList();
        return ids.Count == 1 ? ids[0] : null;
    }

    private sealed record Cached(string? Id, StsPolicy? Policy, DateTimeOffset Expires, DateTimeOffset RetryAt);
}
