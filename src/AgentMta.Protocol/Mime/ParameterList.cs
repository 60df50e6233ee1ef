using System.Text;

namespace AgentMta.Protocol.Mime;

/// <summary>The parameters of Content-Type and Content-Disposition: RFC 2045 5.1, RFC 2231, and what is sent instead of them.</summary>
public sealed class ParameterList
{
    private const int MaxSegments = 1000;
    private static readonly ParameterList None = new([]);
    private readonly List<(string Name, string Value)> _parameters;

    private ParameterList(List<(string Name, string Value)> parameters) => _parameters = parameters;

    public IReadOnlyList<(string Name, string Value)> All => _parameters;

    /// <summary>The decoded value of the first parameter of that name, or null.</summary>
    public string? this[string name]
    {
        get
        {
            foreach (var (key, value) in _parameters)
            {
                if (key.Equals(name, StringComparison.OrdinalIgnoreCase))
                    return value;
            }

            return null;
        }
    }

    /// <param name="text">What follows the type or disposition, unfolded.</param>
    internal static ParameterList Parse(ReadOnlySpan<char> text)
    {
        var scanner = new ParameterScanner(text);
        List<(string, string)>? plain = null;
        Dictionary<string, List<Segment>>? split = null;
        for (var count = 0; count < MaxSegments && scanner.Next(out var name, out var value); count++)
        {
            var star = name.IndexOf('*');
            if (star <= 0)
                (plain ??= []).Add((name.ToString().ToLowerInvariant(), Plain(value)));
            else
                AddSegment(split ??= new(StringComparer.OrdinalIgnoreCase), name, star, value);
        }

        if (split is null)
            return plain is null ? None : new ParameterList(plain);
        // RFC 5987 3.2.1 leaves it open; what names its charset is the better of the two.
        var joined = split.Select(s => (s.Key.ToLowerInvariant(), Join(s.Value))).ToList();
        joined.AddRange(plain ?? []);
        return new ParameterList(joined);
    }

    private readonly record struct Segment(int Index, bool Encoded, string Value);

    // RFC 2231 3, 4: name*, name*0, name*0*; an index that is no number counts as the next one.
    private static void AddSegment(Dictionary<string, List<Segment>> split, ReadOnlySpan<char> name, int star, string value)
    {
        var key = name[..star].ToString();
        var index = name[(star + 1)..];
        var encoded = index.IsEmpty || index[^1] == '*';
        index = index.TrimEnd('*');
        if (!split.TryGetValue(key, out var segments))
            split[key] = segments = [];
        if (!int.TryParse(index, System.Globalization.NumberStyles.None, null, out var number))
            number = index.IsEmpty ? 0 : segments.Count;
        segments.Add(new Segment(number, encoded, value));
    }

    private static string Join(List<Segment> segments)
    {
        segments = [.. segments.OrderBy(s => s.Index)];
        string? charset = null;
        using var bytes = new MemoryStream();
        for (var i = 0; i < segments.Count; i++)
        {
            if (i > 0 && segments[i].Index == segments[i - 1].Index)
                continue;
            var value = segments[i].Value.AsSpan();
            if (!segments[i].Encoded)
            {
                bytes.Write(Encoding.UTF8.GetBytes(segments[i].Value));
                continue;
            }

            if (charset is null)
            {
                var first = value.IndexOf('\'');
                var second = first < 0 ? -1 : value[(first + 1)..].IndexOf('\'');
                charset = first < 0 ? "" : value[..first].ToString();
                value = second < 0 ? value[(first + 1)..] : value[(first + second + 2)..];
            }

            Unescape(value, bytes);
        }

        var octets = bytes.GetBuffer().AsSpan(0, (int)bytes.Length);
        var text = CharsetDecoder.Decode(octets, string.IsNullOrEmpty(charset) ? "utf-8" : charset, out _);
        return charset is null ? EncodedWordDecoder.Decode(text) : text;
    }

    private static void Unescape(ReadOnlySpan<char> value, MemoryStream bytes)
    {
        Span<byte> octets = stackalloc byte[4];
        for (var i = 0; i < value.Length; i++)
        {
            if (value[i] == '%' && i + 2 < value.Length && byte.TryParse(value.Slice(i + 1, 2), System.Globalization.NumberStyles.AllowHexSpecifier, null, out var octet))
            {
                bytes.WriteByte(octet);
                i += 2;
                continue;
            }

            Rune.DecodeFromUtf16(value[i..], out var rune, out var consumed);
            bytes.Write(octets[..rune.EncodeToUtf8(octets)]);
            i += consumed - 1;
        }
    }

    // RFC 2047 5 forbids encoded words in parameters, and yet most programs write file names as such.
    private static string Plain(string value) => EncodedWordDecoder.Decode(value);
}
