using System.Diagnostics.CodeAnalysis;

namespace AgentMta.Protocol.Dns;

/// <summary>
/// The text form of domain names that keys, answers and zones share: lower case, no trailing dot, the root as "". A dot or backslash inside a
/// label is written <c>\.</c> or <c>\\</c>, an octet that is not printable ASCII as <c>\DDD</c> (RFC 1035 5.1); a name has one such form only.
/// </summary>
public static class DnsName
{
    /// <summary>Octets of a name on the wire, the root's included (RFC 1035 2.3.4).</summary>
    public const int MaxWireLength = 255;

    /// <summary>Octets of one label (RFC 1035 2.3.4).</summary>
    public const int MaxLabelLength = 63;

    /// <summary>Characters of the longest text form: every octet escaped.</summary>
    internal const int MaxTextLength = MaxWireLength * 4;

    /// <summary>Brings a name to its one text form; false where no such name can exist (empty or long label, long name, not ASCII).</summary>
    public static bool TryNormalize(string name, [NotNullWhen(true)] out string? normalized)
    {
        if (IsNormal(name))
        {
            normalized = name;
            return true;
        }

        Span<byte> wire = stackalloc byte[MaxWireLength];
        if (!TryWriteLabels(name, wire, out var length))
        {
            normalized = null;
            return false;
        }

        normalized = FromLabels(wire[..length], lowerCase: true);
        return true;
    }

    /// <summary>The name one label shorter; null for the root.</summary>
    public static string? Parent(string name)
    {
        if (name.Length == 0)
            return null;
        var end = LabelEnd(name);
        return end >= name.Length ? "" : name[(end + 1)..];
    }

    /// <summary>True where both names, each in text form, are equal or the first lies under the second.</summary>
    public static bool IsAtOrBelow(ReadOnlySpan<char> name, ReadOnlySpan<char> ancestor)
    {
        if (ancestor.Length == 0)
            return true;
        if (!name.EndsWith(ancestor, StringComparison.OrdinalIgnoreCase))
            return false;
        var cut = name.Length - ancestor.Length - 1;
        if (cut < 0)
            return name.Length == ancestor.Length;
        if (name[cut] != '.')
            return false;
        // The dot may belong to the label, escaped by an odd number of backslashes.
        var backslashes = 0;
        while (cut - 1 - backslashes >= 0 && name[cut - 1 - backslashes] == '\\')
            backslashes++;
        return backslashes % 2 == 0;
    }

    /// <summary>Where the first label of a text form ends: the index of its dot, or the length.</summary>
    internal static int LabelEnd(ReadOnlySpan<char> name)
    {
        for (var i = 0; i < name.Length; i++)
        {
            if (name[i] == '.')
                return i;
            if (name[i] == '\\')
                i++;
        }

        return name.Length;
    }

    /// <summary>Writes a name as uncompressed labels with the root's zero, keeping case; takes a trailing dot.</summary>
    internal static bool TryWriteLabels(ReadOnlySpan<char> name, Span<byte> wire, out int length)
    {
        length = 0;
        if (name is "." or "")
        {
            wire[0] = 0;
            length = 1;
            return true;
        }

        int start = 0, at = 1;
        for (var i = 0; i < name.Length; i++)
        {
            int octet = name[i];
            if (octet == '.')
            {
                if (!TryCloseLabel(wire, start, at))
                    return false;
                start = at++;
                continue;
            }

            if (octet == '\\' && (octet = ReadEscape(name, ref i)) < 0)
                return false;
            // One octet is kept for the root's zero.
            if (octet > 0xFF || (octet > 0x7F && name[i] > 0x7F) || at >= MaxWireLength - 1)
                return false;
            wire[at++] = (byte)octet;
        }

        if (at > start + 1)
        {
            if (!TryCloseLabel(wire, start, at))
                return false;
            start = at;
        }

        wire[start] = 0;
        length = start + 1;
        return true;
    }

    /// <summary>The text form of uncompressed, checked labels.</summary>
    internal static string FromLabels(ReadOnlySpan<byte> wire, bool lowerCase)
    {
        Span<char> text = stackalloc char[MaxTextLength];
        int at = 0, position = 0;
        while (position < wire.Length && wire[position] != 0)
        {
            if (at > 0)
                text[at++] = '.';
            foreach (var octet in wire.Slice(position + 1, wire[position]))
                at += WriteOctet(octet, lowerCase, text[at..]);
            position += wire[position] + 1;
        }

        return new string(text[..at]);
    }

    /// <summary>One octet of a label as text, escaped where it must be; returns the number of characters.</summary>
    internal static int WriteOctet(byte octet, bool lowerCase, Span<char> text)
    {
        if (octet is > 0x20 and < 0x7F and not ((byte)'.' or (byte)'\\'))
        {
            text[0] = lowerCase && octet is >= (byte)'A' and <= (byte)'Z' ? (char)(octet | 0x20) : (char)octet;
            return 1;
        }

        text[0] = '\\';
        if (octet is (byte)'.' or (byte)'\\')
        {
            text[1] = (char)octet;
            return 2;
        }

        text[1] = (char)('0' + (octet / 100));
        text[2] = (char)('0' + (octet / 10 % 10));
        text[3] = (char)('0' + (octet % 10));
        return 4;
    }

    /// <summary>Reads the escape whose backslash is at <paramref name="i"/>, leaving it on the last character; -1 where it is none.</summary>
    internal static int ReadEscape(ReadOnlySpan<char> text, ref int i)
    {
        if (i + 1 >= text.Length)
            return -1;
        if (!char.IsAsciiDigit(text[i + 1]))
            return text[++i];
        if (i + 3 >= text.Length || !char.IsAsciiDigit(text[i + 2]) || !char.IsAsciiDigit(text[i + 3]))
            return -1;
        var octet = ((text[i + 1] - '0') * 100) + ((text[i + 2] - '0') * 10) + (text[i + 3] - '0');
        i += 3;
        return octet > 0xFF ? -1 : octet;
    }

    private static bool TryCloseLabel(Span<byte> wire, int start, int end)
    {
        var length = end - start - 1;
        if (length is 0 or > MaxLabelLength || end >= MaxWireLength)
            return false;
        wire[start] = (byte)length;
        return true;
    }

    // The common case costs one pass and no allocation; what it cannot vouch for takes the way over the wire form.
    private static bool IsNormal(string name)
    {
        if (name.Length > MaxWireLength - 2)
            return false;
        var label = 0;
        foreach (var c in name)
        {
            if (c == '.')
            {
                if (label is 0 or > MaxLabelLength)
                    return false;
                label = 0;
            }
            else if (c is <= ' ' or > '~' or '\\' or (>= 'A' and <= 'Z'))
            {
                return false;
            }
            else
            {
                label++;
            }
        }

        return name.Length == 0 || label is > 0 and <= MaxLabelLength;
    }
}
