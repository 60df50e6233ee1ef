using System.Buffers;
using System.Globalization;
using System.Net;
using System.Net.Sockets;
using System.Text;
using AgentMta.Protocol.MailAuth;
using AgentMta.Server.Model;

namespace AgentMta.Server.Inbound;

/// <summary>Writes what we put in front of a message: Return-Path, Received (RFC 5321 4.4) and Authentication-Results (RFC 8601).</summary>
internal sealed class TraceWriter(ReceiverOptions options)
{
    private const int LongestName = 255;
    private const int UsualLength = 2 * 1024;
    private const int KeptLength = 16 * 1024;

    [ThreadStatic]
    private static ArrayBufferWriter<byte>? _kept;

    /// <summary>The whole block with its CRLFs.</summary>
    public byte[] Write(Arrival arrival)
    {
        var block = _kept ?? new ArrayBufferWriter<byte>(UsualLength);
        _kept = null;
        block.ResetWrittenCount();
        block.Write("Return-Path: <"u8);
        Add(block, Path(arrival.Message.ReversePath));
        block.Write(">\r\n"u8);
        Received(block, arrival);
        Add(block, Results(arrival));
        var octets = block.WrittenSpan.ToArray();
        if (block.Capacity <= KeptLength)
            _kept = block;
        return octets;
    }

    private void Received(ArrayBufferWriter<byte> block, Arrival arrival)
    {
        var message = arrival.Message;
        var session = message.Session;
        block.Write("Received: "u8);
        if (!arrival.IsLocal)
        {
            // RFC 5321 4.4: what the client says, then what we know of it.
            block.Write("from "u8);
            Add(block, session.Helo.Length == 0 ? "unknown" : Clean(session.Helo));
            block.Write(" ("u8);
            Add(block, arrival.Authentication is { Iprev: { Status: IprevStatus.Pass, Name: { } confirmed } } ? confirmed : "unknown");
            block.Write(" "u8);
            Add(block, Literal(session.ClientAddress));
            block.Write(")\r\n\t"u8);
        }

        block.Write("by "u8);
        Add(block, options.HostName);
        if (!arrival.IsLocal)
            block.Write(" with "u8);
        Add(block, arrival.IsLocal ? " (local delivery)" : Protocol(message));
        if (session.TlsProtocol is { } tls)
        {
            block.Write("\r\n\t("u8);
            Add(block, session.TlsCipher is { } cipher ? $"{tls} {cipher}" : tls);
            block.Write(")"u8);
        }

        block.Write("\r\n\tid "u8);
        Add(block, message.TransactionId);
        // RFC 5321 4.4: naming one of several recipients would tell the others of a blind copy.
        if (message.Recipients is [var only])
        {
            block.Write("\r\n\tfor <"u8);
            Add(block, Path(only.Address));
            block.Write(">"u8);
        }

        block.Write(";\r\n\t"u8);
        AddDate(block, message.ReceivedAt);
        block.Write("\r\n"u8);
    }

    private string Results(Arrival arrival)
    {
        if (arrival.Authentication is { } verdict)
            return AuthenticationResultsWriter.Field(options.HostName, verdict);
        var writer = new AuthenticationResultsWriter(options.HostName);
        writer.AddAuth(arrival.Message.Session.User ?? arrival.Author?.Address);
        return writer.ToField();
    }

    // RFC 3848 and RFC 6531 4.3: SMTP, ESMTP, ESMTPS, ESMTPA, ESMTPSA, and UTF8SMTP in place of ESMTP.
    private static string Protocol(IncomingMessage message)
    {
        var session = message.Session;
        if (!session.Extended)
            return session.TlsProtocol is null ? "SMTP" : "SMTPS";
        var word = message.SmtpUtf8 ? "UTF8SMTP" : "ESMTP";
        return word + (session.TlsProtocol is null ? "" : "S") + (session.Credential is null ? "" : "A");
    }

    private static string Literal(IPAddress address)
    {
        if (address.IsIPv4MappedToIPv6)
            address = address.MapToIPv4();
        return address.AddressFamily == AddressFamily.InterNetworkV6 ? $"[IPv6:{address}]" : $"[{address}]";
    }

    // What a client chose must not end the field or comment.
    private static string Clean(string text)
    {
        var clean = text.Length > LongestName ? text[..LongestName] : text;
        return clean.AsSpan().IndexOfAnyInRange('\0', ' ') < 0 && clean.AsSpan().IndexOfAny('(', ')', '\\') < 0 && !clean.Contains('\x7f', StringComparison.Ordinal)
            ? clean
            : string.Concat(clean.Where(c => c is > ' ' and not ('(' or ')' or '\\' or '\x7f')));
    }

    // A quoted local part may hold anything but control characters.
    private static string Path(string path) => path.AsSpan().IndexOfAnyInRange('\0', '\x1f') < 0 ? path : string.Concat(path.Where(c => !char.IsControl(c)));

    private static void Add(ArrayBufferWriter<byte> block, string text) => Encoding.UTF8.GetBytes(text, block);

    // .NET's "r" is this form with the zone's name, which RFC 5322 calls obsolete.
    private static void AddDate(ArrayBufferWriter<byte> block, DateTimeOffset at)
    {
        at.UtcDateTime.TryFormat(block.GetSpan(32), out var length, "r", CultureInfo.InvariantCulture);
        block.Advance(length - "GMT"u8.Length);
        block.Write("+0000"u8);
    }
}
