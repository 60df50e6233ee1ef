namespace AgentMta.Server.Inbound.Gates;

/// <summary>Counts events by key against a rate, in bounded memory: the key unused for longest is forgotten first.</summary>
internal sealed class TokenBuckets(int capacity, TimeProvider time)
{
    private readonly Lock _gate = new();
    private readonly Dictionary<string, LinkedListNode<Bucket>> _byKey = new(StringComparer.Ordinal);
    private readonly LinkedList<Bucket> _byUse = new();

    /// <summary>Takes one of <paramref name="perPeriod"/> in a period; false where none is left. 0 is no limit.</summary>
    public bool TryTake(string key, int perPeriod, TimeSpan period)
    {
        if (perPeriod <= 0)
            return true;
        lock (_gate)
        {
            var bucket = Touch(key, perPeriod);
            var now = time.GetTimestamp();
            bucket.Tokens = Math.Min(perPeriod, bucket.Tokens + (time.GetElapsedTime(bucket.At, now) / period * perPeriod));
            bucket.At = now;
            if (bucket.Tokens < 1)
                return false;
            bucket.Tokens--;
            return true;
        }
    }

    private Bucket Touch(string key, int full)
    {
        if (_byKey.TryGetValue(key, out var node))
        {
            _byUse.Remove(node);
        }
        else
        {
            if (_byKey.Count >= capacity)
            {
                _byKey.Remove(_byUse.First!.Value.Key);
                _byUse.RemoveFirst();
            }

            node = new LinkedListNode<Bucket>(new Bucket(key) { Tokens = full, At = time.GetTimestamp() });
            _byKey.Add(key, node);
        }

        _byUse.AddLast(node);
        return node.Value;
    }

    private sealed class Bucket(string key)
    {
        public string Key => key;

        public double Tokens { get; set; }

        public long At { get; set; }
    }
}
