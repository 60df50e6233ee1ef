using System.Buffers;
using System.Text;

namespace AgentMta.Protocol.Mime;

/// <summary>Reads Content-Transfer-Encoding as it is written and miswritten.</summary>
internal static class TransferEncodingName
{
    private static readonly SearchValues<byte> AfterName = SearchValues.Create(" \t\r\n;(\""u8);

    public static TransferEncoding Parse(HeaderField? field)
    {
        if (field is not { } present)
            return TransferEncoding.Identity;
        var raw = present.RawValue.Span.Trim(" \t\r\n\"';:"u8);
        var end = raw.IndexOfAny(AfterName);
        if (end >= 0)
            raw = raw[..end];
        raw = raw.TrimEnd(".,"u8);
        if (raw.IsEmpty || Is(raw, "7bit") || Is(raw, "8bit") || Is(raw, "binary") || Is(raw, "7-bit") || Is(raw, "8-bit") || Is(raw, "none"))
            return TransferEncoding.Identity;
        if (Is(raw, "base64") || Is(raw, "base-64") || Is(raw, "x-base64"))
            return TransferEncoding.Base64;
        if (Is(raw, "quoted-printable") || Is(raw, "quotedprintable") || Is(raw, "quoted-printeable") || Is(raw, "qp"))
            return TransferEncoding.QuotedPrintable;
        if (Is(raw, "x-uuencode") || Is(raw, "uuencode") || Is(raw, "x-uue") || Is(raw, "uue"))
            return TransferEncoding.UuEncode;
        return Is(raw, "x-yenc") || Is(raw, "yenc") ? TransferEncoding.YEnc : TransferEncoding.Unknown;
    }

    private static bool Is(ReadOnlySpan<byte> raw, string name) => Ascii.EqualsIgnoreCase(raw, name);
}
