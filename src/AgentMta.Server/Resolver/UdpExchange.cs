using System.Buffers;
using System.Net;
using System.Net.Sockets;
using AgentMta.Protocol.Dns;

namespace AgentMta.Server.Resolver;

/// <summary>How a question over UDP ended.</summary>
internal enum UdpOutcome
{
    Answer,
    Truncated,
    CaseLost,
    Forgeries,
    Malformed,
    Unreachable,
    Timeout,
}

/// <summary>One query and its response in datagrams (RFC 1035 4.2.1).</summary>
internal static class UdpExchange
{
    // Each wrong answer that arrives is a guess at the id; a guesser must not get many.
    private const int MaxForgeries = 8;

    // Servers may send more than the 1232 octets that the query allows; what fills this is cut and fetched over TCP.
    private const int BufferSize = 4096;

    /// <summary>Sends from a port that the kernel picks at random (RFC 6056) and takes datagrams from the server's address only, until one matches.</summary>
    public static async Task<(UdpOutcome Outcome, DnsMessage? Response)> AskAsync(IPEndPoint server, DnsMessage query, CancellationToken cancellationToken)
    {
        var buffer = ArrayPool<byte>.Shared.Rent(BufferSize);
        try
        {
            if (!DnsMessageWriter.TryWrite(query, buffer, out var length))
                return (UdpOutcome.Malformed, null);
            using var socket = new Socket(server.AddressFamily, SocketType.Dgram, ProtocolType.Udp);
            await socket.ConnectAsync(server, cancellationToken).ConfigureAwait(false);
            await socket.SendAsync(buffer.AsMemory(0, length), SocketFlags.None, cancellationToken).ConfigureAwait(false);
            for (var forgeries = 0; forgeries < MaxForgeries; forgeries++)
            {
                length = await socket.ReceiveAsync(buffer.AsMemory(0, BufferSize), SocketFlags.None, cancellationToken).ConfigureAwait(false);
                if (!DnsMessageReader.TryRead(buffer.AsSpan(0, length), out var response))
                {
                    if (length >= 2 && (buffer[0] << 8 | buffer[1]) == query.Id)
                        return (length == BufferSize ? UdpOutcome.Truncated : UdpOutcome.Malformed, null);
                    continue;
                }

                // RFC 5452 9.1: what does not match is not looked at; the true answer may still come.
                if (!response.IsResponseTo(query, exactCase: false))
                    continue;
                if (!response.IsResponseTo(query, exactCase: true))
                    return (UdpOutcome.CaseLost, null);
                return response.Truncated ? (UdpOutcome.Truncated, null) : (UdpOutcome.Answer, response);
            }

            return (UdpOutcome.Forgeries, null);
        }
        catch (SocketException)
        {
            // Among others a port where nobody listens, told by ICMP.
            return (UdpOutcome.Unreachable, null);
        }
        finally
        {
            ArrayPool<byte>.Shared.Return(buffer);
        }
    }
}
