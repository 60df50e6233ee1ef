using System.Buffers;
using System.Buffers.Binary;
using System.Net;
using System.Net.Sockets;
using System.Text;
using AgentMta.Server.Model;

namespace AgentMta.Server.Inbound.Scanners;

/// <summary>Asks clamd over its socket (INSTREAM, clamd(8)) whether a message carries something known to be bad.</summary>
/// <param name="address">unix:/path or HOST:PORT.</param>
internal sealed class ClamdScanner(string address, TimeSpan timeout, TimeProvider time)
{
    private const int ChunkLength = 64 * 1024;
    private const int LongestAnswer = 4096;
    private const int LongestPath = 107;
    private const string Found = " FOUND";
    private const string UnixPrefix = "unix:";

    /// <summary>Sends the octets and reads the answer; a scanner that cannot be asked in time is <see cref="ScanOutcome.Down"/>, never an exception.</summary>
    public async ValueTask<ScanResult> ScanAsync(ReadOnlyMemory<byte> message, CancellationToken cancellationToken)
    {
        using var limit = new CancellationTokenSource(timeout, time);
        using var linked = CancellationTokenSource.CreateLinkedTokenSource(limit.Token, cancellationToken);
        try
        {
            using var socket = await ConnectAsync(linked.Token).ConfigureAwait(false);
            await using var stream = new NetworkStream(socket, ownsSocket: false);
            var sent = await TrySendAsync(stream, message, linked.Token).ConfigureAwait(false);
            var result = Read(await AnswerAsync(stream, linked.Token).ConfigureAwait(false));
            return sent || result.Outcome != ScanOutcome.Clean ? result : new ScanResult(ScanOutcome.Down, "closed before it had all");
        }
        catch (OperationCanceledException) when (!cancellationToken.IsCancellationRequested)
        {
            return new ScanResult(ScanOutcome.Down, $"no answer within {timeout.TotalSeconds:0.#} s");
        }
        catch (Exception e) when (e is SocketException or IOException or ArgumentException or FormatException or InvalidOperationException or NotSupportedException)
        {
            // Also an address that cannot be dialled: what the setting VirusScannerDown says holds for it too.
            return new ScanResult(ScanOutcome.Down, e.Message);
        }
    }

    /// <summary>Why the text names no socket, as a sentence; null where it names one.</summary>
    public static string? AddressFault(string text)
    {
        if (text.StartsWith(UnixPrefix, StringComparison.Ordinal))
        {
            // unix(7): sun_path has 108 octets, of which the last ends the text.
            return text.Length == UnixPrefix.Length ? "The path is missing."
                : Encoding.UTF8.GetByteCount(text) - UnixPrefix.Length > LongestPath ? $"The path of a socket has at most {LongestPath} octets." : null;
        }

        var colon = text.LastIndexOf(':');
        var host = colon > 0 ? text[..colon] : "";
        if (host.Contains(':', StringComparison.Ordinal) && !host.StartsWith('['))
            return "An IPv6 address stands in brackets.";
        if (Uri.CheckHostName(host) == UriHostNameType.Unknown)
            return "This names no host.";
        return ushort.TryParse(text.AsSpan(colon + 1), System.Globalization.NumberStyles.None, System.Globalization.CultureInfo.InvariantCulture, out var port) && port > 0
            ? null : "The port lies from 1 to 65535.";
    }

    private async ValueTask<Socket> ConnectAsync(CancellationToken cancellationToken)
    {
        var socket = address.StartsWith(UnixPrefix, StringComparison.Ordinal)
            ? new Socket(AddressFamily.Unix, SocketType.Stream, ProtocolType.Unspecified)
            : new Socket(SocketType.Stream, ProtocolType.Tcp);
        try
        {
            EndPoint peer = address.StartsWith(UnixPrefix, StringComparison.Ordinal)
                ? new UnixDomainSocketEndPoint(address[UnixPrefix.Length..])
                : Parse(address);
            await socket.ConnectAsync(peer, cancellationToken).ConfigureAwait(false);
            return socket;
        }
        catch
        {
            socket.Dispose();
            throw;
        }
    }

    private static EndPoint Parse(string text) =>
        IPEndPoint.TryParse(text, out var address) ? address
        : new DnsEndPoint(text[..text.LastIndexOf(':')], int.Parse(text[(text.LastIndexOf(':') + 1)..], System.Globalization.CultureInfo.InvariantCulture));

    // clamd answers and closes in the middle of a stream that it does not want to the end: why is still to be read.
    private static async ValueTask<bool> TrySendAsync(NetworkStream stream, ReadOnlyMemory<byte> message, CancellationToken cancellationToken)
    {
        try
        {
            await SendAsync(stream, message, cancellationToken).ConfigureAwait(false);
            return true;
        }
        catch (IOException)
        {
            return false;
        }
    }

    // zINSTREAM: chunks with a length of four octets in network order, ended by an empty one.
    private static async ValueTask SendAsync(NetworkStream stream, ReadOnlyMemory<byte> message, CancellationToken cancellationToken)
    {
        await stream.WriteAsync("zINSTREAM\0"u8.ToArray(), cancellationToken).ConfigureAwait(false);
        var length = new byte[4];
        for (var at = 0; at < message.Length; at += ChunkLength)
        {
            var chunk = message.Slice(at, Math.Min(ChunkLength, message.Length - at));
            BinaryPrimitives.WriteInt32BigEndian(length, chunk.Length);
            await stream.WriteAsync(length, cancellationToken).ConfigureAwait(false);
            await stream.WriteAsync(chunk, cancellationToken).ConfigureAwait(false);
        }

        BinaryPrimitives.WriteInt32BigEndian(length, 0);
        await stream.WriteAsync(length, cancellationToken).ConfigureAwait(false);
    }

    private static async ValueTask<string> AnswerAsync(NetworkStream stream, CancellationToken cancellationToken)
    {
        var buffer = ArrayPool<byte>.Shared.Rent(LongestAnswer);
        try
        {
            var count = 0;
            while (count < LongestAnswer)
            {
                var read = await stream.ReadAsync(buffer.AsMemory(count, LongestAnswer - count), cancellationToken).ConfigureAwait(false);
                count += read;
                if (read == 0 || buffer.AsSpan(0, count).Contains((byte)0))
                    break;
            }

            return Encoding.UTF8.GetString(buffer, 0, count).TrimEnd('\0', '\n');
        }
        finally
        {
            ArrayPool<byte>.Shared.Return(buffer);
        }
    }

    // "stream: OK", "stream: NAME FOUND", "INSTREAM size limit exceeded. ERROR" (StreamMaxLength), "… ERROR".
    private static ScanResult Read(string answer)
    {
        if (answer.EndsWith(" OK", StringComparison.Ordinal))
            return new ScanResult(ScanOutcome.Clean, "clean");
        if (answer.EndsWith(Found, StringComparison.Ordinal) && answer.IndexOf(": ", StringComparison.Ordinal) + 2 is > 1 and var name && name < answer.Length - Found.Length)
            return new ScanResult(ScanOutcome.Found, answer[name..^Found.Length]);
        if (answer.StartsWith("INSTREAM size limit exceeded", StringComparison.Ordinal))
            return new ScanResult(ScanOutcome.TooLarge, answer);
        return new ScanResult(ScanOutcome.Down, answer.Length == 0 ? "closed without an answer" : LogText.Clean(answer, LogText.Reply));
    }
}
