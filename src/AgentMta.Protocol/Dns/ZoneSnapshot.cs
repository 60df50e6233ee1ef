namespace AgentMta.Protocol.Dns;

/// <summary>An immutable map of names with the answers of RFC 1034 4.3.2 and RFC 4592: existence, empty non-terminals, wildcards.</summary>
internal sealed class ZoneSnapshot
{
    public static readonly ZoneSnapshot Empty = new([], authenticated: false);

    // Every owner, and with an empty list every name above one.
    private readonly Dictionary<string, List<DnsRecord>> _nodes = new(StringComparer.Ordinal);
    private readonly Dictionary<string, SoaRecord> _zones = new(StringComparer.Ordinal);
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
    }

    /// <summary>Follows the chain from a normalised name as far as these records go.</summary>
    public ZoneOverlayResult Find(string name, DnsRecordType type)
    {
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
            if (Matching(node, owner, type) is { Count: > 0 } found)
                return new(true, new DnsAnswer(DnsStatus.Ok, found, _authenticated, Math.Min(ttl, found.Min(r => r.Ttl)), owner), null);
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
        for (var encloser = DnsName.Parent(owner); encloser is not null; encloser = DnsName.Parent(encloser))
        {
            if (_nodes.ContainsKey(encloser))
                return _nodes.GetValueOrDefault(encloser.Length == 0 ? "*" : "*." + encloser);
        }

        return null;
    }

    private static List<DnsRecord> Matching(List<DnsRecord> node, string owner, DnsRecordType type)
    {
        var found = new List<DnsRecord>();
        foreach (var record in node)
        {
            if (record.Type == type)
                found.Add(record.Name == owner ? record : record with { Name = owner });
        }

        return found;
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
