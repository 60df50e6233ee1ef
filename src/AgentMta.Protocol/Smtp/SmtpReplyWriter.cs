using System.Buffers;
using System.Buffers.Text;

namespace AgentMta.Protocol.Smtp;

/// <summary>Writes replies (RFC 5321 4.2) with the enhanced status on each line (RFC 2034 3), in lines that no client has to refuse.</summary>
public static class SmtpReplyWriter
{
    // RFC 5321 4.5.3.1.5: 512 octets with code and CRLF.
    private const int MaxText = 480;

    /// <summary>The reply as octets, for replies that are sent often.</summary>
    public static byte[] Encode(SmtpReply reply)
    {
        var buffer = new ArrayBufferWriter<byte>(128);
        Write(buffer, reply);
        return buffer.WrittenSpan.ToArray();
    }

    /// <summary>Writes all lines of the reply. Octets that may not stand in a reply become "?"; long lines are wrapped.</summary>
    public static void Write(IBufferWriter<byte> output, SmtpReply reply)
    {
        var text = reply.Text.AsSpan();
        while (true)
        {
            var end = text.IndexOf('\n');
            var line = end < 0 ? text : text[..end];
            var rest = end < 0 ? default : text[(end + 1)..];
            var last = end < 0;
            if (line.Length > MaxText)
            {
                var cut = line[..MaxText].LastIndexOf(' ');
                cut = cut < MaxText / 2 ? MaxText : cut;
                rest = text[cut..].TrimStart(' ');
                line = line[..cut];
                last = rest.IsEmpty;
            }

            WriteLine(output, reply, line, last);
            if (last)
                return;
            text = rest;
        }
    }

    private static void WriteLine(IBufferWriter<byte> output, SmtpReply reply, ReadOnlySpan<char> line, bool last)
    {
        var status = reply.EnhancedStatus ?? "";
        var span = output.GetSpan(8 + status.Length + line.Length + 2);
        Utf8Formatter.TryFormat(reply.Code, span, out var at);
        span[at++] = last ? (byte)' ' : (byte)'-';
        if (status.Length > 0)
        {
            foreach (var c in status)
                span[at++] = (byte)c;
            span[at++] = (byte)' ';
        }

        foreach (var c in line.TrimEnd('\r'))
            span[at++] = c is >= ' ' and < (char)127 ? (byte)c : (byte)'?';
        span[at++] = (byte)'\r';
        span[at++] = (byte)'\n';
        output.Advance(at);
    }
}
