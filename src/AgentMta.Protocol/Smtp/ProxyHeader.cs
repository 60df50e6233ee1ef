using System.Buffers;
using System.Buffers.Binary;
using System.Globalization;
using System.Net;
using System.Text;

namespace AgentMta.Protocol.Smtp;

/// <summary>The PROXY protocol header (versions 1 and 2) that a load balancer sends in front of a connection, naming the true client.</summary>
/// <param name="Client">null where the balancer speaks for itself (LOCAL, UNKNOWN).</param>
public sealed record ProxyHeader(IPEndPoint? Client)
{
    /// <summary>Octets past which a header is malformed: version 1 has at most 107, version 2 a 16-octet head and its declared length.</summary>
    public const int MaxOctets = 16 + 4096;

    private const int MaxVersion1 = 107;

    private static ReadOnlySpan<byte> Signature => "\r\n\r\n\0\r\nQUIT\n"u8;

    /// <summary>Takes a header off the front of the buffer: NeedMoreData leaves the buffer alone, InvalidData means that none is there.</summary>
    public static OperationStatus TryParse(ref ReadOnlySequence<byte> buffer, out ProxyHeader? header)
    {
        header = null;
        var length = (int)Math.Min(buffer.Length, MaxOctets);
        Span<byte> octets = length <= 512 ? stackalloc byte[length] : new byte[length];
        buffer.Slice(0, length).CopyTo(octets);
        var common = Math.Min(length, Signature.Length);
        if (octets[..common].SequenceEqual(Signature[..common]))
            return length < 16 ? OperationStatus.NeedMoreData : Version2(octets, ref buffer, out header);
        common = Math.Min(length, 6);
        if (!octets[..common].SequenceEqual("PROXY "u8[..common]))
            return OperationStatus.InvalidData;
        var end = octets.IndexOf("\r\n"u8);
        if (end < 0 || end + 2 > MaxVersion1)
            return length < MaxVersion1 ? OperationStatus.NeedMoreData : OperationStatus.InvalidData;
        if (!TryVersion1(Encoding.ASCII.GetString(octets[..end]).Split(' '), out header))
            return OperationStatus.InvalidData;
        buffer = buffer.Slice(end + 2);
        return OperationStatus.Done;
    }

    private static bool TryVersion1(string[] words, out ProxyHeader? header)
    {
        header = null;
        if (words is [_, "UNKNOWN", ..])
        {
            header = new ProxyHeader(Client: null);
            return true;
        }

        if (words is not [_, "TCP4" or "TCP6", var source, var destination, var port, var ownPort]
            || !IPAddress.TryParse(source, out var client) || !IPAddress.TryParse(destination, out var own) || client.AddressFamily != own.AddressFamily
            || (client.AddressFamily == System.Net.Sockets.AddressFamily.InterNetwork) != (words[1] == "TCP4")
            || !ushort.TryParse(port, NumberStyles.None, CultureInfo.InvariantCulture, out var number)
            || !ushort.TryParse(ownPort, NumberStyles.None, CultureInfo.InvariantCulture, out _))
            return false;
        header = new ProxyHeader(new IPEndPoint(client, number));
        return true;
    }

    private static OperationStatus Version2(ReadOnlySpan<byte> octets, ref ReadOnlySequence<byte> buffer, out ProxyHeader? header)
    {
        header = null;
        var length = BinaryPrimitives.ReadUInt16BigEndian(octets[14..]);
        if (octets[12] >> 4 != 2 || (octets[12] & 15) > 1 || 16 + length > MaxOctets)
            return OperationStatus.InvalidData;
        if (octets.Length < 16 + length)
            return OperationStatus.NeedMoreData;
        var body = octets.Slice(16, length);
        header = (octets[12] & 15) == 0 ? new ProxyHeader(Client: null) : octets[13] switch
        {
            0x11 when length >= 12 => new ProxyHeader(new IPEndPoint(new IPAddress(body[..4]), BinaryPrimitives.ReadUInt16BigEndian(body[8..]))),
            0x21 when length >= 36 => new ProxyHeader(new IPEndPoint(new IPAddress(body[..16]), BinaryPrimitives.ReadUInt16BigEndian(body[32..]))),
            0x00 => new ProxyHeader(Client: null),
            _ => null,
        };
        if (header is null)
            return OperationStatus.InvalidData;
        buffer = buffer.Slice(16 + length);
        return OperationStatus.Done;
    }
}
