using System.Buffers;
using System.Buffers.Text;
using System.Text;

namespace AgentMta.Protocol.Mime;

/// <summary>Chooses a transfer encoding for a body and writes it: 7bit where that is safe, else the shorter of quoted-printable and base64.</summary>
internal static class BodyWriter
{
    private const int HardLimit = 998;
    private const int MaxLine = 76;
    private const int OctetsALine = 57;

    /// <summary>Text as UTF-8 with CRLF line ends.</summary>
    public static byte[] Canonical(string text)
    {
        var lines = text.ReplaceLineEndings("\n").Replace("\n", "\r\n", StringComparison.Ordinal);
        return Encoding.UTF8.GetBytes(lines);
    }

    public static string Choose(ReadOnlySpan<byte> body)
    {
        if (IsSevenBit(body) && !HasMangledLine(body))
            return "7bit";
        var escaped = 0;
        foreach (var octet in body)
            escaped += IsPlain(octet) || octet is (byte)'\r' or (byte)'\n' ? 0 : 1;
        return escaped * 2L <= body.Length / 3 ? "quoted-printable" : "base64";
    }

    /// <summary>US-ASCII without NUL in CRLF lines of at most 998 octets (RFC 2045 2.7).</summary>
    public static bool IsSevenBit(ReadOnlySpan<byte> body)
    {
        if (!Ascii.IsValid(body) || body.Contains((byte)0))
            return false;
        while (!body.IsEmpty)
        {
            var end = body.IndexOf((byte)'\n');
            var line = end < 0 ? body : body[..end];
            if (end == 0 || end > 0 && line[^1] != '\r')
                return false;
            if (end > 0)
                line = line[..^1];
            if (line.Length > HardLimit || line.Contains((byte)'\r'))
                return false;
            body = end < 0 ? default : body[(end + 1)..];
        }

        return true;
    }

    public static void Write(ReadOnlySpan<byte> body, string encoding, IBufferWriter<byte> output)
    {
        if (encoding == "base64")
            Base64Lines(body, output);
        else if (encoding == "quoted-printable")
            QuotedPrintable(body, output);
        else
            output.Write(body);
    }

    // "From " gets a ">" in mbox files (RFC 4155), a lone dot is easily lost.
    private static bool HasMangledLine(ReadOnlySpan<byte> body) =>
        body.StartsWith("From "u8) || body.IndexOf("\nFrom "u8) >= 0 || body.StartsWith(".\r\n"u8) || body.IndexOf("\n.\r\n"u8) >= 0;

    private static void Base64Lines(ReadOnlySpan<byte> body, IBufferWriter<byte> output)
    {
        while (!body.IsEmpty)
        {
            var line = body[..Math.Min(OctetsALine, body.Length)];
            var span = output.GetSpan(MaxLine + 2);
            Base64.EncodeToUtf8(line, span, out _, out var written);
            "\r\n"u8.CopyTo(span[written..]);
            output.Advance(written + 2);
            body = body[line.Length..];
        }
    }

    // RFC 2045 6.7: soft line ends keep lines within 76; white space before a line end and what would be mangled is escaped.
    private static void QuotedPrintable(ReadOnlySpan<byte> body, IBufferWriter<byte> output)
    {
        var column = 0;
        for (var i = 0; i < body.Length; i++)
        {
            if (body[i] == '\r' && i + 1 < body.Length && body[i + 1] == '\n')
            {
                output.Write("\r\n"u8);
                column = 0;
                i++;
                continue;
            }

            var atEnd = i + 1 == body.Length || body[i + 1] == '\r' && i + 2 < body.Length && body[i + 2] == '\n';
            var plain = body[i] is (byte)' ' or (byte)'\t' ? !atEnd : IsPlain(body[i]) && !(column == 0 && (body[i] == '.' || body[i..].StartsWith("From "u8)));
            var width = plain ? 1 : 3;
            if (column + width > (atEnd ? MaxLine : MaxLine - 1))
            {
                output.Write("=\r\n"u8);
                column = 0;
                i--;
                continue;
            }

            var span = output.GetSpan(3);
            if (plain)
            {
                span[0] = body[i];
            }
            else
            {
                span[0] = (byte)'=';
                Convert.TryToHexString(body.Slice(i, 1), span[1..], out _);
            }

            output.Advance(width);
            column += width;
        }
    }

    private static bool IsPlain(byte octet) => octet is >= (byte)' ' and <= (byte)'~' and not (byte)'=' or (byte)'\t';
}
