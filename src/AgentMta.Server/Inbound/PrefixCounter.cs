using System.Buffers.Binary;
using System.Net;
using System.Net.Sockets;

namespace AgentMta.Server.Inbound;

/// <summary>One network: how wide (0 address, 1 network, 2 range) and its bits, IPv4 as mapped IPv6.</summary>
internal readonly record struct NetworkPrefix(int Level, UInt128 Bits)
{
    private static readonly int[] Mapped = [128, 96 + 26, 96 + 21];
    private static readonly int[] Native = [64, 48, 32];

    /// <summary>The network of this width that holds the address.</summary>
    public static NetworkPrefix Of(IPAddress address, int level)
    {
        Span<byte> octets = stackalloc byte[16];
        var four = address.AddressFamily == AddressFamily.InterNetwork;
        (four ? address.MapToIPv6() : address).TryWriteBytes(octets, out _);
        var length = (four ? Mapped : Native)[level];
        return new NetworkPrefix(level, BinaryPrimitives.ReadUInt128BigEndian(octets) & (UInt128.MaxValue << (128 - length)));
    }

    /// <inheritdoc/>
    public override string ToString()
    {
        var octets = new byte[16];
        BinaryPrimitives.WriteUInt128BigEndian(octets, Bits);
        var address = new IPAddress(octets);
        return address.IsIPv4MappedToIPv6 ? $"{address.MapToIPv4()}/{Mapped[Level] - 96}" : $"{address}/{Native[Level]}";
    }
}

/// <summary>Counts by the three networks around an address. Not safe for threads: its owner locks.</summary>
internal sealed class PrefixCounter(NetworkLimits limits)
{
    private readonly int[] _limits = [limits.Address, limits.Network, limits.Range];
    private readonly Dictionary<NetworkPrefix, int> _counts = [];

    /// <summary>The counts, for people who want to see them.</summary>
    public IReadOnlyDictionary<NetworkPrefix, int> Counts => _counts;

    /// <summary>Whether one more would be over a limit.</summary>
    public bool IsFull(IPAddress address)
    {
        for (var level = 0; level < 3; level++)
        {
            if (IsFull(NetworkPrefix.Of(address, level)))
                return true;
        }

        return false;
    }

    /// <summary>Whether this very network is at its limit.</summary>
    public bool IsFull(NetworkPrefix network) => _counts.GetValueOrDefault(network) >= _limits[network.Level];

    /// <summary>Adds one, or takes one away.</summary>
    public void Add(IPAddress address, int change)
    {
        for (var level = 0; level < 3; level++)
        {
            var prefix = NetworkPrefix.Of(address, level);
            var count = _counts.GetValueOrDefault(prefix) + change;
            if (count > 0)
                _counts[prefix] = count;
            else
                _counts.Remove(prefix);
        }
    }

    /// <summary>Forgets the networks of an address.</summary>
    public void Lift(IPAddress address)
    {
        for (var level = 0; level < 3; level++)
            _counts.Remove(NetworkPrefix.Of(address, level));
    }

    /// <summary>Forgets everything.</summary>
    public void Clear() => _counts.Clear();
}
