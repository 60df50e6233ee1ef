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
    private const int UsualLength = 1024;

    /// <summary>The whole block with its CRLFs.</summary>
    public byte[] Write(Arrival arrival)
    {
        var message = arrival.Message;
        var text = new StringBuilder(UsualLength);
        text.Append("Return-Path: <").Append(Path(message.ReversePath)).Append(">\r\n");
        Received(text, arrival);
        text.Append(Results(arrival));
        var characters = ArrayPool<char>.Shared.Rent(text.Length);
        text.CopyTo(0, characters, text.Length);
        var octets = Encoding.UTF8.GetBytes(characters, 0, text.Length);
        ArrayPool<char>.Shared.Return(characters);
        return octets;
    }

    private void Received(StringBuilder text, Arrival arrival)
    {
        var message = arrival.Message;
        var session = message.Session;
        text.Append("Received: ");
        if (!arrival.IsLocal)
        {
            // RFC 5321 4.4: what the client says, then what we know of it.
            var name = arrival.Authentication is { Iprev: { Status: IprevStatus.Pass, Name: { } confirmed } } ? confirmed : "unknown";
            text.Append("from ").Append(session.Helo.Length == 0 ? "unknown" : Clean(session.Helo)).Append(" (").Append(name).Append(' ').Append(Literal(session.ClientAddress)).Append(")\r\n\t");
        }

        text.Append("by ").Append(options.HostName);
        if (arrival.IsLocal)
            text.Append(" (local delivery)");
        else
            text.Append(" with ").Append(Protocol(message));
        if (session.TlsProtocol is { } tls)
            text.Append("\r\n\t(").Append(tls).Append(session.TlsCipher is { } cipher ? " " + cipher : "").Append(')');
        text.Append("\r\n\tid ").Append(message.TransactionId);
        // RFC 5321 4.4: naming one of several recipients would tell the others of a blind copy.
        if (message.Recipients is [var only])
            text.Append("\r\n\tfor <").Append(Path(only.Address)).Append('>');
        text.Append(";\r\n\t").Append(Date(message.ReceivedAt)).Append("\r\n");
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

    private static string Date(DateTimeOffset at) => at.UtcDateTime.ToString("ddd, dd MMM yyyy HH:mm:ss '+0000'", CultureInfo.InvariantCulture);
}
