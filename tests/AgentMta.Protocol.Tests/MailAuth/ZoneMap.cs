using System.Net;
using AgentMta.Protocol.Dns;

namespace AgentMta.Protocol.Tests.MailAuth;

/// <summary>DNS as a map of names: what is not listed is NXDOMAIN, a listed name without the type is NODATA.</summary>
internal sealed class ZoneMap : IDnsLookup
{
    private readonly Dictionary<string, List<DnsRecord>> _names = new(StringComparer.OrdinalIgnoreCase);
    private readonly Dictionary<(string, DnsRecordType?), DnsStatus> _failures = [];

    /// <summary>Names and types asked for, in order.</summary>
    public List<string> Asked { get; } = [];

    public ZoneMap Txt(string name, params string[] texts) => Add(name, texts.Select(DnsRecord (t) => new TxtRecord(name, 60, t)));

    public ZoneMap Address(string name, params string[] addresses) =>
        Add(name, addresses.Select(DnsRecord (a) => new AddressRecord(name, 60, IPAddress.Parse(a))));

    public ZoneMap Mx(string name, params string[] hosts) => Add(name, hosts.Select(DnsRecord (h, i) => new MxRecord(name, 60, (ushort)(i * 10), h)));

    public ZoneMap Ptr(string name, params string[] targets) =>
        Add(name, targets.Select(DnsRecord (t) => new NameRecord(name, DnsRecordType.PTR, 60, t)));

    public ZoneMap Cname(string name, string target) => Add(name, [new NameRecord(name, DnsRecordType.CNAME, 60, target)]);

    public ZoneMap Empty(string name) => Add(name, []);

    /// <summary>Makes a type at a name fail; every type that has no records where none is named.</summary>
    public ZoneMap Fails(string name, DnsRecordType? type = null, DnsStatus status = DnsStatus.Timeout)
    {
        _failures[(Key(name), type)] = status;
        return this;
    }

    public ZoneMap Add(string name, IEnumerable<DnsRecord> records)
    {
        if (!_names.TryGetValue(Key(name), out var list))
            _names[Key(name)] = list = [];
        list.AddRange(records);
        return this;
    }

    public ValueTask<DnsAnswer> LookupAsync(string name, DnsRecordType type, CancellationToken cancellationToken)
    {
        lock (Asked)
            Asked.Add($"{name} {type}");
        return ValueTask.FromResult(Answer(name, type, 0));
    }

    private DnsAnswer Answer(string name, DnsRecordType type, int depth)
    {
        var key = Key(name);
        if (_failures.TryGetValue((key, type), out var failure))
            return DnsAnswer.Empty(failure, name);
        var known = _names.TryGetValue(key, out var records);
        var found = known ? records!.Where(r => r.Type == type).ToList() : [];
        if (found.Count > 0)
            return new DnsAnswer(DnsStatus.Ok, found, false, 60, name);
        if (known && type != DnsRecordType.CNAME && records!.OfType<NameRecord>().FirstOrDefault(r => r.Type == DnsRecordType.CNAME) is { } alias)
            return depth < 8 ? Answer(alias.Target, type, depth + 1) : DnsAnswer.Empty(DnsStatus.ServerFailure, name);
        if (_failures.TryGetValue((key, null), out failure))
            return DnsAnswer.Empty(failure, name);
        return DnsAnswer.Empty(known ? DnsStatus.NoData : DnsStatus.NameError, name, 60);
    }

    private static string Key(string name) => name.TrimEnd('.').ToLowerInvariant();
}
