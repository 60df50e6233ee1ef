using System.Buffers.Text;
using System.Text;
using AgentMta.Protocol.Addresses;

namespace AgentMta.Protocol.Mime;

/// <summary>Writes text as RFC 2047 encoded words where a header field needs them and only there.</summary>
internal static class EncodedWordWriter
{
    private const int MaxWord = 75;

    // Room on the first line for the field's name.
    private const int Lead = 12;
    private const string Prefix = "=?utf-8?";

    /// <summary>An unstructured value (Subject): encoded as a whole where any of it has to be.</summary>
    public static string Text(string text)
    {
        text = OneLine(text);
        return NeedsEncoding(text) ? Words(text) : text;
    }

    /// <summary>A display name: an atom phrase, a quoted string, or encoded words.</summary>
    public static string Phrase(string name)
    {
        name = OneLine(name).Trim();
        if (NeedsEncoding(name))
            return Words(name);
        if (name.Split(' ').All(w => w.Length > 0 && w.All(LocalPartSyntax.IsAtext)))
            return name;
        return "\"" + name.Replace("\\", "\\\\", StringComparison.Ordinal).Replace("\"", "\\\"", StringComparison.Ordinal) + "\"";
    }

    /// <summary>Control characters out, line ends as spaces: nothing of a value can begin a field of its own.</summary>
    public static string OneLine(string text)
    {
        if (!text.Any(c => char.IsControl(c) || char.IsSurrogate(c)))
            return text;
        var line = new StringBuilder(text.Length);
        foreach (var rune in text.EnumerateRunes())
        {
            if (rune.Value is '\r' or '\n' or '\t' or 0x85)
                line.Append(line.Length > 0 && line[^1] == ' ' ? "" : " ");
            else if (!Rune.IsControl(rune))
                line.Append(rune.ToString());
        }

        return line.ToString();
    }

    // Something that looks like an encoded word would be decoded; a word too long for a line could not be folded.
    private static bool NeedsEncoding(string text) =>
        !Ascii.IsValid(text) || text.Contains("=?", StringComparison.Ordinal) || text.StartsWith(' ') || text.EndsWith(' ')
        || text.Contains("  ", StringComparison.Ordinal) || text.Split(' ').Any(w => w.Length > 200);

    private static string Words(string text)
    {
        var octets = Encoding.UTF8.GetBytes(text);
        var q = QLength(octets) <= (octets.Length + 2) / 3 * 4;
        var words = new StringBuilder();
        var at = 0;
        while (at < octets.Length)
        {
            var taken = Fit(octets.AsSpan(at), q, at == 0 ? Lead : 0);
            if (at > 0)
                words.Append(' ');
            words.Append(Prefix).Append(q ? "q?" : "b?");
            var piece = octets.AsSpan(at, taken);
            if (q)
                AppendQ(words, piece);
            else
                words.Append(Convert.ToBase64String(piece));
            words.Append("?=");
            at += taken;
        }

        return words.ToString();
    }

    // RFC 2047 5 (3): each word holds whole characters.
    private static int Fit(ReadOnlySpan<byte> octets, bool q, int lead)
    {
        var room = MaxWord - Prefix.Length - 4 - lead;
        var taken = 0;
        var length = 0;
        while (taken < octets.Length)
        {
            Rune.DecodeFromUtf8(octets[taken..], out _, out var next);
            var cost = q ? QLength(octets.Slice(taken, next)) : 0;
            if (q ? length + cost > room : Base64.GetMaxEncodedToUtf8Length(taken + next) > room)
                break;
            taken += next;
            length += cost;
        }

        return taken;
    }

    private static int QLength(ReadOnlySpan<byte> octets)
    {
        var length = 0;
        foreach (var octet in octets)
            length += IsPlain(octet) || octet == ' ' ? 1 : 3;
        return length;
    }

    private static void AppendQ(StringBuilder words, ReadOnlySpan<byte> octets)
    {
        foreach (var octet in octets)
        {
            if (octet == ' ')
                words.Append('_');
            else if (IsPlain(octet))
                words.Append((char)octet);
            else
                words.Append('=').Append(octet.ToString("X2", System.Globalization.CultureInfo.InvariantCulture));
        }
    }

    // RFC 2047 5 (3): in a phrase only letters, digits and "!*+-/" stand for themselves; the same set serves everywhere.
    private static bool IsPlain(byte octet) => char.IsAsciiLetterOrDigit((char)octet) || octet is (byte)'!' or (byte)'*' or (byte)'+' or (byte)'-' or (byte)'/';
}
