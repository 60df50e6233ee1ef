using System.Net;

namespace AgentMta.Server.Inbound;

/// <summary>A network from which authentication failed.</summary>
/// <param name="Blocked">Nobody of it is asked for credentials now.</param>
internal sealed record NetworkFailures(string Network, int ThisMinute, int Today, bool Blocked);

/// <summary>How often the networks around an address may fail to authenticate, by minute and by day; people can see and lift what it holds.</summary>
internal sealed class AuthFailureLimits(InboundOptions options, TimeProvider time)
{
    private readonly Lock _lock = new();
    private readonly PrefixCounter _minute = new(options.AuthFailuresPerMinute);
    private readonly PrefixCounter _day = new(options.AuthFailuresPerDay);
    private long _minuteNumber;
    private long _dayNumber;

    /// <summary>Whether a client may try at all.</summary>
    public bool IsBlocked(IPAddress client)
    {
        if (options.IsExempt(client))
            return false;
        lock (_lock)
        {
            Turn();
            return _minute.IsFull(client) || _day.IsFull(client);
        }
    }

    /// <summary>Counts a failure.</summary>
    public void Count(IPAddress client)
    {
        if (options.IsExempt(client))
            return;
        lock (_lock)
        {
            Turn();
            _minute.Add(client, 1);
            _day.Add(client, 1);
        }
    }

    /// <summary>Forgets the failures of the networks around an address.</summary>
    public void Lift(IPAddress client)
    {
        lock (_lock)
        {
            _minute.Lift(client);
            _day.Lift(client);
        }
    }

    /// <summary>Today's failures by network, the most first.</summary>
    public IReadOnlyList<NetworkFailures> Snapshot()
    {
        lock (_lock)
        {
            Turn();
            return
            [
                .. _day.Counts.OrderByDescending(c => c.Value).ThenByDescending(c => c.Key.Level)
                    .Select(c => new NetworkFailures(c.Key.ToString(), _minute.Counts.GetValueOrDefault(c.Key), c.Value, _minute.IsFull(c.Key) || _day.IsFull(c.Key))),
            ];
        }
    }

    private void Turn()
    {
        var now = time.GetUtcNow().Ticks;
        if (now / TimeSpan.TicksPerMinute != _minuteNumber)
            _minute.Clear();
        if (now / TimeSpan.TicksPerDay != _dayNumber)
            _day.Clear();
        (_minuteNumber, _dayNumber) = (now / TimeSpan.TicksPerMinute, now / TimeSpan.TicksPerDay);
    }
}
