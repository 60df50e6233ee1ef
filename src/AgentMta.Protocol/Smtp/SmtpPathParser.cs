using System.Net;
using System.Text;

namespace AgentMta.Protocol.Smtp;

/// <summary>Reads a forward- or reverse-path (RFC 5321 4.1.2) strictly: what is not an address never gets past the door.</summary>
public static class SmtpPathParser
{
    private const int MaxLocalPart = 64;
    private const int MaxDomain = 255;
    private const int MaxLabel = 63;

    /// <summary>Parses "&lt;path&gt;" at the start of the text. The null path is allowed for MAIL, a bare "postmaster" for RCPT.</summary>
    public static bool TryParse(ReadOnlySpan<byte> text, SmtpVerb verb, out string address, out bool nonAscii, out int consumed)
    {
        (address, nonAscii, consumed) = ("", false, 0);
        var end = ClosingBracket(text);
        if (end < 0)
            return false;
        var path = text[1..end];
        consumed = end + 1;
        if (path.IsEmpty)
            return verb == SmtpVerb.Mail;
        if (verb == SmtpVerb.Rcpt && Ascii.EqualsIgnoreCase(path, "postmaster"u8)) // RFC 5321 4.5.1
        {
            address = "postmaster";
            return true;
        }

        if (path[0] == '@' && !TrySkipRoute(ref path)) // RFC 5321 C: source routes are accepted and ignored
            return false;
        nonAscii = !Ascii.IsValid(path);
        if (nonAscii && !IsCleanUtf8(path))
            return false;
        return TryMailbox(path, out address);
    }

    /// <summary>Whether a text is a valid mailbox: local part, "@", domain or address literal.</summary>
    public static bool TryMailbox(ReadOnlySpan<byte> mailbox, out string address)
    {
        address = "";
        var local = LocalPartLength(mailbox);
        if (local is 0 or > MaxLocalPart || local >= mailbox.Length || mailbox[local] != '@' || !IsDomain(mailbox[(local + 1)..]))
            return false;
        address = mailbox[0] == '"' ? Unquote(mailbox[..local]) + Encoding.UTF8.GetString(mailbox[local..]) : Encoding.UTF8.GetString(mailbox);
        return true;
    }

    // The '>' that ends the path: one inside a quoted string does not.
    private static int ClosingBracket(ReadOnlySpan<byte> text)
    {
        if (text.IsEmpty || text[0] != '<')
            return -1;
        var quoted = false;
        for (var i = 1; i < text.Length; i++)
        {
            switch (text[i])
            {
                case (byte)'"':
                    quoted = !quoted;
                    break;
                case (byte)'\\' when quoted:
                    i++;
                    break;
                case (byte)'>' when !quoted:
                    return i;
            }
        }

        return -1;
    }

    private static bool TrySkipRoute(ref ReadOnlySpan<byte> path)
    {
        var colon = path.IndexOf((byte)':');
        if (colon < 0)
            return false;
        var route = path[..colon];
        foreach (var range in route.Split((byte)','))
        {
            var hop = route[range];
            if (hop.Length < 2 || hop[0] != '@' || !IsDomain(hop[1..]))
                return false;
        }

        path = path[(colon + 1)..];
        return true;
    }

    // Length of the dot-string or quoted-string at the start; 0 where there is none.
    private static int LocalPartLength(ReadOnlySpan<byte> mailbox)
    {
        if (mailbox.IsEmpty)
            return 0;
        if (mailbox[0] == '"')
        {
            for (var i = 1; i < mailbox.Length; i++)
            {
                if (mailbox[i] == '"')
                    return i > 1 ? i + 1 : 0;
                if (mailbox[i] == '\\' && ++i == mailbox.Length)
                    return 0;
            }

            return 0;
        }

        var length = mailbox.IndexOf((byte)'@');
        return length > 0 && IsDotString(mailbox[..length]) ? length : 0;
    }

    private static bool IsDotString(ReadOnlySpan<byte> text)
    {
        if (text.IsEmpty || text[0] == '.' || text[^1] == '.')
            return false;
        for (var i = 0; i < text.Length; i++)
        {
            var octet = text[i];
            if (octet == '.' ? text[i - 1] == '.' : !(octet >= 0x80 || char.IsAsciiLetterOrDigit((char)octet) || "!#$%&'*+-/=?^_`{|}~"u8.Contains(octet)))
                return false;
        }

        return true;
    }

    private static bool IsDomain(ReadOnlySpan<byte> domain)
    {
        if (domain.Length is 0 or > MaxDomain)
            return false;
        if (domain[0] == '[')
            return domain[^1] == ']' && IsLiteral(domain[1..^1]);
        foreach (var range in domain.Split((byte)'.'))
        {
            var label = domain[range];
            if (label.Length is 0 or > MaxLabel || label[0] == '-' || label[^1] == '-')
                return false;
            foreach (var octet in label)
            {
                // The underscore is no letter of RFC 5321, but DNS carries it and real senders use it.
                if (octet < 0x80 && !char.IsAsciiLetterOrDigit((char)octet) && octet is not ((byte)'-' or (byte)'_'))
                    return false;
            }
        }

        return true;
    }

    // RFC 5321 4.1.3
    private static bool IsLiteral(ReadOnlySpan<byte> literal)
    {
        if (!Ascii.IsValid(literal) || literal.Length > 50)
            return false;
        Span<char> text = stackalloc char[50];
        if (literal.Length > 5 && Ascii.EqualsIgnoreCase(literal[..5], "IPv6:"u8))
        {
            var length = Encoding.ASCII.GetChars(literal[5..], text);
            return !text[..length].Contains('%') && !text[..length].Contains('[') && IPAddress.TryParse(text[..length], out var six)
                && six.AddressFamily == System.Net.Sockets.AddressFamily.InterNetworkV6;
        }

        var count = Encoding.ASCII.GetChars(literal, text);
        return literal.Count((byte)'.') == 3 && !literal.ContainsAnyExceptInRange((byte)'.', (byte)'9') && !literal.Contains((byte)'/') && IPAddress.TryParse(text[..count], out _);
    }

    // RFC 5321 4.1.2: quoting that is not needed means the same mailbox, so the plain form is the one kept.
    private static string Unquote(ReadOnlySpan<byte> quoted)
    {
        Span<byte> plain = stackalloc byte[MaxLocalPart];
        var length = 0;
        for (var i = 1; i < quoted.Length - 1; i++)
        {
            if (quoted[i] == '\\')
                i++;
            plain[length++] = quoted[i];
        }

        if (IsDotString(plain[..length]))
            return Encoding.UTF8.GetString(plain[..length]);
        var text = new StringBuilder("\"");
        foreach (var c in Encoding.UTF8.GetString(plain[..length]))
        {
            if (c is '"' or '\\')
                text.Append('\\');
            text.Append(c);
        }

        return text.Append('"').ToString();
    }

    // RFC 6531 3.3: valid UTF-8; C1 controls and line separators would break what is built from addresses.
    private static bool IsCleanUtf8(ReadOnlySpan<byte> text)
    {
        while (!text.IsEmpty)
        {
            if (Rune.DecodeFromUtf8(text, out var rune, out var length) != System.Buffers.OperationStatus.Done
                || Rune.IsControl(rune) || rune.Value is 0x2028 or 0x2029 or 0xFEFF)
                return false;
            text = text[length..];
        }

        return true;
    }
}
