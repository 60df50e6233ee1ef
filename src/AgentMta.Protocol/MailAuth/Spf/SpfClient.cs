using System.Buffers.Binary;
using System.Net;
using System.Net.Sockets;
using AgentMta.Protocol.Dns;

namespace AgentMta.Protocol.MailAuth.Spf;

/// <summary>The client's address as a number, so that a network match is one shift and one comparison.</summary>
internal readonly struct SpfClient
{
    private readonly UInt128 _bits;

    public SpfClient(IPAddress address)
    {
        // RFC 7208 5: an IPv4-mapped IPv6 address is an IPv4 address.
        Address = address.IsIPv4MappedToIPv6 ? address.MapToIPv4() : address;
        _bits = BitsOf(Address);
    }

    public IPAddress Address { get; }

    public bool IsIPv6 => Address.AddressFamily == AddressFamily.InterNetworkV6;

    public static UInt128 BitsOf(IPAddress address)
    {
        Span<byte> bytes = stackalloc byte[16];
        address.TryWriteBytes(bytes, out var length);
        return length == 4 ? BinaryPrimitives.ReadUInt32BigEndian(bytes) : BinaryPrimitives.ReadUInt128BigEndian(bytes);
    }

    /// <summary>True where the address lies in the network; one of the other family never does.</summary>
    public bool IsIn(UInt128 network, int prefix, bool networkIsIPv6)
    {
        if (networkIsIPv6 != IsIPv6)
            return false;
        var host = (IsIPv6 ? 128 : 32) - prefix;
        return host >= 128 || (_bits ^ network) >> host == 0;
    }

    /// <summary>True where one of the address records has the client's address.</summary>
    public bool IsAmong(IReadOnlyList<DnsRecord> records)
    {
        for (var i = 0; i < records.Count; i++)
        {
            if (records[i] is AddressRecord record && record.Address.Equals(Address))
                return true;
        }

        return false;
    }

    /// <summary>The %{i} macro (RFC 7208 7.3): dotted decimal, or the 32 nibbles with dots between.</summary>
    public string Dotted() => IsIPv6 ? string.Join('.', NibblesOf(_bits).ToCharArray()) : Address.ToString();

    /// <summary>The name under in-addr.arpa or ip6.arpa whose PTR records name the client.</summary>
    public string ReverseName()
    {
        if (IsIPv6)
        {
            var nibbles = NibblesOf(_bits).ToLowerInvariant().ToCharArray();
            Array.Reverse(nibbles);
            return string.Join('.', nibbles) + ".ip6.arpa";
        }

        var bits = (uint)_bits;
        return $"{bits & 255}.{bits >> 8 & 255}.{bits >> 16 & 255}.{bits >> 24}.in-addr.arpa";
    }

    private static string NibblesOf(UInt128 bits) => bits.ToString("X32", System.Globalization.CultureInfo.InvariantCulture);
}
