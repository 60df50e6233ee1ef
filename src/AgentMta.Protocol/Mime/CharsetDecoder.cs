using System.Globalization;
using System.Text;

namespace AgentMta.Protocol.Mime;

/// <summary>Decodes text by the charset it names, by what mail programs mean with that name, or by looking at the octets.</summary>
internal static class CharsetDecoder
{
    public static Encoding Windows1252 { get; } = CodePage(1252)!;

    /// <summary>Text of <paramref name="bytes"/>; never fails. <paramref name="defects"/> says whether the label was of use.</summary>
    public static string Decode(ReadOnlySpan<byte> bytes, string? charset, out MimeDefects defects)
    {
        defects = MimeDefects.None;
        if (ByOrderMark(bytes) is var (marked, length) && marked is not null)
            return marked.GetString(bytes[length..]);
        var name = CharsetNames.Normalise(charset);
        switch (name)
        {
            case "":
            case "us-ascii":
                return Unlabelled(bytes, ref defects, labelled: false);
            case "utf-8":
                return Utf8(bytes, ref defects);
            case "utf-7":
                return Utf7.Decode(bytes);
            case "utf-16":
                return Utf16(bytes);
            case "utf-16le":
                return Encoding.Unicode.GetString(bytes);
            case "utf-16be":
                return Encoding.BigEndianUnicode.GetString(bytes);
            case "utf-32":
            case "utf-32be":
                return new UTF32Encoding(bigEndian: true, byteOrderMark: false).GetString(bytes);
            case "utf-32le":
                return Encoding.UTF32.GetString(bytes);
            case "iso-2022-jp":
                return Iso2022(bytes);
            default:
                return Find(name) is { } encoding ? encoding.GetString(bytes) : Unlabelled(bytes, ref defects, labelled: true);
        }
    }

    /// <summary>The encoding of a charset name or null; UTF-7 has none.</summary>
    public static Encoding? Find(string? charset)
    {
        var name = CharsetNames.Normalise(charset);
        if (name.Length == 0)
            return null;
        if (name == "utf-8")
            return Encoding.UTF8;
        try
        {
            if (CharsetNames.PageOf(name) is { } page)
                return CodePage(page);
            return CodePagesEncodingProvider.Instance.GetEncoding(name) ?? Framework(name);
        }
        catch (ArgumentException)
        {
            return null;
        }
        catch (NotSupportedException)
        {
            return null;
        }
    }

    // Half-width katakana by ESC ( I and the two JIS tables: code page 50221 reads what 50220 reads and keeps them.
    public static string Iso2022(ReadOnlySpan<byte> bytes) => CodePage(50221)!.GetString(bytes);

    private static Encoding? CodePage(int page) => CodePagesEncodingProvider.Instance.GetEncoding(page) ?? Framework(page);

    private static Encoding? Framework(int page) => page switch
    {
        28591 => Encoding.Latin1,
        20127 => Encoding.ASCII,
        65001 => Encoding.UTF8,
        _ => null,
    };

    private static Encoding? Framework(string name)
    {
        if (name.StartsWith("cp", StringComparison.Ordinal) && int.TryParse(name.AsSpan(2), NumberStyles.None, CultureInfo.InvariantCulture, out var page) && page <= 65535)
            return CodePage(page);
        return null;
    }

    private static (Encoding? Encoding, int Length) ByOrderMark(ReadOnlySpan<byte> bytes) => bytes switch
    {
        [0xEF, 0xBB, 0xBF, ..] => (Encoding.UTF8, 3),
        [0xFF, 0xFE, 0, 0, ..] => (Encoding.UTF32, 4),
        [0xFF, 0xFE, ..] => (Encoding.Unicode, 2),
        [0xFE, 0xFF, ..] => (Encoding.BigEndianUnicode, 2),
        _ => (null, 0),
    };

    private static string Unlabelled(ReadOnlySpan<byte> bytes, ref MimeDefects defects, bool labelled)
    {
        if (labelled)
            defects |= MimeDefects.UnknownCharset;
        if (Ascii.IsValid(bytes))
            return bytes.Contains((byte)0x1b) ? Iso2022(bytes) : Encoding.ASCII.GetString(bytes);
        defects |= labelled ? MimeDefects.None : MimeDefects.BadCharset;
        return System.Text.Unicode.Utf8.IsValid(bytes) ? Encoding.UTF8.GetString(bytes) : Windows1252.GetString(bytes);
    }

    // Text that calls itself UTF-8 and holds no valid sequence at all is some 8-bit charset; one that holds both is damaged UTF-8.
    private static string Utf8(ReadOnlySpan<byte> bytes, ref MimeDefects defects)
    {
        if (System.Text.Unicode.Utf8.IsValid(bytes))
            return Encoding.UTF8.GetString(bytes);
        defects |= MimeDefects.BadCharset;
        return HoldsMultiByte(bytes) ? Encoding.UTF8.GetString(bytes) : Windows1252.GetString(bytes);
    }

    private static bool HoldsMultiByte(ReadOnlySpan<byte> bytes)
    {
        for (var at = bytes.IndexOfAnyInRange((byte)0x80, (byte)0xff); at >= 0;)
        {
            bytes = bytes[at..];
            Rune.DecodeFromUtf8(bytes, out var rune, out var length);
            if (rune != Rune.ReplacementChar)
                return true;
            bytes = bytes[length..];
            at = bytes.IndexOfAnyInRange((byte)0x80, (byte)0xff);
        }

        return false;
    }

    // RFC 2781 4.3: without a mark it is big-endian; mail from Windows that leaves the mark out is little-endian, which the zeros show.
    private static string Utf16(ReadOnlySpan<byte> bytes)
    {
        int even = 0, odd = 0;
        for (var i = 0; i + 1 < bytes.Length && i < 512; i += 2)
        {
            even += bytes[i] == 0 ? 1 : 0;
            odd += bytes[i + 1] == 0 ? 1 : 0;
        }

        return (odd > even ? Encoding.Unicode : Encoding.BigEndianUnicode).GetString(bytes);
    }
}
