namespace AgentMta.Protocol.MailAuth.Dkim;

/// <summary>Parsed keys by the text of their record, the least used dropped first, so that mail of busy domains costs one parse; safe for many threads.</summary>
/// <param name="capacity">The most keys that are kept.</param>
public sealed class DkimKeyCache(int capacity = 1024)
{
    private readonly Dictionary<string, LinkedListNode<(string Record, DkimPublicKey Key)>> _nodes = new(StringComparer.Ordinal);
    private readonly LinkedList<(string Record, DkimPublicKey Key)> _byUse = new();
    private readonly Lock _gate = new();

    /// <summary>Keys held now.</summary>
    public int Count
    {
        get
        {
            lock (_gate)
                return _nodes.Count;
        }
    }

    internal DkimPublicKey Get(string record)
    {
        lock (_gate)
        {
            if (_nodes.TryGetValue(record, out var known))
            {
                if (_byUse.First != known)
                {
                    _byUse.Remove(known);
                    _byUse.AddFirst(known);
                }

                return known.Value.Key;
            }
        }

        var key = DkimPublicKey.Parse(record);
        lock (_gate)
        {
            if (capacity < 1 || _nodes.ContainsKey(record))
                return key;
            if (_nodes.Count >= capacity)
            {
                _nodes.Remove(_byUse.Last!.Value.Record);
                _byUse.RemoveLast();
            }

            _nodes[record] = _byUse.AddFirst((record, key));
        }

        return key;
    }
}
