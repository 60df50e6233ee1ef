using System.Collections.Frozen;
using System.Reflection;
using System.Text;

namespace AgentMta.Server.Model;

/// <summary>What letters are found by where that is not their lower case: é by e, ß by ss, Ａ by a (folds.txt, which folds.py writes).</summary>
internal static class SearchFolds
{
    private static readonly FrozenDictionary<char, string> Folds = Load();

    /// <summary>The plain form; null where the letter has none.</summary>
    public static string? Of(char letter) => Folds.GetValueOrDefault(letter);

    private static FrozenDictionary<char, string> Load()
    {
        using var reader = new StreamReader(Assembly.GetExecutingAssembly().GetManifestResourceStream("AgentMta.Server.Model.folds.txt")!);
        var folds = new Dictionary<char, string>();
        while (reader.ReadLine() is { } line)
        {
            if (line[0] == '#')
                continue;
            var space = line.IndexOf(' ', StringComparison.Ordinal);
            foreach (var letter in line.AsSpan(space + 1))
                folds.Add(letter, line[..space]);
        }

        return folds.ToFrozenDictionary();
    }
}

/// <summary>Puts syllables together that come in pieces (file names of macOS), as Unicode 3.12 says.</summary>
internal static class Hangul
{
    public const int FirstVowel = 0x1160;
    public const int LastFinal = 0x11FF;
    private const int Syllables = 0xAC00;
    private const int Leads = 0x1100;
    private const int LeadCount = 19;
    private const int Vowels = 0x1161;
    private const int VowelCount = 21;
    private const int Finals = 0x11A7;
    private const int FinalCount = 28;

    /// <summary>Joins a vowel or final to the last character; false where they do not make a syllable.</summary>
    public static bool TryCompose(StringBuilder text, int piece)
    {
        if (text.Length == 0)
            return false;
        var last = text[^1];
        if (last - Leads is >= 0 and < LeadCount && piece - Vowels is >= 0 and < VowelCount)
            text[^1] = (char)(Syllables + ((((last - Leads) * VowelCount) + piece - Vowels) * FinalCount));
        else if (last is >= (char)Syllables and <= '\ud7a3' && (last - Syllables) % FinalCount == 0 && piece - Finals is > 0 and < FinalCount)
            text[^1] = (char)(last + piece - Finals);
        else
            return false;
        return true;
    }
}
