using System.Text;

namespace AgentMta.Protocol.Smtp;

/// <summary>Reads MAIL and RCPT with their ESMTP parameters (RFC 5321 4.1.1.2, 4.1.1.3, 4.1.2).</summary>
internal static class EnvelopeCommandParser
{
    private static readonly SmtpReply MailSyntax = new(501, "5.5.4", "Syntax: MAIL FROM:<address> [parameters]");
    private static readonly SmtpReply RcptSyntax = new(501, "5.5.4", "Syntax: RCPT TO:<address> [parameters]");
    private static readonly SmtpReply BadSender = new(501, "5.1.7", "The sender address is not valid");
    private static readonly SmtpReply BadRecipient = new(501, "5.1.3", "The recipient address is not valid");
    private static readonly SmtpReply BadParameter = new(501, "5.5.4", "A parameter is not valid");
    private static readonly SmtpReply UnknownParameter = new(555, "5.5.4", "A parameter is not known here");

    /// <summary>Parses what follows "MAIL ".</summary>
    public static SmtpCommand ParseMail(ReadOnlySpan<byte> rest) => Parse(SmtpVerb.Mail, rest, "FROM:"u8, MailSyntax, BadSender);

    /// <summary>Parses what follows "RCPT ".</summary>
    public static SmtpCommand ParseRcpt(ReadOnlySpan<byte> rest) => Parse(SmtpVerb.Rcpt, rest, "TO:"u8, RcptSyntax, BadRecipient);

    private static SmtpCommand Parse(SmtpVerb verb, ReadOnlySpan<byte> rest, ReadOnlySpan<byte> keyword, SmtpReply syntax, SmtpReply badAddress)
    {
        var refused = new SmtpCommand(verb);
        if (rest.Length <= keyword.Length || !Ascii.EqualsIgnoreCase(rest[..keyword.Length], keyword))
            return refused with { Fault = syntax };
        // RFC 5321 3.3 forbids the space after the colon; old clients send it and nothing is ambiguous.
        var path = rest[keyword.Length..].TrimStart((byte)' ');
        if (path.IsEmpty || path[0] != '<')
            return refused with { Fault = syntax };
        if (!SmtpPathParser.TryParse(path, verb, out var address, out var nonAscii, out var consumed))
            return refused with { Fault = badAddress };
        var parameters = path[consumed..];
        var command = new SmtpCommand(verb) { Argument = address, NonAscii = nonAscii };
        if (parameters.IsEmpty)
            return command;
        if (parameters[0] != ' ')
            return refused with { Fault = badAddress };

        foreach (var range in parameters.Split((byte)' '))
        {
            var parameter = parameters[range];
            if (parameter.IsEmpty)
                continue;
            var equals = parameter.IndexOf((byte)'=');
            var name = equals < 0 ? parameter : parameter[..equals];
            var value = equals < 0 ? default : parameter[(equals + 1)..];
            if (!IsKeyword(name) || (equals >= 0 && (value.IsEmpty || value.Contains((byte)'='))))
                return refused with { Fault = BadParameter };
            var fault = verb == SmtpVerb.Mail ? MailParameter(name, value, ref command) : RcptParameter(name, value, ref command);
            if (fault is not null)
                return refused with { Fault = fault };
        }

        return command;
    }

    private static SmtpReply? MailParameter(ReadOnlySpan<byte> name, ReadOnlySpan<byte> value, ref SmtpCommand command)
    {
        if (Is(name, "SIZE"u8)) // RFC 1870 3; more digits than a long holds are too large, not invalid
        {
            if (!Once(ref command, EsmtpParameters.Size) || value.IsEmpty || value.ContainsAnyExceptInRange((byte)'0', (byte)'9'))
                return BadParameter;
            command = command with { Size = SmtpCommandParser.TryDigits(value, out var size) ? size : long.MaxValue };
            return null;
        }

        if (Is(name, "BODY"u8)) // RFC 6152 3; BINARYMIME (RFC 3030) is not offered
        {
            if (!Once(ref command, EsmtpParameters.Body) || !(Is(value, "7BIT"u8) || Is(value, "8BITMIME"u8)))
                return BadParameter;
            command = command with { EightBit = value.Length == 8 };
            return null;
        }

        if (Is(name, "SMTPUTF8"u8)) // RFC 6531 3.4: no value
            return value.IsEmpty && Once(ref command, EsmtpParameters.SmtpUtf8) ? null : BadParameter;
        if (Is(name, "REQUIRETLS"u8)) // RFC 8689 4.1: no value
            return value.IsEmpty && Once(ref command, EsmtpParameters.RequireTls) ? null : BadParameter;
        if (Is(name, "AUTH"u8)) // RFC 4954 5: an xtext address or <>
            return (value.SequenceEqual("<>"u8) || Xtext.IsValid(value)) && Once(ref command, EsmtpParameters.Auth) ? null : BadParameter;
        if (Is(name, "RET"u8)) // RFC 3461 4.3
            return (Is(value, "FULL"u8) || Is(value, "HDRS"u8)) && Once(ref command, EsmtpParameters.Ret)
                ? Keep(ref command, (command.Dsn ?? new DsnRequest()) with { Return = Upper(value) }) : BadParameter;
        if (Is(name, "ENVID"u8)) // RFC 3461 4.4: at most 100 characters
            return value.Length <= 100 && Xtext.IsValid(value) && Once(ref command, EsmtpParameters.EnvId)
                ? Keep(ref command, (command.Dsn ?? new DsnRequest()) with { EnvelopeId = Encoding.ASCII.GetString(value) }) : BadParameter;
        return UnknownParameter;
    }

    private static SmtpReply? RcptParameter(ReadOnlySpan<byte> name, ReadOnlySpan<byte> value, ref SmtpCommand command)
    {
        if (Is(name, "NOTIFY"u8)) // RFC 3461 4.1
            return IsNotify(value) && Once(ref command, EsmtpParameters.Notify)
                ? Keep(ref command, (command.Dsn ?? new DsnRequest()) with { Notify = Upper(value) }) : BadParameter;
        if (Is(name, "ORCPT"u8)) // RFC 3461 4.2: addr-type ";" xtext, at most 500 characters; RFC 6533 3 for utf-8
        {
            var semicolon = value.IndexOf((byte)';');
            var valid = value.Length <= 500 && semicolon > 0 && IsKeyword(value[..semicolon]) && Xtext.IsValid(value[(semicolon + 1)..]);
            return valid && Once(ref command, EsmtpParameters.OriginalRecipient)
                ? Keep(ref command, (command.Dsn ?? new DsnRequest()) with { OriginalRecipient = Encoding.ASCII.GetString(value) }) : BadParameter;
        }

        return UnknownParameter;
    }

    private static SmtpReply? Keep(ref SmtpCommand command, DsnRequest dsn)
    {
        command = command with { Dsn = dsn };
        return null;
    }

    private static bool Once(ref SmtpCommand command, EsmtpParameters parameter)
    {
        var first = !command.Has(parameter);
        command = command with { Parameters = command.Parameters | parameter };
        return first;
    }

    private static bool IsNotify(ReadOnlySpan<byte> value)
    {
        if (Is(value, "NEVER"u8))
            return true;
        var seen = 0;
        foreach (var range in value.Split((byte)','))
        {
            var word = value[range];
            var bit = Is(word, "SUCCESS"u8) ? 1 : Is(word, "FAILURE"u8) ? 2 : Is(word, "DELAY"u8) ? 4 : 8;
            if (bit == 8 || (seen & bit) != 0)
                return false;
            seen |= bit;
        }

        return seen != 0;
    }

    // RFC 5321 4.1.2: esmtp-keyword
    private static bool IsKeyword(ReadOnlySpan<byte> name)
    {
        if (name.IsEmpty || name[0] == '-')
            return false;
        foreach (var octet in name)
        {
            if (!char.IsAsciiLetterOrDigit((char)octet) && octet != '-')
                return false;
        }

        return true;
    }

    private static bool Is(ReadOnlySpan<byte> word, ReadOnlySpan<byte> name) => Ascii.EqualsIgnoreCase(word, name);

    private static string Upper(ReadOnlySpan<byte> value) => Encoding.ASCII.GetString(value).ToUpperInvariant();
}
