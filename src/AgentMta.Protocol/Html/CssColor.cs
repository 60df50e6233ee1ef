using System.Collections.Frozen;
using System.Globalization;

namespace AgentMta.Protocol.Html;

/// <summary>A colour as far as legibility needs it: text of its background's colour cannot be read.</summary>
internal readonly record struct CssColor(byte Red, byte Green, byte Blue, double Alpha)
{
    public static readonly CssColor Black = new(0, 0, 0, 1);
    public static readonly CssColor White = new(255, 255, 255, 1);

    // CSS Color 4, 6.1: the names that mail uses; others count as unknown.
    private const string Names =
        "black 000000 white ffffff red ff0000 lime 00ff00 blue 0000ff yellow ffff00 cyan 00ffff aqua 00ffff magenta ff00ff fuchsia ff00ff " +
        "silver c0c0c0 gray 808080 grey 808080 maroon 800000 olive 808000 green 008000 purple 800080 teal 008080 navy 000080 orange ffa500 " +
        "aliceblue f0f8ff antiquewhite faebd7 azure f0ffff beige f5f5dc bisque ffe4c4 blanchedalmond ffebcd brown a52a2a coral ff7f50 " +
        "cornsilk fff8dc crimson dc143c darkblue 00008b darkgray a9a9a9 darkgreen 006400 darkgrey a9a9a9 darkred 8b0000 dimgray 696969 " +
        "dimgrey 696969 floralwhite fffaf0 gainsboro dcdcdc ghostwhite f8f8ff gold ffd700 honeydew f0fff0 indigo 4b0082 ivory fffff0 " +
        "khaki f0e68c lavender e6e6fa lavenderblush fff0f5 lemonchiffon fffacd lightblue add8e6 lightcyan e0ffff lightgray d3d3d3 " +
        "lightgreen 90ee90 lightgrey d3d3d3 lightyellow ffffe0 linen faf0e6 mintcream f5fffa mistyrose ffe4e1 moccasin ffe4b5 " +
        "navajowhite ffdead oldlace fdf5e6 orchid da70d6 papayawhip ffefd5 peachpuff ffdab9 pink ffc0cb plum dda0dd salmon fa8072 " +
        "seashell fff5ee skyblue 87ceeb slategray 708090 slategrey 708090 snow fffafa steelblue 4682b4 tan d2b48c thistle d8bfd8 " +
        "tomato ff6347 turquoise 40e0d0 violet ee82ee wheat f5deb3 whitesmoke f5f5f5";

    private static readonly FrozenDictionary<string, CssColor> ByName = Names.Split(' ').Chunk(2)
        .ToFrozenDictionary(pair => pair[0], pair => Hex(pair[1])!.Value, StringComparer.OrdinalIgnoreCase);

    /// <summary>Reads a colour of a style or, with a bare hexadecimal number, of an old attribute; null where it is none or not known.</summary>
    public static CssColor? Parse(ReadOnlySpan<char> value)
    {
        value = value.Trim();
        if (value.IsEmpty || value.Length > 64)
            return null;
        if (value[0] == '#')
            return Hex(value[1..]);
        if (value.Equals("transparent", StringComparison.OrdinalIgnoreCase))
            return new CssColor(0, 0, 0, 0);
        if (value.StartsWith("rgb", StringComparison.OrdinalIgnoreCase))
            return Function(value);
        return ByName.TryGetValue(value.ToString(), out var named) ? named : value.Length is 3 or 6 ? Hex(value) : null;
    }

    /// <summary>Too close for a person to read one on the other.</summary>
    public bool IsIllegibleOn(CssColor background) =>
        Alpha < 0.05 || Math.Abs(Red - background.Red) + Math.Abs(Green - background.Green) + Math.Abs(Blue - background.Blue) <= 12;

    private static CssColor? Hex(ReadOnlySpan<char> digits)
    {
        if (!uint.TryParse(digits, NumberStyles.AllowHexSpecifier, CultureInfo.InvariantCulture, out var n))
            return null;
        return digits.Length switch
        {
            3 => new CssColor(Twice(n >> 8), Twice(n >> 4), Twice(n), 1),
            4 => new CssColor(Twice(n >> 12), Twice(n >> 8), Twice(n >> 4), Twice(n) / 255.0),
            6 => new CssColor((byte)(n >> 16), (byte)(n >> 8), (byte)n, 1),
            8 => new CssColor((byte)(n >> 24), (byte)(n >> 16), (byte)(n >> 8), (byte)n / 255.0),
            _ => null,
        };
    }

    private static byte Twice(uint nibble) => (byte)((nibble & 15) * 17);

    private static CssColor? Function(ReadOnlySpan<char> value)
    {
        var open = value.IndexOf('(');
        if (open < 0)
            return null;
        Span<double> parts = stackalloc double[4];
        parts[3] = 1;
        var count = 0;
        foreach (var range in value[(open + 1)..].TrimEnd(')').SplitAny(" ,/"))
        {
            var part = value[(open + 1)..].TrimEnd(')')[range];
            if (part.IsEmpty)
                continue;
            var percent = part[^1] == '%';
            if (count == 4 || !double.TryParse(percent ? part[..^1] : part, NumberStyles.Float, CultureInfo.InvariantCulture, out var number))
                return null;
            parts[count] = !percent ? number : count == 3 ? number / 100 : number * 2.55;
            count++;
        }

        return count < 3 ? null : new CssColor(Channel(parts[0]), Channel(parts[1]), Channel(parts[2]), parts[3]);
    }

    private static byte Channel(double value) => (byte)Math.Clamp(value, 0, 255);
}
