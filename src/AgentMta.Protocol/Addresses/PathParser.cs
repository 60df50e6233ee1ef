using System.Text;

namespace AgentMta.Protocol.Addresses;

/// <summary>Reads the <c>&lt;path&gt;</c> of MAIL and RCPT (RFC 5321 4.1.1.2, 4.1.2): strict, since the sender is a program.</summary>
public static class PathParser
{
    /// <summary>Reads a path at the start of <paramref name="text"/>.</summary>
    /// <param name="text">What follows "FROM:" or "TO:".</param>
    /// <param name="smtpUtf8">Whether non-ASCII is allowed (RFC 6531).</param>
    /// <param name="mailbox">Null for the null path, and for a bare postmaster, whose <see cref="Mailbox.Domain"/> would be empty.</param>
    /// <param name="consumed">Length of the path with its brackets; parameters follow.</param>
    public static PathFault Parse(ReadOnlySpan<char> text, bool smtpUtf8, out Mailbox? mailbox, out int consumed)
    {
        mailbox = null;
        consumed = 0;
        if (text.IsEmpty || text[0] != '<' || End(text) is not (> 0 and var end))
            return PathFault.Syntax;
        consumed = end + 1;
        var inner = text[1..end];
        if (inner.IsEmpty)
            return PathFault.None;
        if (inner[0] == '@')
        {
            // RFC 5321 appendix C: a source route is accepted and ignored.
            var colon = inner.IndexOf(':');
            if (colon < 0 || !IsRoute(inner[..colon]))
                return PathFault.Syntax;
            inner = inner[(colon + 1)..];
        }

        return ParseMailbox(inner.ToString(), smtpUtf8, out mailbox);
    }

    /// <summary>RFC 5321 4.1.1.3: <c>RCPT TO:&lt;Postmaster&gt;</c> needs no domain.</summary>
    public static bool IsBarePostmaster(ReadOnlySpan<char> text) => text.StartsWith("<postmaster>", StringComparison.OrdinalIgnoreCase);

    internal static PathFault ParseMailbox(string text, bool smtpUtf8, out Mailbox? mailbox)
    {
        mailbox = null;
        if (!Ascii.IsValid(text) && !smtpUtf8)
            return PathFault.NeedsSmtpUtf8;
        var at = SplitAt(text);
        if (at <= 0 || at == text.Length - 1 || HasBrokenSurrogate(text))
            return PathFault.Syntax;
        if (LocalPart(text[..at]) is not { } local)
            return PathFault.Syntax;
        var domainText = text[(at + 1)..];
        var domain = domainText[0] == '[' ? DomainName.NormaliseLiteral(domainText) : domainText[^1] == '.' ? null : DomainName.Normalise(domainText);
        if (Encoding.UTF8.GetByteCount(text[..at]) > Mailbox.MaxLocalPart || domainText.Length > DomainName.MaxLength)
            return PathFault.TooLong;
        if (domain is null)
            return PathFault.Syntax;
        var parsed = new Mailbox(local, domain);
        if (Encoding.UTF8.GetByteCount(parsed.Address) > Mailbox.MaxAddress)
            return PathFault.TooLong;
        mailbox = parsed;
        return PathFault.None;
    }

    private static int End(ReadOnlySpan<char> text)
    {
        var quoted = false;
        for (var i = 1; i < text.Length; i++)
        {
            if (quoted && text[i] == '\\')
                i++;
            else if (text[i] == '"')
                quoted = !quoted;
            else if (text[i] == '>' && !quoted)
                return i;
        }

        return -1;
    }

    private static bool IsRoute(ReadOnlySpan<char> route)
    {
        foreach (var range in route.Split(','))
        {
            var hop = route[range];
            if (hop.Length < 2 || hop[0] != '@' || DomainName.Normalise(hop[1..].ToString()) is null)
                return false;
        }

        return true;
    }

    private static int SplitAt(string text)
    {
        if (text[0] != '"')
            return text.IndexOf('@', StringComparison.Ordinal);
        for (var i = 1; i < text.Length; i++)
        {
            if (text[i] == '\\')
                i++;
            else if (text[i] == '"')
                return i + 1 < text.Length && text[i + 1] == '@' ? i + 1 : -1;
        }

        return -1;
    }

    // RFC 5321 4.1.2: Dot-string, or Quoted-string of qtextSMTP and quoted-pairSMTP; no control characters in either.
    private static string? LocalPart(string text)
    {
        if (text[0] != '"')
            return LocalPartSyntax.IsDotAtom(text) && !text.Any(char.IsControl) ? text : null;
        var value = new StringBuilder(text.Length);
        for (var i = 1; i < text.Length - 1; i++)
        {
            if (text[i] == '\\' && ++i >= text.Length - 1 || char.IsControl(text[i]))
                return null;
            value.Append(text[i]);
        }

        return value.Length == 0 ? null : value.ToString();
    }

    private static bool HasBrokenSurrogate(string text)
    {
        foreach (var rune in text.EnumerateRunes())
        {
            if (rune == Rune.ReplacementChar)
                return true;
        }

        return false;
    }
}
