using System.Buffers;
using System.Buffers.Binary;

namespace AgentMta.Server.Model;

/// <summary>Makes the server's ids: 26 characters, sortable by time of making, opaque to everyone else.</summary>
internal static class Ids
{
    private const string Alphabet = "0123456789abcdefghjkmnpqrstvwxyz";

    private static readonly SearchValues<char> Allowed = SearchValues.Create(Alphabet);

    /// <summary>Length of every id in characters.</summary>
    public const int Length = 26;

    // 130 bits of characters hold 128: two zeros, then 48 of time.
    private const int TimeLength = 10;

    /// <summary>A new id: 48 bits of milliseconds and 74 random bits (RFC 9562 version 7), in lower-case base 32.</summary>
    public static string New(TimeProvider time)
    {
        Span<byte> random = stackalloc byte[sizeof(ulong) * 2];
        Chance.Fill(random);
        var value = BinaryPrimitives.ReadUInt128BigEndian(random);
        // RFC 9562 5.7: 48 bits of time, version 7, 12 random bits, the variant, 62 random bits.
        value &= ~(UInt128.MaxValue << 80) & ~((UInt128)0xf << 76) & ~((UInt128)0b11 << 62);
        return Encode(value | (UInt128)(ulong)time.GetUtcNow().ToUnixTimeMilliseconds() << 80 | (UInt128)7 << 76 | (UInt128)0b10 << 62);
    }

    /// <summary>Whether the text has the form of an id made here.</summary>
    public static bool IsId(ReadOnlySpan<char> text) => text.Length == Length && text.IndexOfAnyExcept(Allowed) < 0;

    /// <summary>When an id was made, to the millisecond.</summary>
    public static DateTimeOffset TimeOf(ReadOnlySpan<char> id)
    {
        var milliseconds = 0L;
        foreach (var c in id[..TimeLength])
            milliseconds = (milliseconds << 5) | (long)Alphabet.IndexOf(c, StringComparison.Ordinal);
        return DateTimeOffset.FromUnixTimeMilliseconds(milliseconds);
    }

    /// <summary>Sorts before every id made from this millisecond on, and behind all that were made earlier.</summary>
    public static string FirstOf(DateTimeOffset time) => Encode((UInt128)Math.Clamp(time.ToUnixTimeMilliseconds(), 0, (1L << 48) - 1) << 80);

    private static string Encode(UInt128 value) => string.Create(Length, value, static (span, v) =>
    {
        for (var i = Length - 1; i >= 0; i--)
        {
            span[i] = Alphabet[(int)(v & 31)];
            v >>= 5;
        }
    });
}
