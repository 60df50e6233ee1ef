using System.Globalization;
using System.Text;

namespace AgentMta.Protocol.Mime;

/// <summary>Writes parameters: quoted where that does, RFC 2231 with continuations where it does not.</summary>
internal static class ParameterWriter
{
    private const int MaxPlain = 200;
    private const int MaxSegment = 54;

    public static IEnumerable<string> Write(string name, string value)
    {
        value = EncodedWordWriter.OneLine(value);
        if (Ascii.IsValid(value) && value.Length <= MaxPlain && !value.Contains("=?", StringComparison.Ordinal))
            return [$"{name}=\"{value.Replace("\\", "\\\\", StringComparison.Ordinal).Replace("\"", "\\\"", StringComparison.Ordinal)}\""];
        var segments = Segments(value);
        return segments.Count == 1
            ? [$"{name}*=utf-8''{segments[0]}"]
            : segments.Select((s, i) => string.Create(CultureInfo.InvariantCulture, $"{name}*{i}*={(i == 0 ? "utf-8''" : "")}{s}"));
    }

    // RFC 2231 3: a segment may end within a character but not within an escape.
    private static List<string> Segments(string value)
    {
        var segments = new List<string>();
        var segment = new StringBuilder();
        foreach (var octet in Encoding.UTF8.GetBytes(value))
        {
            if (segment.Length + 3 > MaxSegment)
            {
                segments.Add(segment.ToString());
                segment.Clear();
            }

            // RFC 5987 3.2.1 attr-char, which RFC 2231 allows as well.
            if (char.IsAsciiLetterOrDigit((char)octet) || "!#$&+-.^_`|~".Contains((char)octet, StringComparison.Ordinal))
                segment.Append((char)octet);
            else
                segment.Append('%').Append(octet.ToString("X2", CultureInfo.InvariantCulture));
        }

        segments.Add(segment.ToString());
        return segments;
    }
}
