using System.Globalization;
using System.Text;

namespace AgentMta.Protocol.Html;

/// <summary>Takes characters out of a text that show nothing but can say something to a machine: zero-width ones, bidirectional controls, tag characters.</summary>
public static class HiddenCharacters
{
    private const int MaxReported = 2048;

    /// <summary>The text without invisible characters. Joiners stay where a script or an emoji needs them, a single variation selector too.</summary>
    public static string Strip(string text, ICollection<HiddenText> hidden)
    {
        var first = FirstSuspect(text);
        if (first < 0)
            return text;
        var kept = new StringBuilder(text.Length);
        var tags = new StringBuilder();
        int zeroWidth = 0, controls = 0, selectors = 0;
        kept.Append(text, 0, first);
        for (var i = first; i < text.Length;)
        {
            var rune = Rune.TryGetRuneAt(text, i, out var r) ? r : Rune.ReplacementChar;
            var length = Rune.TryGetRuneAt(text, i, out _) ? rune.Utf16SequenceLength : 1;
            switch (Kind(rune.Value))
            {
                case Invisible.ZeroWidth when IsJoiner(rune.Value) && JoinsLetters(text, i):
                case Invisible.Selector when i > 0 && !IsSelectorBefore(text, i):
                case Invisible.Tag when FlagTagEnd(text, i) is var end && end > i:
                    kept.Append(text, i, length);
                    break;
                case Invisible.ZeroWidth:
                    zeroWidth++;
                    break;
                case Invisible.Control:
                    controls++;
                    break;
                case Invisible.Selector:
                    selectors++;
                    // Bytes can be smuggled as runs of variation selectors (U+FE00.. = 0..15, U+E0100.. = 16..255).
                    if (rune.Value >= 0xE0100 && tags.Length < MaxReported)
                        tags.Append(Printable(rune.Value - 0xE0100 + 16));
                    break;
                case Invisible.Tag:
                    if (tags.Length < MaxReported)
                        tags.Append(Printable(rune.Value - 0xE0000));
                    break;
                default:
                    kept.Append(text, i, length);
                    break;
            }

            i += length;
        }

        if (zeroWidth > 0)
            hidden.Add(new HiddenText($"{zeroWidth} characters", "zero-width characters"));
        if (controls > 0)
            hidden.Add(new HiddenText($"{controls} characters", "bidirectional controls"));
        if (tags.Length > 0)
            hidden.Add(new HiddenText(tags.ToString(), "tag characters"));
        else if (selectors > 0)
            hidden.Add(new HiddenText($"{selectors} characters", "variation selectors"));
        return kept.ToString();
    }

    private enum Invisible
    {
        No,
        ZeroWidth,
        Control,
        Selector,
        Tag,
    }

    private static int FirstSuspect(string text)
    {
        // Most text has none of them, and much of it nothing beyond ASCII.
        for (var i = text.AsSpan().IndexOfAnyExceptInRange('\0', '\u00ac'); (uint)i < (uint)text.Length; i++)
        {
            var c = text[i];
            if (c >= 0xAD && (char.IsSurrogate(c) ? c == 0xDB40 : Kind(c) != Invisible.No))
                return i;
        }

        return -1;
    }

    private static Invisible Kind(int c) => c switch
    {
        0xAD or 0x34F or 0x115F or 0x1160 or 0x17B4 or 0x17B5 or 0x180E or 0x3164 or 0xFEFF or 0xFFA0 => Invisible.ZeroWidth,
        >= 0x200B and <= 0x200D or >= 0x2060 and <= 0x2064 or >= 0x206A and <= 0x206F or >= 0xFFF9 and <= 0xFFFB => Invisible.ZeroWidth,
        0x61C or 0x200E or 0x200F or >= 0x202A and <= 0x202E or >= 0x2066 and <= 0x2069 => Invisible.Control,
        >= 0xFE00 and <= 0xFE0F or >= 0x180B and <= 0x180D or >= 0xE0100 and <= 0xE01EF => Invisible.Selector,
        >= 0xE0000 and <= 0xE007F => Invisible.Tag,
        _ => Invisible.No,
    };

    private static bool IsJoiner(int c) => c is 0x200C or 0x200D;

    private static bool JoinsLetters(string text, int at) =>
        at > 0 && at + 1 < text.Length && IsJoinable(text[at - 1]) && IsJoinable(text[at + 1]);

    private static bool IsJoinable(char c) => c > 0x2FF && !char.IsWhiteSpace(c) && Kind(c) is Invisible.No or Invisible.Selector;

    private static bool IsSelectorBefore(string text, int at)
    {
        var before = text[at - 1];
        if (char.IsWhiteSpace(before) || before is >= '\uFE00' and <= '\uFE0F')
            return true;
        return at > 1 && char.IsSurrogatePair(text[at - 2], before) && Kind(char.ConvertToUtf32(text[at - 2], before)) is Invisible.Selector or Invisible.Tag;
    }

    /// <summary>The end of an emoji flag's tag sequence (black flag, up to six tags, cancel tag) that `at` lies in, or -1.</summary>
    private static int FlagTagEnd(string text, int at)
    {
        var start = at;
        while (start >= 2 && at - start < 14 && text[start - 2] == 0xDB40)
            start -= 2;
        if (start < 2 || text[start - 2] != 0xD83C || text[start - 1] != 0xDFF4)
            return -1;
        var end = start;
        while (end + 1 < text.Length && end - start < 16 && text[end] == 0xDB40)
            end += 2;
        return end - start <= 14 && end >= 2 && text[end - 1] == 0xDC7F ? end : -1;
    }

    private static string Printable(int c) => c is >= 32 and < 127 ? ((char)c).ToString() : string.Create(CultureInfo.InvariantCulture, $"\\x{c:x2}");
}
