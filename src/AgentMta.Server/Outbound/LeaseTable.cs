using System.Collections.Concurrent;
using AgentMta.Server.Model;

namespace AgentMta.Server.Outbound;

/// <summary>The deliveries this process holds: what to renew, what to give back, and which destinations have enough.</summary>
internal sealed class LeaseTable(OutboundMeter meter)
{
    private readonly ConcurrentDictionary<(string Workspace, string Delivery), LeasedDelivery> _held = new();
    private readonly ConcurrentDictionary<string, int> _byDestination = new(StringComparer.Ordinal);

    /// <summary>How many are held.</summary>
    public int Count => _held.Count;

    /// <summary>All that are held, at this moment.</summary>
    public ICollection<LeasedDelivery> All => _held.Values;

    /// <summary>How many of a destination are held.</summary>
    public int For(string destination) => _byDestination.GetValueOrDefault(destination);

    public void Add(LeasedDelivery delivery)
    {
        if (!_held.TryAdd((delivery.WorkspaceId, delivery.DeliveryId), delivery))
            return;
        _byDestination.AddOrUpdate(delivery.Destination, 1, static (_, n) => n + 1);
        meter.InHand(1);
    }

    public void Remove(LeasedDelivery delivery)
    {
        // Only the same lease: another may have been taken since.
        if (!_held.TryRemove(new((delivery.WorkspaceId, delivery.DeliveryId), delivery)))
            return;
        if (_byDestination.AddOrUpdate(delivery.Destination, 0, static (_, n) => n - 1) <= 0)
            _byDestination.TryRemove(new(delivery.Destination, 0));
        meter.InHand(-1);
    }
}
