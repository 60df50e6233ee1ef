using System.Text;

namespace AgentMta.Protocol.Mime;

/// <summary>Turns the octets of a header value into text: unfolding, 8-bit habits, control characters.</summary>
internal static class HeaderText
{
    private const int Line = 256;

    public static string Decode(ReadOnlySpan<byte> value, Encoding? habit = null) => EncodedWordDecoder.Decode(Unfold(value, habit));

    /// <param name="value">The octets behind the colon.</param>
    /// <param name="habit">What unlabelled octets that are not UTF-8 are read as; Windows-1252 where it is null.</param>
    public static string Unfold(ReadOnlySpan<byte> value, Encoding? habit = null)
    {
        value = value.Trim(" \t\r\n"u8);
        if (value.IsEmpty)
            return "";
        return Clean(Text(value, habit));
    }

    /// <summary>Octets as text without a label: US-ASCII, UTF-8 (RFC 6532), else ISO-2022-JP or an 8-bit charset.</summary>
    public static string Text(ReadOnlySpan<byte> value, Encoding? habit = null)
    {
        if (Ascii.IsValid(value))
            return value.Contains((byte)0x1b) ? CharsetDecoder.Iso2022(value) : Encoding.ASCII.GetString(value);
        return System.Text.Unicode.Utf8.IsValid(value)
            ? Encoding.UTF8.GetString(value)
            : (habit ?? CharsetDecoder.Windows1252).GetString(value);
    }

    /// <summary>The octets that <see cref="Text"/> made the text from, for comparing with raw bytes.</summary>
    public static byte[] ToBytes(string text) => Encoding.UTF8.GetBytes(text);

    // RFC 5322 2.2.3: unfolding takes the line end away; the white space around it reads as one space.
    private static string Clean(string text)
    {
        if (!text.AsSpan().ContainsAnyInRange('\0', '\x1f') && !text.Contains('\x7f'))
            return text;
        var clean = new TextBuffer(stackalloc char[Line]);
        for (var i = 0; i < text.Length; i++)
        {
            var c = text[i];
            if (c is '\r' or '\n')
            {
                while (i + 1 < text.Length && text[i + 1] is ' ' or '\t' or '\r' or '\n')
                    i++;
                while (clean.Length > 0 && clean[^1] == ' ')
                    clean.Length--;
                clean.Append(' ');
            }
            else if (c == '\t')
            {
                clean.Append(' ');
            }
            else if (c is >= ' ' and not '\x7f' or '\x1b')
            {
                clean.Append(c);
            }
        }

        var unfolded = clean.ToString();
        clean.Free();
        return unfolded;
    }
}
