using System.Diagnostics.CodeAnalysis;
using AgentMta.Protocol.Dns;

namespace AgentMta.Server.Resolver;

/// <summary>Answers for the time of their TTL (RFC 2308), the least recently used dropped first when the memory bound is reached.</summary>
internal sealed class AnswerCache(ResolverOptions options, TimeProvider time)
{
    // Nodes, keys and the record objects, beside the text and octets that are counted.
    private const int EntryCost = 320;
    private const int RecordCost = 120;

    // RFC 2308 5: a name error is one for every type; no real type has the number 0.
    private const DnsRecordType AnyType = 0;

    private readonly Lock _gate = new();
    private readonly Dictionary<DnsKey, LinkedListNode<Entry>> _entries = [];
    private readonly LinkedList<Entry> _byUse = new();
    private long _bytes;

    /// <summary>Memory held, estimated.</summary>
    public long Bytes
    {
        get
        {
            lock (_gate)
                return _bytes;
        }
    }

    /// <summary>A live answer with the rest of its TTL.</summary>
    public bool TryGet(DnsKey key, [NotNullWhen(true)] out DnsAnswer? answer)
    {
        var now = time.GetTimestamp();
        lock (_gate)
        {
            answer = Find(key, now) ?? Find(key with { Type = AnyType }, now);
            return answer is not null;
        }
    }

    /// <summary>Keeps an answer as long as it is good for, within the caps of the settings.</summary>
    public void Add(DnsKey key, DnsAnswer answer)
    {
        var ttl = TimeSpan.FromSeconds(answer.Ttl);
        var life = answer.Status switch
        {
            DnsStatus.Ok => Least(ttl, options.MaxTtl),
            DnsStatus.NoData or DnsStatus.NameError => Least(ttl, options.MaxNegativeTtl),
            _ => options.FailureTtl,
        };
        // RFC 6604 3: behind an alias the name error is the target's, not that of the name asked for.
        if (answer.Status == DnsStatus.NameError && answer.CanonicalName == key.Name)
            key = key with { Type = AnyType };
        var entry = new Entry(key, answer, time.GetTimestamp() + (long)(life.TotalSeconds * time.TimestampFrequency), Cost(key, answer));
        if (life <= TimeSpan.Zero || entry.Cost > options.CacheBytes)
            return;
        lock (_gate)
        {
            if (_entries.TryGetValue(key, out var old))
                Remove(old);
            _entries.Add(key, _byUse.AddFirst(entry));
            _bytes += entry.Cost;
            while (_bytes > options.CacheBytes)
                Remove(_byUse.Last!);
        }
    }

    private DnsAnswer? Find(DnsKey key, long now)
    {
        if (!_entries.TryGetValue(key, out var node))
            return null;
        var left = node.Value.Expires - now;
        if (left <= 0)
        {
            Remove(node);
            return null;
        }

        if (node != _byUse.First)
        {
            _byUse.Remove(node);
            _byUse.AddFirst(node);
        }

        var answer = node.Value.Answer;
        // Part of a second counts as one, so that no live answer has a TTL of zero.
        return answer.IsTemporary ? answer : answer with { Ttl = (uint)((left + time.TimestampFrequency - 1) / time.TimestampFrequency) };
    }

    private void Remove(LinkedListNode<Entry> node)
    {
        _byUse.Remove(node);
        _entries.Remove(node.Value.Key);
        _bytes -= node.Value.Cost;
    }

    private static TimeSpan Least(TimeSpan a, TimeSpan b) => a < b ? a : b;

    private static int Cost(DnsKey key, DnsAnswer answer) =>
        EntryCost + (2 * (key.Name.Length + answer.CanonicalName.Length)) + answer.Records.Sum(r => RecordCost + (2 * r.Name.Length) + r switch
        {
            TxtRecord txt => 2 * txt.Text.Length,
            MxRecord mx => 2 * mx.Host.Length,
            NameRecord name => 2 * name.Target.Length,
            SoaRecord soa => 2 * (soa.PrimaryServer.Length + soa.Mailbox.Length),
            TlsaRecord tlsa => tlsa.Data.Length,
            CaaRecord caa => 2 * (caa.Tag.Length + caa.Value.Length),
            OpaqueRecord opaque => opaque.Data.Length,
            _ => 0,
        });

    private sealed record Entry(DnsKey Key, DnsAnswer Answer, long Expires, int Cost);
}

/// <summary>A question in normal form.</summary>
internal readonly record struct DnsKey(string Name, DnsRecordType Type);
