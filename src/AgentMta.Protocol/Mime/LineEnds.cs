using System.Buffers;
using System.Text;

namespace AgentMta.Protocol.Mime;

/// <summary>Text as agents and databases get it: LF alone ends lines; NUL is no text anywhere.</summary>
internal static class LineEnds
{
    // Bodies up to this size are decoded in a pooled array and become a string once, in their last form.
    private const int Pooled = 64 * 1024;

    private static ReadOnlySpan<byte> ByteOrderMark => [0xEF, 0xBB, 0xBF];

    /// <summary>As <see cref="CharsetDecoder.Decode"/>, with the line ends brought into form.</summary>
    public static string Decode(ReadOnlySpan<byte> bytes, string? charset, out MimeDefects defects)
    {
        if (bytes.Length > Pooled || !IsPlainlyUtf8(bytes, charset))
            return Normalise(CharsetDecoder.Decode(bytes, charset, out defects));
        defects = MimeDefects.None;
        // UTF-8 never has fewer octets than UTF-16 has characters.
        var buffer = ArrayPool<char>.Shared.Rent(bytes.Length);
        var text = buffer.AsSpan(0, Encoding.UTF8.GetChars(bytes, buffer));
        var lines = new string(text[..Normalise(text, text)]);
        ArrayPool<char>.Shared.Return(buffer);
        return lines;
    }

    private static string Normalise(string text)
    {
        if (text.AsSpan().IndexOfAny('\r', '\0') < 0)
            return text;
        var length = text.Length - text.AsSpan().Count('\0') - text.AsSpan().Count("\r\n");
        return string.Create(length, text, static (lines, from) => Normalise(from, lines));
    }

    /// <summary>Writes into <paramref name="target"/>, which may be the text itself, and returns the length; the text never grows.</summary>
    private static int Normalise(ReadOnlySpan<char> text, Span<char> target)
    {
        var length = 0;
        while (text.IndexOfAny('\r', '\0') is >= 0 and var at)
        {
            var bare = text[at] == '\r' && (at + 1 >= text.Length || text[at + 1] != '\n');
            text[..at].CopyTo(target[length..]);
            length += at;
            if (bare)
                target[length++] = '\n';
            text = text[(at + 1)..];
        }

        text.CopyTo(target[length..]);
        return length + text.Length;
    }

    // What the decoder reads as UTF-8 without a second look.
    private static bool IsPlainlyUtf8(ReadOnlySpan<byte> bytes, string? charset) => CharsetNames.Normalise(charset) switch
    {
        "utf-8" => !bytes.StartsWith(ByteOrderMark) && System.Text.Unicode.Utf8.IsValid(bytes),
        "" or "us-ascii" => Ascii.IsValid(bytes) && !bytes.Contains((byte)0x1b),
        _ => false,
    };
}
