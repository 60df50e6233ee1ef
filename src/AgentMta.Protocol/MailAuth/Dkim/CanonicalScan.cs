using System.Numerics;
using System.Runtime.InteropServices;
using System.Runtime.Intrinsics;

namespace AgentMta.Protocol.MailAuth.Dkim;

/// <summary>Finds the next octet at which a body may not be canonical: bodies have hardly any, and a search for the end of each line would stop at every line.</summary>
internal static class CanonicalScan
{
    /// <summary>The first LF at or behind a position that no CR precedes; -1 where there is none.</summary>
    public static int IndexOfBareLineFeed(ReadOnlySpan<byte> octets, int from)
    {
        var at = from;
        if (at == 0 && octets.Length > 0)
        {
            if (IsBareLineFeed(octets, at))
                return at;
            at++; // each looks at the one before it
        }

        if (Vector256.IsHardwareAccelerated)
        {
            ref var first = ref MemoryMarshal.GetReference(octets);
            for (; at <= octets.Length - Vector256<byte>.Count; at += Vector256<byte>.Count)
            {
                var found = BareLineFeeds(ref first, at).ExtractMostSignificantBits();
                if (found != 0)
                    return at + BitOperations.TrailingZeroCount(found);
            }
        }

        for (; at < octets.Length; at++)
        {
            if (IsBareLineFeed(octets, at))
                return at;
        }

        return -1;
    }

    /// <summary>
    /// The first octet at or behind a position that the relaxed form may not have (RFC 6376 3.4.4): a tab, a space in front of another or of a CR, a bare LF.
    /// The length where there is none.
    /// </summary>
    public static int IndexOfUnrelaxed(ReadOnlySpan<byte> octets, int from)
    {
        var at = from;
        if (at == 0 && octets.Length > 0)
        {
            if (IsUnrelaxed(octets, at))
                return at;
            at++;
        }

        if (Vector256.IsHardwareAccelerated)
        {
            ref var first = ref MemoryMarshal.GetReference(octets);
            for (; at < octets.Length - Vector256<byte>.Count; at += Vector256<byte>.Count)
            {
                var here = Vector256.LoadUnsafe(ref first, (nuint)at);
                var next = Vector256.LoadUnsafe(ref first, (nuint)(at + 1));
                var spaces = Vector256.Equals(here, Vector256.Create((byte)' ')) & (Vector256.Equals(next, Vector256.Create((byte)' ')) | Vector256.Equals(next, Vector256.Create((byte)'\r')));
                var found = (spaces | Vector256.Equals(here, Vector256.Create((byte)'\t')) | BareLineFeeds(ref first, at)).ExtractMostSignificantBits();
                if (found != 0)
                    return at + BitOperations.TrailingZeroCount(found);
            }
        }

        for (; at < octets.Length; at++)
        {
            if (IsUnrelaxed(octets, at))
                return at;
        }

        return octets.Length;
    }

    private static bool IsBareLineFeed(ReadOnlySpan<byte> octets, int at) => octets[at] == '\n' && (at == 0 || octets[at - 1] != '\r');

    private static bool IsUnrelaxed(ReadOnlySpan<byte> octets, int at) =>
        octets[at] == '\t' || IsBareLineFeed(octets, at) || (octets[at] == ' ' && (at + 1 == octets.Length || octets[at + 1] is (byte)' ' or (byte)'\r'));

    private static Vector256<byte> BareLineFeeds(ref byte first, int at) =>
        Vector256.AndNot(
            Vector256.Equals(Vector256.LoadUnsafe(ref first, (nuint)at), Vector256.Create((byte)'\n')),
            Vector256.Equals(Vector256.LoadUnsafe(ref first, (nuint)(at - 1)), Vector256.Create((byte)'\r')));
}
