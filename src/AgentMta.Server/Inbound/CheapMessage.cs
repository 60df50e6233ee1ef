using System.Buffers;
using System.Text;

namespace AgentMta.Server.Inbound;

/// <summary>Whether the checks of a message take a fraction of a millisecond, as most do: small, no HTML, and few signatures to verify.</summary>
internal static class CheapMessage
{
    /// <summary>Octets of the largest.</summary>
    public const int Limit = 32 * 1024;

    private const int Signatures = 3;

    // The octet of each word that is rarest in text, to look for first.
    private static readonly SearchValues<byte> RareInHtml = SearchValues.Create("mM"u8);
    private static readonly SearchValues<byte> RareInSignature = SearchValues.Create("gG"u8);

    /// <summary>Looks at the octets as they are. Whoever hides a word from it gains the thread for as long as the bounds of the parsers allow, no more.</summary>
    public static bool Is(ReadOnlySpan<byte> message) =>
        message.Length <= Limit && Count(message, "html"u8, RareInHtml, 2, most: 0) == 0 && Count(message, "signature:"u8, RareInSignature, 2, most: Signatures) <= Signatures;

    // How often a word stands there, in any case; it stops behind the first that is too many.
    private static int Count(ReadOnlySpan<byte> message, ReadOnlySpan<byte> word, SearchValues<byte> rare, int at, int most)
    {
        var count = 0;
        for (var from = at; from < message.Length && count <= most;)
        {
            var found = message[from..].IndexOfAny(rare);
            if (found < 0)
                break;
            from += found;
            var start = from - at;
            if (start + word.Length <= message.Length && Ascii.EqualsIgnoreCase(message.Slice(start, word.Length), word))
                count++;
            from++;
        }

        return count;
    }
}
