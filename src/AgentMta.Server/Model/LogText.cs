using System.Globalization;

namespace AgentMta.Server.Model;

/// <summary>Words of a peer as a log line may hold them: without what could begin a line or steer a terminal, and not without end.</summary>
internal static class LogText
{
    /// <summary>The longest address of a line: a path of RFC 5321 4.5.3.1.3, and some that are too long.</summary>
    public const int Address = 320;

    /// <summary>The longest reply of a line.</summary>
    public const int Reply = 400;

    /// <summary>The text with a blank for each control character, line or paragraph separator and invisible mark, and an ellipsis for what is behind <paramref name="most"/>.</summary>
    public static string Clean(string text, int most)
    {
        var isCut = text.Length > most;
        var rest = isCut ? text.AsSpan(0, most) : text;
        foreach (var c in rest)
        {
            if (IsHidden(c))
                return Blank(rest, isCut);
        }

        return isCut ? string.Concat(rest, "…") : text;
    }

    private static string Blank(ReadOnlySpan<char> text, bool isCut)
    {
        var clean = text.ToString().ToCharArray();
        for (var i = 0; i < clean.Length; i++)
        {
            if (IsHidden(clean[i]))
                clean[i] = ' ';
        }

        return new string(clean) + (isCut ? "…" : "");
    }

    private static bool IsHidden(char c) => char.GetUnicodeCategory(c) is UnicodeCategory.Control or UnicodeCategory.Format or UnicodeCategory.LineSeparator or UnicodeCategory.ParagraphSeparator;
}
