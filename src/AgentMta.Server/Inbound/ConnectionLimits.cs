using System.Net;

namespace AgentMta.Server.Inbound;

/// <summary>How many connections may be open, and come a minute, from the networks around an address, and altogether.</summary>
internal sealed class ConnectionLimits(InboundOptions options, TimeProvider time)
{
    private readonly Lock _lock = new();
    private readonly PrefixCounter _open = new(options.OpenConnections);
    private readonly PrefixCounter _minute = new(options.ConnectionsPerMinute);
    private long _minuteNumber;
    private int _total;

    /// <summary>Open connections of all listeners.</summary>
    public int Open => Volatile.Read(ref _total);

    /// <summary>Counts a connection against the global cap; false where it is reached.</summary>
    public bool TryEnter()
    {
        if (Interlocked.Increment(ref _total) <= options.MaxConnections)
            return true;
        Interlocked.Decrement(ref _total);
        return false;
    }

    /// <summary>Ends what <see cref="TryEnter()"/> counted.</summary>
    public void Leave() => Interlocked.Decrement(ref _total);

    /// <summary>Counts a connection against the networks of its client; false where one is over its limit, and then nothing was counted as open.</summary>
    public bool TryEnter(IPAddress client)
    {
        var minute = time.GetUtcNow().Ticks / TimeSpan.TicksPerMinute;
        lock (_lock)
        {
            if (minute != _minuteNumber)
            {
                _minute.Clear(); // fixed windows: memory is bounded by one minute's connections
                _minuteNumber = minute;
            }

            if (_open.IsFull(client) || _minute.IsFull(client))
                return false;
            _open.Add(client, 1);
            _minute.Add(client, 1);
            return true;
        }
    }

    /// <summary>Ends what <see cref="TryEnter(IPAddress)"/> counted.</summary>
    public void Leave(IPAddress client)
    {
        lock (_lock)
            _open.Add(client, -1);
    }
}
