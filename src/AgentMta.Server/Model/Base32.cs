namespace AgentMta.Server.Model;

/// <summary>Crockford's base 32 in lower case, the alphabet of <see cref="Ids"/>: survives local parts, URLs and case folding.</summary>
internal static class Base32
{
    private const string Alphabet = "0123456789abcdefghjkmnpqrstvwxyz";

    /// <summary>Eight characters for each five octets; the length must be a multiple of five.</summary>
    public static string Encode(ReadOnlySpan<byte> bytes)
    {
        if (bytes.Length % 5 != 0)
            throw new ArgumentException("Only multiples of five octets are written.", nameof(bytes));
        var text = new char[bytes.Length / 5 * 8];
        for (int i = 0, o = 0; i < bytes.Length; i += 5)
        {
            var group = ((ulong)bytes[i] << 32) | ((ulong)bytes[i + 1] << 24) | ((ulong)bytes[i + 2] << 16) | ((ulong)bytes[i + 3] << 8) | bytes[i + 4];
            for (var shift = 35; shift >= 0; shift -= 5)
                text[o++] = Alphabet[(int)(group >> shift) & 31];
        }

        return new string(text);
    }

    /// <summary>Reads what <see cref="Encode"/> wrote, in either case.</summary>
    public static bool TryDecode(ReadOnlySpan<char> text, out byte[] bytes)
    {
        bytes = new byte[text.Length / 8 * 5];
        if (text.Length % 8 != 0)
            return false;
        for (int i = 0, o = 0; i < text.Length; i += 8)
        {
            ulong group = 0;
            for (var j = 0; j < 8; j++)
            {
                var digit = Alphabet.IndexOf(char.ToLowerInvariant(text[i + j]), StringComparison.Ordinal);
                if (digit < 0)
                    return false;
                group = (group << 5) | (uint)digit;
            }

            for (var shift = 32; shift >= 0; shift -= 8)
                bytes[o++] = (byte)(group >> shift);
        }

        return true;
    }
}
