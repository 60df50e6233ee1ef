using System.Globalization;
using System.Text;

namespace AgentMta.Protocol.MailAuth;

/// <summary>The value types that tag=value lists share: numbers, base64, colon lists, domain names.</summary>
internal static class TagValue
{
    // The base64 of a 4096-bit signature.
    private const int MaxOnStack = 768;

    // Header fields that a signature names.
    private const int UsualItems = 24;

    /// <summary>Digits only; a number too large for a long becomes the largest one (RFC 6376 3.5: overflow must not wrap).</summary>
    public static bool TryNumber(ReadOnlySpan<byte> value, int maxDigits, out long number)
    {
        number = 0;
        if (value.IsEmpty || value.Length > maxDigits)
            return false;
        foreach (var b in value)
        {
            if (b is < (byte)'0' or > (byte)'9')
                return false;
            number = number > (long.MaxValue - 9) / 10 ? long.MaxValue : (number * 10) + (b - '0');
        }

        return true;
    }

    /// <summary>base64string of RFC 6376 2.10: white space anywhere, padding optional.</summary>
    public static byte[]? Base64(ReadOnlySpan<byte> value)
    {
        var room = ((value.Length + 3) / 4 * 4) + 4;
        Span<byte> clean = room <= MaxOnStack ? stackalloc byte[MaxOnStack] : new byte[room];
        var count = 0;
        while (!value.IsEmpty)
        {
            var space = value.IndexOfAny(TagList.Space);
            var piece = space < 0 ? value : value[..space];
            piece.CopyTo(clean[count..]);
            count += piece.Length;
            value = value[Math.Min(piece.Length + 1, value.Length)..];
        }

        if (count == 0)
            return null;
        while (count % 4 != 0)
            clean[count++] = (byte)'=';
        clean = clean[..count];
        var padding = clean[^1] != '=' ? 0 : clean[^2] != '=' ? 1 : 2;
        var bytes = new byte[(count / 4 * 3) - padding];
        return System.Buffers.Text.Base64.DecodeFromUtf8(clean, bytes, out var consumed, out var written) == System.Buffers.OperationStatus.Done
            && consumed == count && written == bytes.Length ? bytes : null;
    }

    /// <summary>True where a colon-separated list has the item, in any case.</summary>
    public static bool HasItem(ReadOnlySpan<byte> value, string item)
    {
        foreach (var range in value.Split((byte)':'))
        {
            if (Ascii.EqualsIgnoreCase(Trim(value[range]), item))
                return true;
        }

        return false;
    }

    /// <summary>The items of a colon-separated list, white space around each left out, empty ones dropped.</summary>
    public static List<string> Items(ReadOnlySpan<byte> value)
    {
        var items = new List<string>(Math.Min(value.Count((byte)':') + 1, UsualItems));
        while (!value.IsEmpty)
        {
            var colon = value.IndexOf((byte)':');
            var item = Trim(colon < 0 ? value : value[..colon]);
            if (!item.IsEmpty)
                items.Add(Encoding.Latin1.GetString(item));
            value = colon < 0 ? default : value[(colon + 1)..];
        }

        return items;
    }

    /// <summary>A domain or a selector in A-label form and lower case, or null. U-labels come as UTF-8 (RFC 8616 4).</summary>
    public static string? Name(ReadOnlySpan<byte> value, int minLabels)
    {
        if (value.IsEmpty || value.Length > 1000)
            return null;
        string text;
        if (Ascii.IsValid(value))
        {
            text = Encoding.ASCII.GetString(value);
        }
        else
        {
            try
            {
                text = new IdnMapping { AllowUnassigned = true }.GetAscii(new UTF8Encoding(false, true).GetString(value));
            }
            catch (ArgumentException)
            {
                return null;
            }
        }

        return IsName(text, minLabels) ? text.ToLowerInvariant() : null;
    }

    public static ReadOnlySpan<byte> Trim(ReadOnlySpan<byte> value)
    {
        while (!value.IsEmpty && TagList.IsSpace(value[0]))
            value = value[1..];
        while (!value.IsEmpty && TagList.IsSpace(value[^1]))
            value = value[..^1];
        return value;
    }

    // Letters, digits, hyphens, and the underscore that names in use have; 63 octets a label, 253 together (RFC 1035 2.3.4).
    private static bool IsName(string text, int minLabels)
    {
        if (text.Length is 0 or > 253)
            return false;
        int labels = 1, length = 0;
        foreach (var c in text)
        {
            if (c == '.')
            {
                if (length == 0)
                    return false;
                labels++;
                length = 0;
            }
            else if ((!char.IsAsciiLetterOrDigit(c) && c is not ('-' or '_')) || ++length > 63)
            {
                return false;
            }
        }

        return length > 0 && labels >= minLabels;
    }
}
