using System.Text;

namespace AgentMta.Protocol.Mime;

/// <summary>Reads UTF-7 (RFC 2152), which the framework no longer does and old mail still is in.</summary>
internal static class Utf7
{
    public static string Decode(ReadOnlySpan<byte> bytes)
    {
        var text = new StringBuilder(bytes.Length);
        for (var i = 0; i < bytes.Length; i++)
        {
            if (bytes[i] != '+')
            {
                text.Append(bytes[i] < 0x80 ? (char)bytes[i] : '\uFFFD');
                continue;
            }

            if (i + 1 < bytes.Length && bytes[i + 1] == '-')
            {
                text.Append('+');
                i++;
                continue;
            }

            i = Shifted(bytes, i + 1, text) - 1;
        }

        return Paired(text);
    }

    private static int Shifted(ReadOnlySpan<byte> bytes, int at, StringBuilder text)
    {
        uint held = 0;
        var bits = 0;
        for (; at < bytes.Length; at++)
        {
            var value = Base64Alphabet.Value(bytes[at]);
            if (value < 0)
                return bytes[at] == '-' ? at + 1 : at;
            held = (held << 6) | (uint)value;
            bits += 6;
            if (bits < 16)
                continue;
            bits -= 16;
            text.Append((char)(ushort)(held >> bits));
        }

        return at;
    }

    private static string Paired(StringBuilder text)
    {
        for (var i = 0; i < text.Length; i++)
        {
            if (!char.IsSurrogate(text[i]))
                continue;
            if (char.IsHighSurrogate(text[i]) && i + 1 < text.Length && char.IsLowSurrogate(text[i + 1]))
                i++;
            else
                text[i] = '\uFFFD';
        }

        return text.ToString();
    }
}
