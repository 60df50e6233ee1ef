namespace AgentMta.Protocol.MailAuth.Spf;

/// <summary>Reads the macro language of RFC 7208 7: one macro at a time, without look-ahead and without state.</summary>
/// <param name="Letter">Macro letter in lower case, or '%', '_' or '-' for the escapes.</param>
/// <param name="Escape">Written in upper case: the expansion is URL-escaped.</param>
/// <param name="Keep">How many right-hand parts to keep; 0 keeps all.</param>
/// <param name="Reverse">Reverse the parts first.</param>
/// <param name="DelimiterStart">Where the delimiters begin in the macro-string.</param>
/// <param name="DelimiterCount">How many there are; 0 means ".".</param>
internal readonly record struct SpfMacro(char Letter, bool Escape, int Keep, bool Reverse, int DelimiterStart, int DelimiterCount)
{
    private const string DomainLetters = "slodiphv";
    private const string ExplanationLetters = "slodiphvcrt";
    private const string Delimiters = ".-+,/_=";

    /// <summary>Reads the macro-expand that begins with the '%' at <paramref name="at"/> and moves behind it; false on a syntax error.</summary>
    public static bool TryRead(ReadOnlySpan<char> text, ref int at, bool inExplanation, out SpfMacro macro)
    {
        macro = default;
        if (at + 1 >= text.Length)
            return false;
        var next = text[at + 1];
        if (next is '%' or '_' or '-')
        {
            macro = new SpfMacro(next, false, 0, false, 0, 0);
            at += 2;
            return true;
        }

        if (next != '{' || at + 2 >= text.Length)
            return false;
        var i = at + 2;
        var letter = char.ToLowerInvariant(text[i]);
        // RFC 7208 7.2: c, r and t only in explanation text.
        if (!(inExplanation ? ExplanationLetters : DomainLetters).Contains(letter, StringComparison.Ordinal))
            return false;
        var escape = char.IsAsciiLetterUpper(text[i++]);

        var keep = 0;
        var digits = i;
        for (; i < text.Length && char.IsAsciiDigit(text[i]); i++)
            keep = Math.Min(keep * 10 + (text[i] - '0'), 1000);
        if (i > digits && keep == 0)
            return false; // RFC 7208 7.1: a DIGIT of zero is a syntax error.

        var reverse = i < text.Length && text[i] is 'r' or 'R';
        if (reverse)
            i++;
        var delimiters = i;
        while (i < text.Length && Delimiters.Contains(text[i], StringComparison.Ordinal))
            i++;
        if (i >= text.Length || text[i] != '}')
            return false;
        macro = new SpfMacro(letter, escape, keep, reverse, delimiters, i - delimiters);
        at = i + 1;
        return true;
    }

    /// <summary>RFC 7208 7.1: macro-string = *( macro-expand / macro-literal ), macro-literal being visible ASCII but '%'.</summary>
    public static bool IsMacroString(ReadOnlySpan<char> text, bool inExplanation, bool spaces)
    {
        for (var i = 0; i < text.Length;)
        {
            if (text[i] == '%')
            {
                if (!TryRead(text, ref i, inExplanation, out _))
                    return false;
            }
            else if (text[i] is > ' ' and < '\u007f' || (spaces && text[i] == ' '))
            {
                i++;
            }
            else
            {
                return false;
            }
        }

        return true;
    }

    /// <summary>RFC 7208 7.1: domain-spec = macro-string domain-end; it ends in a macro or in a dot and a top label.</summary>
    public static bool IsDomainSpec(ReadOnlySpan<char> text)
    {
        var macroEnd = 0;
        for (var i = 0; i < text.Length;)
        {
            if (text[i] == '%')
            {
                if (!TryRead(text, ref i, false, out _))
                    return false;
                macroEnd = i;
            }
            else if (text[i] is > ' ' and < '\u007f')
            {
                i++;
            }
            else
            {
                return false;
            }
        }

        if (text.Length > 0 && macroEnd == text.Length)
            return true;
        var literal = text[macroEnd..];
        if (literal.Length > 0 && literal[^1] == '.')
            literal = literal[..^1];
        var dot = literal.LastIndexOf('.');
        return dot >= 0 && IsTopLabel(literal[(dot + 1)..]);
    }

    // toplabel = ( *alphanum ALPHA *alphanum ) / ( 1*alphanum "-" *( alphanum / "-" ) alphanum )
    private static bool IsTopLabel(ReadOnlySpan<char> label)
    {
        if (label.IsEmpty || label[0] == '-' || label[^1] == '-')
            return false;
        var notNumber = false;
        foreach (var c in label)
        {
            if (!char.IsAsciiLetterOrDigit(c) && c != '-')
                return false;
            notNumber |= !char.IsAsciiDigit(c);
        }

        return notNumber;
    }
}
