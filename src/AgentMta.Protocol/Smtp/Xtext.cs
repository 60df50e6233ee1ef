using System.Text;

namespace AgentMta.Protocol.Smtp;

/// <summary>The encoding of DSN parameter values (RFC 3461 4): printable ASCII with "+XX" for the rest.</summary>
public static class Xtext
{
    /// <summary>Whether the octets are xtext; nothing is not.</summary>
    public static bool IsValid(ReadOnlySpan<byte> text)
    {
        for (var i = 0; i < text.Length; i++)
        {
            var octet = text[i];
            if (octet is < 33 or > 126 or (byte)'=')
                return false;
            if (octet != '+')
                continue;
            if (i + 2 >= text.Length || !IsHex(text[i + 1]) || !IsHex(text[i + 2]))
                return false;
            i += 2;
        }

        return !text.IsEmpty;
    }

    /// <summary>The xtext of a UTF-8 text.</summary>
    public static string Encode(string text)
    {
        var encoded = new StringBuilder(text.Length);
        foreach (var octet in Encoding.UTF8.GetBytes(text))
        {
            if (octet is > 32 and < 127 and not (byte)'+' and not (byte)'=')
                encoded.Append((char)octet);
            else
                encoded.Append('+').Append(octet.ToString("X2", System.Globalization.CultureInfo.InvariantCulture));
        }

        return encoded.ToString();
    }

    /// <summary>The text of an xtext; false where it is none, or not UTF-8 once decoded.</summary>
    public static bool TryDecode(ReadOnlySpan<char> text, out string decoded)
    {
        decoded = "";
        var octets = new byte[text.Length];
        if (!Ascii.IsValid(text) || Encoding.ASCII.GetBytes(text, octets) != text.Length || !IsValid(octets))
            return false;
        var length = 0;
        for (var i = 0; i < octets.Length; i++)
        {
            if (octets[i] != '+')
            {
                octets[length++] = octets[i];
                continue;
            }

            octets[length++] = (byte)((Convert.ToInt32(((char)octets[i + 1]).ToString(), 16) << 4) | Convert.ToInt32(((char)octets[i + 2]).ToString(), 16));
            i += 2;
        }

        var plain = octets.AsSpan(0, length);
        if (!System.Text.Unicode.Utf8.IsValid(plain))
            return false;
        decoded = Encoding.UTF8.GetString(plain);
        return true;
    }

    // RFC 3461 4: hexadecimal digits in capitals
    private static bool IsHex(byte octet) => octet is (>= (byte)'0' and <= (byte)'9') or (>= (byte)'A' and <= (byte)'F');
}
