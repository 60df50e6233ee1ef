using System.Buffers;
using System.Buffers.Binary;
using System.Net;
using System.Net.Sockets;
using AgentMta.Protocol.Dns;

namespace AgentMta.Server.Resolver;

/// <summary>One query and its response over a connection of their own (RFC 1035 4.2.2, RFC 7766).</summary>
internal static class TcpExchange
{
    private const int LengthPrefix = 2;

    public static async Task<ExchangeResult> AskAsync(IPEndPoint server, DnsMessage query, CancellationToken cancellationToken)
    {
        var buffer = ArrayPool<byte>.Shared.Rent(LengthPrefix + ushort.MaxValue);
        try
        {
            if (!DnsMessageWriter.TryWrite(query, buffer.AsSpan(LengthPrefix), out var length))
                return new ExchangeResult(null, ExchangeFault.Malformed);
            BinaryPrimitives.WriteUInt16BigEndian(buffer, (ushort)length);
            using var socket = new Socket(server.AddressFamily, SocketType.Stream, ProtocolType.Tcp) { NoDelay = true };
            await socket.ConnectAsync(server, cancellationToken).ConfigureAwait(false);
            // RFC 7766 8: length and message in one write.
            for (var sent = 0; sent < LengthPrefix + length;)
                sent += await socket.SendAsync(buffer.AsMemory(sent, LengthPrefix + length - sent), SocketFlags.None, cancellationToken).ConfigureAwait(false);
            if (!await FillAsync(socket, buffer.AsMemory(0, LengthPrefix), cancellationToken).ConfigureAwait(false))
                return new ExchangeResult(null, ExchangeFault.Unreachable);
            length = BinaryPrimitives.ReadUInt16BigEndian(buffer);
            if (!await FillAsync(socket, buffer.AsMemory(0, length), cancellationToken).ConfigureAwait(false)
                || !DnsMessageReader.TryRead(buffer.AsSpan(0, length), out var response) || response.Truncated)
                return new ExchangeResult(null, ExchangeFault.Malformed);
            return response.IsResponseTo(query, exactCase: false)
                ? new ExchangeResult(response, ExchangeFault.None)
                : new ExchangeResult(null, ExchangeFault.Mismatch);
        }
        catch (SocketException)
        {
            return new ExchangeResult(null, ExchangeFault.Unreachable);
        }
        finally
        {
            ArrayPool<byte>.Shared.Return(buffer);
        }
    }

    private static async Task<bool> FillAsync(Socket socket, Memory<byte> room, CancellationToken cancellationToken)
    {
        while (room.Length > 0)
        {
            var received = await socket.ReceiveAsync(room, SocketFlags.None, cancellationToken).ConfigureAwait(false);
            if (received == 0)
                return false;
            room = room[received..];
        }

        return true;
    }
}
