using System.Globalization;

namespace AgentMta.Protocol.Html;

/// <summary>A length in pixels, as far as one can tell without a layout.</summary>
internal static class CssLength
{
    /// <summary>Pixels of a length; `percentOf` is what em and per cent count from. Null for keywords and what is no length.</summary>
    public static double? Pixels(ReadOnlySpan<char> value, double percentOf = double.NaN)
    {
        value = value.Trim();
        var digits = 0;
        while (digits < value.Length && (char.IsAsciiDigit(value[digits]) || value[digits] is '.' or '-' or '+'))
            digits++;
        if (digits is 0 or > 20 || !double.TryParse(value[..digits], NumberStyles.Float, CultureInfo.InvariantCulture, out var number))
            return null;
        var unit = value[digits..].Trim();
        if (number == 0)
            return 0;
        double factor = unit switch
        {
            "" => 1,
            _ when Is(unit, "px") => 1,
            _ when Is(unit, "pt") => 4.0 / 3,
            _ when Is(unit, "pc") => 16,
            _ when Is(unit, "in") => 96,
            _ when Is(unit, "cm") => 37.8,
            _ when Is(unit, "mm") => 3.78,
            _ when Is(unit, "rem") => 16,
            _ when Is(unit, "em") => double.IsNaN(percentOf) ? 16 : percentOf,
            _ when Is(unit, "ex") || Is(unit, "ch") => double.IsNaN(percentOf) ? 8 : percentOf / 2,
            _ when Is(unit, "vw") || Is(unit, "vh") => 10,
            "%" => percentOf / 100,
            _ => double.NaN,
        };
        var pixels = number * factor;
        return double.IsNaN(pixels) ? null : pixels;
    }

    private static bool Is(ReadOnlySpan<char> unit, string name) => unit.Equals(name, StringComparison.OrdinalIgnoreCase);
}
