namespace AgentMta.Server.Api;

/// <summary>
/// How much of the memory large requests, or large answers, hold together until the last octet of them has come or gone: that is up to the client, which may be slow on purpose.
/// A workspace has half of it, so that one alone does not hold up all; what nobody else of its workspace holds anything beside is let in whatever it takes, as each one has its own bound.
/// </summary>
internal sealed class MemoryRoom(long total)
{
    /// <summary>What takes less is not counted.</summary>
    public const int Small = 64 * 1024;

    private const int Shares = 2;
    private const long Least = 128L << 20;
    private const long Most = 1L << 30;

    private readonly Lock _gate = new();
    private readonly Dictionary<string, long> _workspaces = new(StringComparer.Ordinal);
    private long _used;

    /// <summary>An eighth of what the process may have, from 128 MiB to 1 GiB.</summary>
    public static MemoryRoom OfThisMachine() => new(Math.Clamp(GC.GetGCMemoryInfo().TotalAvailableMemoryBytes / 8, Least, Most));

    /// <summary>Octets that are held now.</summary>
    public long Used => Volatile.Read(ref _used);

    /// <summary>A request's part, empty at first; disposing it gives all of it back.</summary>
    public Part Open(string workspace) => new(this, workspace);

    /// <summary>What is answered where there is no room now.</summary>
    public static ApiException Full() => new(
        503, "service_unavailable", "Large requests and answers that are under way take the memory there is for them.", "Finish those; try again after Retry-After seconds.") { RetryAfter = 5 };

    private bool TryTake(string workspace, long own, long more)
    {
        lock (_gate)
        {
            var held = _workspaces.GetValueOrDefault(workspace);
            if ((held > own && held + more > total / Shares) || (_used > own && _used + more > total))
                return false;
            _workspaces[workspace] = held + more;
            _used += more;
            return true;
        }
    }

    private void Give(string workspace, long octets)
    {
        lock (_gate)
        {
            _used -= octets;
            if ((_workspaces[workspace] -= octets) == 0)
                _workspaces.Remove(workspace);
        }
    }

    /// <summary>What one request holds.</summary>
    internal sealed class Part(MemoryRoom room, string workspace) : IDisposable
    {
        private long _own;

        /// <summary>Takes so many octets more; false where there is no room for them now.</summary>
        public bool TryGrow(long octets)
        {
            if (_own == 0 && octets < Small)
                return true;
            if (!room.TryTake(workspace, _own, octets))
                return false;
            _own += octets;
            return true;
        }

        /// <exception cref="ApiException">503: there is no room for so many octets now.</exception>
        public void Grow(long octets)
        {
            if (!TryGrow(octets))
                throw Full();
        }

        /// <inheritdoc/>
        public void Dispose()
        {
            if (_own > 0)
                room.Give(workspace, _own);
            _own = 0;
        }
    }
}
