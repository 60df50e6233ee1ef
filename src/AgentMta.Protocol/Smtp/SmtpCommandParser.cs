using System.Buffers;
using System.Text;

namespace AgentMta.Protocol.Smtp;

/// <summary>Reads one command line (RFC 5321 4.1); hostile lines become a <see cref="SmtpCommand.Fault"/>, never an exception.</summary>
public static class SmtpCommandParser
{
    private static readonly SmtpReply Unrecognized = new(500, "5.5.2", "Command not recognized");
    private static readonly SmtpReply ControlOctets = new(500, "5.5.2", "Control characters are not allowed in commands");
    private static readonly SmtpReply EightBitOctets = new(500, "5.5.2", "Octets beyond ASCII need SMTPUTF8");
    private static readonly SmtpReply NoArguments = new(501, "5.5.4", "This command takes no argument");
    private static readonly SmtpReply NeedsArgument = new(501, "5.5.4", "This command needs an argument");
    private static readonly SmtpReply BadName = new(501, "5.5.4", "Name the host, as a domain or an address literal");
    private static readonly SmtpReply BadChunk = new(501, "5.5.4", "Syntax: BDAT <octets> [LAST]");
    private static readonly SmtpReply BadAuth = new(501, "5.5.4", "Syntax: AUTH <mechanism> [initial-response]");

    // What an EHLO argument may hold; underscore and slash are not in RFC 1123 but harmless, and sent by real hosts.
    private static readonly SearchValues<byte> NameOctets =
        SearchValues.Create("ABCDEFGHIJKLMNOPQRSTUVWXYZabcdefghijklmnopqrstuvwxyz0123456789.-_:[]/"u8);

    private static readonly SearchValues<byte> Base64Octets =
        SearchValues.Create("ABCDEFGHIJKLMNOPQRSTUVWXYZabcdefghijklmnopqrstuvwxyz0123456789+/="u8);

    /// <summary>Parses a line without its CRLF.</summary>
    public static SmtpCommand Parse(ReadOnlySpan<byte> line)
    {
        if (line.IndexOfAnyInRange((byte)0, (byte)31) >= 0 || line.Contains((byte)127))
            return new SmtpCommand(SmtpVerb.Unknown) { Fault = ControlOctets };
        line = line.TrimEnd((byte)' '); // RFC 5321 4.1.1: trailing white space is tolerated
        var space = line.IndexOf((byte)' ');
        var word = space < 0 ? line : line[..space];
        var rest = space < 0 ? default : line[space..].TrimStart((byte)' ');
        var verb = Verb(word);
        if (verb is not (SmtpVerb.Mail or SmtpVerb.Rcpt) && !Ascii.IsValid(rest))
            return new SmtpCommand(verb) { Fault = verb is SmtpVerb.Ehlo or SmtpVerb.Helo ? BadName : EightBitOctets };

        return verb switch
        {
            SmtpVerb.Unknown => new SmtpCommand(verb) { Fault = Unrecognized },
            SmtpVerb.Mail => EnvelopeCommandParser.ParseMail(rest),
            SmtpVerb.Rcpt => EnvelopeCommandParser.ParseRcpt(rest),
            SmtpVerb.Ehlo or SmtpVerb.Helo => Hello(verb, rest),
            SmtpVerb.Bdat => Bdat(rest),
            SmtpVerb.Auth => Auth(rest),
            SmtpVerb.Vrfy or SmtpVerb.Expn => new SmtpCommand(verb) { Fault = rest.IsEmpty ? NeedsArgument : null },
            SmtpVerb.Noop or SmtpVerb.Help => new SmtpCommand(verb), // RFC 5321 4.1.1.9: the argument is ignored
            _ => new SmtpCommand(verb) { Fault = rest.IsEmpty ? null : NoArguments },
        };
    }

    private static SmtpVerb Verb(ReadOnlySpan<byte> word)
    {
        if (word.Length == 8 && Is(word, "STARTTLS"u8))
            return SmtpVerb.StartTls;
        if (word.Length != 4)
            return SmtpVerb.Unknown;
        return (word[0] | 0x20) switch
        {
            'm' when Is(word, "MAIL"u8) => SmtpVerb.Mail,
            'r' when Is(word, "RCPT"u8) => SmtpVerb.Rcpt,
            'r' when Is(word, "RSET"u8) => SmtpVerb.Rset,
            'd' when Is(word, "DATA"u8) => SmtpVerb.Data,
            'e' when Is(word, "EHLO"u8) => SmtpVerb.Ehlo,
            'e' when Is(word, "EXPN"u8) => SmtpVerb.Expn,
            'h' when Is(word, "HELO"u8) => SmtpVerb.Helo,
            'h' when Is(word, "HELP"u8) => SmtpVerb.Help,
            'b' when Is(word, "BDAT"u8) => SmtpVerb.Bdat,
            'n' when Is(word, "NOOP"u8) => SmtpVerb.Noop,
            'q' when Is(word, "QUIT"u8) => SmtpVerb.Quit,
            'v' when Is(word, "VRFY"u8) => SmtpVerb.Vrfy,
            'a' when Is(word, "AUTH"u8) => SmtpVerb.Auth,
            _ => SmtpVerb.Unknown,
        };
    }

    private static bool Is(ReadOnlySpan<byte> word, ReadOnlySpan<byte> name) => Ascii.EqualsIgnoreCase(word, name);

    // RFC 5321 4.1.4: a name is not refused for failing verification, only for not being one.
    private static SmtpCommand Hello(SmtpVerb verb, ReadOnlySpan<byte> rest) =>
        rest.IsEmpty || rest.Length > 255 || rest.ContainsAnyExcept(NameOctets)
            ? new SmtpCommand(verb) { Fault = BadName }
            : new SmtpCommand(verb) { Argument = Encoding.ASCII.GetString(rest) };

    // RFC 3030 2: bdat-cmd = "BDAT" SP chunk-size [SP "LAST"]
    private static SmtpCommand Bdat(ReadOnlySpan<byte> rest)
    {
        var space = rest.IndexOf((byte)' ');
        var last = space >= 0;
        if ((last && !Is(rest[(space + 1)..], "LAST"u8)) || !TryDigits(last ? rest[..space] : rest, out var size))
            return new SmtpCommand(SmtpVerb.Bdat) { Fault = BadChunk };
        return new SmtpCommand(SmtpVerb.Bdat) { Size = size, Last = last };
    }

    // RFC 4954 4: the initial response is base64, or "=" for an empty one.
    private static SmtpCommand Auth(ReadOnlySpan<byte> rest)
    {
        var space = rest.IndexOf((byte)' ');
        var mechanism = space < 0 ? rest : rest[..space];
        var response = space < 0 ? default : rest[(space + 1)..];
        if (mechanism.IsEmpty || mechanism.Length > 20 || response.ContainsAnyExcept(Base64Octets))
            return new SmtpCommand(SmtpVerb.Auth) { Fault = BadAuth };
        return new SmtpCommand(SmtpVerb.Auth)
        {
            Argument = Encoding.ASCII.GetString(mechanism).ToUpperInvariant(),
            InitialResponse = space < 0 ? null : Encoding.ASCII.GetString(response),
        };
    }

    /// <summary>RFC 1870 and 3030 sizes: 1 to 18 digits, which a long holds.</summary>
    internal static bool TryDigits(ReadOnlySpan<byte> text, out long value)
    {
        value = 0;
        if (text.Length is 0 or > 18)
            return false;
        foreach (var octet in text)
        {
            if (octet is < (byte)'0' or > (byte)'9')
                return false;
            value = (value * 10) + (octet - '0');
        }

        return true;
    }
}
