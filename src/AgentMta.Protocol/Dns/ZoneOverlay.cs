namespace AgentMta.Protocol.Dns;

/// <summary>What an overlay knows about a question.</summary>
/// <param name="Covered">True where the overlay answers for the name; false leaves the question to others.</param>
/// <param name="Answer">The answer; where <paramref name="AskNext"/> is set, its TTL and AD bit so far.</param>
/// <param name="AskNext">A CNAME's target outside the overlay.</param>
public readonly record struct ZoneOverlayResult(bool Covered, DnsAnswer Answer, string? AskNext);

/// <summary>
/// Answers from records at hand: parsed zones, or a list made in code. As an <see cref="IDnsLookup"/> it is a closed world, where what is
/// not listed does not exist; a resolver asks <see cref="Find"/> first and the network for what is not covered. Delegations are not
/// followed: an NS record below an apex is a record like others.
/// </summary>
public sealed class ZoneOverlay : IDnsLookup
{
    private readonly Lock _gate = new();
    private readonly SortedDictionary<string, IReadOnlyList<DnsRecord>> _sources = new(StringComparer.Ordinal);
    private readonly bool _authenticated;
    private volatile ZoneSnapshot _snapshot = ZoneSnapshot.Empty;

    /// <summary>An overlay of these records; <paramref name="authenticated"/> is the AD bit of its answers, set because local data is as good as the configuration.</summary>
    public ZoneOverlay(IEnumerable<DnsRecord>? records = null, bool authenticated = true)
    {
        _authenticated = authenticated;
        if (records is not null)
            Replace("", records);
    }

    /// <summary>Replaces all records of one source (a file, the server's own domains) at once; an empty list takes the source away. Look-ups see the old or the new whole.</summary>
    public void Replace(string source, IEnumerable<DnsRecord> records)
    {
        lock (_gate)
        {
            var list = records.ToList();
            if (list.Count == 0)
                _sources.Remove(source);
            else
                _sources[source] = list;
            _snapshot = new ZoneSnapshot(_sources.Values.SelectMany(s => s), _authenticated);
        }
    }

    /// <summary>
    /// Answers for names that are listed, match a listed wildcard or lie under a listed SOA, CNAMEs followed within the overlay. A name that no
    /// DNS could hold is not covered.
    /// </summary>
    public ZoneOverlayResult Find(string name, DnsRecordType type) =>
        DnsName.TryNormalize(name, out var normalized)
            ? _snapshot.Find(normalized, type)
            : new ZoneOverlayResult(false, DnsAnswer.Empty(DnsStatus.NameError, name), null);

    public ValueTask<DnsAnswer> LookupAsync(string name, DnsRecordType type, CancellationToken cancellationToken)
    {
        cancellationToken.ThrowIfCancellationRequested();
        return ValueTask.FromResult(Find(name, type).Answer);
    }
}
