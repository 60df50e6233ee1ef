using System.Buffers;
using System.Text;

namespace AgentMta.Protocol.MailAuth;

/// <summary>Puts text that a stranger chose into header fields of ours: quoted where it must be, and never a line end, a control character or an endless line.</summary>
internal static class HeaderValue
{
    private const int MaxLength = 400;

    // RFC 2045 5.1 token: visible ASCII but tspecials.
    private static readonly SearchValues<char> TokenCharacters =
        SearchValues.Create("!#$%&'*+-.0123456789ABCDEFGHIJKLMNOPQRSTUVWXYZ^_`abcdefghijklmnopqrstuvwxyz{|}~");

    private static readonly SearchValues<char> AtomCharacters =
        SearchValues.Create("!#$%&'*+-/0123456789=?ABCDEFGHIJKLMNOPQRSTUVWXYZ^_`abcdefghijklmnopqrstuvwxyz{|}~");

    /// <summary>A value: the token itself, or a quoted string.</summary>
    public static string Value(string text)
    {
        var clean = Clean(text);
        return clean.Length > 0 && !clean.AsSpan().ContainsAnyExcept(TokenCharacters) ? clean : Quote(clean);
    }

    /// <summary>pvalue (RFC 8601 2.2): [ [ local-part ] "@" ] domain-name, the local-part quoted where it is no dot-atom; else a value.</summary>
    public static string Address(string address)
    {
        var clean = Clean(address);
        var at = clean.LastIndexOf('@');
        var domain = clean[(at + 1)..];
        if (at < 0 || domain.Length == 0 || domain.AsSpan().ContainsAnyExcept(TokenCharacters))
            return Value(clean);
        var local = clean[..at];
        return local.Length == 0 || IsDotAtom(local) ? clean : Quote(local) + "@" + domain;
    }

    /// <summary>Words in a comment (RFC 5322 3.2.2).</summary>
    public static string Comment(string text) =>
        "(" + Clean(text).Replace("\\", "\\\\", StringComparison.Ordinal).Replace("(", "\\(", StringComparison.Ordinal).Replace(")", "\\)", StringComparison.Ordinal) + ")";

    /// <summary>A quoted string, even where a token would do.</summary>
    public static string Quote(string text) =>
        "\"" + Clean(text).Replace("\\", "\\\\", StringComparison.Ordinal).Replace("\"", "\\\"", StringComparison.Ordinal) + "\"";

    private static bool IsDotAtom(string local)
    {
        foreach (var range in local.AsSpan().Split('.'))
        {
            var atom = local.AsSpan(range);
            if (atom.IsEmpty || atom.ContainsAnyExcept(AtomCharacters))
                return false;
        }

        return true;
    }

    // RFC 6532 allows UTF-8 in fields; line ends and other controls become spaces, lone surrogates and the like a question mark.
    private static string Clean(string text)
    {
        if (text.Length <= MaxLength && !text.AsSpan().ContainsAnyExceptInRange(' ', '~'))
            return text;
        var clean = new StringBuilder();
        foreach (var rune in text.EnumerateRunes())
        {
            if (clean.Length >= MaxLength)
            {
                clean.Append("...");
                break;
            }

            clean.Append(Rune.IsControl(rune) || rune.Value is 0x2028 or 0x2029 ? " " : rune == Rune.ReplacementChar ? "?" : rune.ToString());
        }

        return clean.ToString();
    }
}
