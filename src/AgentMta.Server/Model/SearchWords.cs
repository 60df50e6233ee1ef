using System.Globalization;
using System.Text;

namespace AgentMta.Server.Model;

/// <summary>A word where it stands in a text, and what it is found by.</summary>
internal readonly record struct SearchWord(int Start, int Length, string Token)
{
    /// <summary>The first character behind it.</summary>
    public int End => Start + Length;
}

/// <summary>
/// Cuts text into the words that are indexed, asked for and highlighted, alike for every engine: case, width and accents do not count, and scripts that are written
/// without spaces go by single characters (docs/decisions/0011-search.md). A change here needs a new script in Store/Schema/Search, which empties the index.
/// </summary>
internal static class SearchWords
{
    /// <summary>Of a longer word (a key, a line of base64) the first so many characters count.</summary>
    public const int MaximumLength = 64;

    /// <summary>The words of a text, at most <paramref name="limit"/>.</summary>
    public static List<SearchWord> Of(string text, int limit = int.MaxValue)
    {
        var words = new List<SearchWord>();
        var at = 0;
        while (at < text.Length && words.Count < limit)
        {
            var kind = KindAt(text, at, out var length);
            if (kind is WordPart.None or WordPart.Mark)
            {
                at += length;
                continue;
            }

            var start = at;
            at += length;
            // A single takes the marks that stand on it; a word everything up to the next character that is not of a word.
            while (at < text.Length && KindAt(text, at, out length) is var next && (next == WordPart.Mark || (kind == WordPart.Letter && next == WordPart.Letter)))
                at += length;
            var token = Fold(text.AsSpan(start, at - start));
            if (token.Length > 0)
                words.Add(new SearchWord(start, at - start, token));
        }

        return words;
    }

    /// <summary>What a word is found by; empty where nothing of it counts.</summary>
    private static string Fold(ReadOnlySpan<char> word)
    {
        if (System.Text.Ascii.IsValid(word))
            return string.Create(Math.Min(word.Length, MaximumLength), word[..Math.Min(word.Length, MaximumLength)], static (span, w) => w.ToLowerInvariant(span));
        var folded = new StringBuilder(word.Length);
        foreach (var rune in word.EnumerateRunes())
        {
            if (IsAccent(rune.Value))
                continue;
            if (rune.IsBmp && SearchFolds.Of((char)rune.Value) is { } plain)
                folded.Append(plain);
            else if (!Hangul.TryCompose(folded, rune.Value))
                folded.Append(Rune.ToLowerInvariant(rune).ToString());
        }

        var length = folded.Length <= MaximumLength ? folded.Length : char.IsHighSurrogate(folded[MaximumLength - 1]) ? MaximumLength - 1 : MaximumLength;
        return folded.ToString(0, length);
    }

    private static WordPart KindAt(string text, int at, out int length)
    {
        length = 1;
        var c = text[at];
        if (char.IsAscii(c))
            return char.IsAsciiLetterOrDigit(c) ? WordPart.Letter : WordPart.None;
        if (Rune.DecodeFromUtf16(text.AsSpan(at), out var rune, out length) != System.Buffers.OperationStatus.Done)
            return WordPart.None;
        return Part(rune);
    }

    private static WordPart Part(Rune rune) => rune.Value switch
    {
        // The sound marks of half-width kana, and the vowels and finals of Hangul that comes in pieces, stand on what is before them.
        0xFF9E or 0xFF9F or (>= Hangul.FirstVowel and <= Hangul.LastFinal) => WordPart.Mark,
        _ => OfCategory(rune),
    };

    private static WordPart OfCategory(Rune rune) => Rune.GetUnicodeCategory(rune) switch
    {
        UnicodeCategory.NonSpacingMark or UnicodeCategory.SpacingCombiningMark => WordPart.Mark,
        UnicodeCategory.OtherSymbol => rune.Value == 0xFFFD ? WordPart.None : WordPart.Single,
        UnicodeCategory.UppercaseLetter or UnicodeCategory.LowercaseLetter or UnicodeCategory.TitlecaseLetter or UnicodeCategory.ModifierLetter or UnicodeCategory.OtherLetter
            or UnicodeCategory.DecimalDigitNumber or UnicodeCategory.LetterNumber or UnicodeCategory.OtherNumber => IsUnspaced(rune.Value) ? WordPart.Single : WordPart.Letter,
        _ => WordPart.None,
    };

    // Thai, Lao, Myanmar, Khmer, kana, Han and Hangul: words are not parted by spaces, or (Hangul) carry their particles with them.
    private static bool IsUnspaced(int c) =>
        c is (>= 0x0E00 and <= 0x0EFF) or (>= 0x1000 and <= 0x109F) or (>= 0x1100 and <= 0x115F) or (>= 0x1780 and <= 0x17FF) or (>= 0x3005 and <= 0x3007) or (>= 0x3040 and <= 0x30FF) or (>= 0x31F0 and <= 0x31FF)
            or (>= 0x3400 and <= 0x4DBF) or (>= 0x4E00 and <= 0x9FFF) or (>= 0xAC00 and <= 0xD7A3) or (>= 0xF900 and <= 0xFAFF) or (>= 0xFF66 and <= 0xFF9F) or (>= 0x20000 and <= 0x3FFFF);

    // Accents of Latin, Greek and Cyrillic, and the optional points of Hebrew and Arabic. Vowel signs of other scripts tell words apart and stay.
    private static bool IsAccent(int c) => c is (>= 0x0300 and <= 0x036F) or (>= 0x0591 and <= 0x05C7) or 0x0640 or (>= 0x064B and <= 0x065F) or 0x0670 or (>= 0x1AB0 and <= 0x1AFF) or (>= 0x1DC0 and <= 0x1DFF);

    private enum WordPart
    {
        None,
        Letter,
        Mark,
        Single,
    }
}
