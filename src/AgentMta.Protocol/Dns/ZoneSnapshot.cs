namespace AgentMta.Protocol.Dns;

/// <summary>An immutable map of names with the answers of RFC 1034 4.3.2 and RFC 4592: existence, empty non-terminals, wildcards.</summary>
internal sealed class ZoneSnapshot
{
    public static readonly ZoneSnapshot Empty = new([], authenticated: false);

    // Every owner, and with an empty list every name above one.
    private readonly Dictionary<string, List<DnsRecord>> _nodes = new(StringComparer.Ordinal);
    private readonly Dictionary<string, SoaRecord> _zones = new(StringComparer.Ordinal);
    // What is there under its own name, as it is mostly asked for.
    private readonly Dictionary<(string Owner, DnsRecordType Type), DnsAnswer> _answers = [];
    private readonly bool _authenticated;

    public ZoneSnapshot(IEnumerable<DnsRecord> records, bool authenticated)
    {
        _authenticated = authenticated;
        foreach (var record in records)
        {
            if (!DnsName.TryNormalize(record.Name, out var owner))
                continue;
            Node(owner).Add(record);
            if (record is SoaRecord soa)
                _zones.TryAdd(owner, soa);
        }

        foreach (var (owner, node) in _nodes)
        {
            foreach (var type in node.Select(r => r.Type).Distinct())
                _answers.Add((owner, type), Found(node, owner, type)!);
        }
    }

    /// <summary>Follows the chain from a normalised name as far as these records go.</summary>
    public ZoneOverlayResult Find(string name, DnsRecordType type)
    {
        if (_answers.TryGetValue((name, type), out var ready))
            return new(true, ready, null);
        var ttl = uint.MaxValue;
        var owner = name;
        for (var hops = 0; hops <= DnsResponseReader.MaxChain; hops++)
        {
            var node = NodeFor(owner, out var covered);
            if (!covered)
            {
                var status = node is null ? DnsStatus.NameError : DnsStatus.NoData;
                return hops == 0
                    ? new(false, new DnsAnswer(status, [], _authenticated, 0, owner), null)
                    : new(true, new DnsAnswer(status, [], _authenticated, ttl, owner), owner);
            }

            if (node is null)
                return new(true, Absent(DnsStatus.NameError, owner, ttl), null);
            if (Found(node, owner, type) is { } found)
                return new(true, found with { Ttl = Math.Min(ttl, found.Ttl) }, null);
            if (node.OfType<NameRecord>().FirstOrDefault(r => r.Type == DnsRecordType.CNAME) is not { } alias)
                return new(true, Absent(DnsStatus.NoData, owner, ttl), null);
            ttl = Math.Min(ttl, alias.Ttl);
            if (!DnsName.TryNormalize(alias.Target, out var target))
                break;
            owner = target;
        }

        return new(true, DnsAnswer.Empty(DnsStatus.ServerFailure, owner), null);
    }

    // Covered: the name is listed, matches a wildcard, or lies in a zone whose SOA is here. An empty non-terminal outside
    // such a zone is not covered, or a list with mail.example.com would answer for com.
    private List<DnsRecord>? NodeFor(string owner, out bool covered)
    {
        var exists = _nodes.TryGetValue(owner, out var node);
        if (!exists)
            node = Wildcard(owner);
        covered = node is { Count: > 0 } || ZoneOf(owner) is not null;
        return node;
    }

    // RFC 4592 3.3.1: only the asterisk right below the closest encloser, the longest existing name above, is the source of synthesis.
    private List<DnsRecord>? Wildcard(string owner)
    {
        var names = _nodes.GetAlternateLookup<ReadOnlySpan<char>>();
        var encloser = owner.AsSpan();
        while (!encloser.IsEmpty)
        {
            encloser = encloser[Math.Min(DnsName.LabelEnd(encloser) + 1, encloser.Length)..];
            if (names.ContainsKey(encloser))
                return _nodes.GetValueOrDefault(encloser.IsEmpty ? "*" : string.Concat("*.", encloser));
        }

        return null;
    }

    private DnsAnswer? Found(List<DnsRecord> node, string owner, DnsRecordType type)
    {
        DnsRecord[] found = [.. node.Where(r => r.Type == type).Select(r => r.Name == owner ? r : r with { Name = owner })];
        return found.Length == 0 ? null : new DnsAnswer(DnsStatus.Ok, found, _authenticated, found.Min(r => r.Ttl), owner);
    }

    private DnsAnswer Absent(DnsStatus status, string owner, uint ttl)
    {
        var soa = ZoneOf(owner);
        return new DnsAnswer(status, [], _authenticated, soa is null ? 0 : Math.Min(ttl, Math.Min(soa.Ttl, soa.Minimum)), owner);
    }

    private SoaRecord? ZoneOf(string owner)
    {
        if (_zones.Count == 0)
            return null;
        for (var name = owner; name is not null; name = DnsName.Parent(name))
        {
            if (_zones.TryGetValue(name, out var soa))
                return soa;
        }

        return null;
    }

    private List<DnsRecord> Node(string owner)
    {
        if (_nodes.TryGetValue(owner, out var node))
            return node;
        _nodes.Add(owner, node = []);
        for (var above = DnsName.Parent(owner); above is not null && _nodes.TryAdd(above, []); above = DnsName.Parent(above))
        {
        }

        return node;
    }
}
