using System.Buffers;
using System.Globalization;
using System.Net;
using System.Net.Sockets;

namespace AgentMta.Protocol.MailAuth.Spf;

/// <summary>Reads an SPF record to the grammar of RFC 7208 12; a fault anywhere spoils the whole record (4.6).</summary>
internal static class SpfRecordParser
{
    private const string Version = "v=spf1";
    private const int UsualDirectives = 8;

    private readonly record struct Term(string Record, Range Place);

    private static readonly SearchValues<char> Ip6Characters = SearchValues.Create("0123456789abcdefABCDEF:.");

    /// <summary>RFC 7208 4.5: the version section, exactly, then a space or the end.</summary>
    public static bool IsSpf(string text) =>
        text.StartsWith(Version, StringComparison.OrdinalIgnoreCase) && (text.Length == Version.Length || text[Version.Length] == ' ');

    /// <summary>Reads a record that <see cref="IsSpf"/> accepts; null with a sentence for people where its syntax is wrong.</summary>
    public static SpfRecord? Parse(string text, out string? fault)
    {
        fault = null;
        var directives = new List<SpfDirective>(Math.Min(text.AsSpan().Count(' '), UsualDirectives));
        string? redirect = null, explanation = null;
        var rest = text.AsSpan(Version.Length);
        while (!(rest = rest.TrimStart(' ')).IsEmpty)
        {
            var end = rest.IndexOf(' ');
            var term = end < 0 ? rest : rest[..end];
            rest = rest[term.Length..];
            if (NameLength(term) is var name && name > 0 && name < term.Length && term[name] == '=')
            {
                if (!ReadModifier(term, name, ref redirect, ref explanation))
                    fault = $"bad modifier '{Show(term)}'";
            }
            else if (ReadDirective(new Term(text, (text.Length - rest.Length - term.Length)..(text.Length - rest.Length)), term) is { } directive)
            {
                directives.Add(directive);
            }
            else
            {
                fault = $"bad mechanism '{Show(term)}'";
            }

            if (fault is not null)
                return null;
        }

        return new SpfRecord(directives, redirect, explanation);
    }

    // name = ALPHA *( ALPHA / DIGIT / "-" / "_" / "." )
    private static int NameLength(ReadOnlySpan<char> term)
    {
        if (!char.IsAsciiLetter(term[0]))
            return 0;
        var i = 1;
        while (i < term.Length && (char.IsAsciiLetterOrDigit(term[i]) || term[i] is '-' or '_' or '.'))
            i++;
        return i;
    }

    private static bool ReadModifier(ReadOnlySpan<char> term, int nameLength, ref string? redirect, ref string? explanation)
    {
        var name = term[..nameLength];
        var value = term[(nameLength + 1)..];
        // RFC 7208 6: redirect and exp at most once each; unknown modifiers are ignored, but their syntax is not.
        if (name.Equals("redirect", StringComparison.OrdinalIgnoreCase))
            return SetOnce(ref redirect, value);
        return name.Equals("exp", StringComparison.OrdinalIgnoreCase)
            ? SetOnce(ref explanation, value)
            : SpfMacro.IsMacroString(value, inExplanation: true, spaces: false);
    }

    private static bool SetOnce(ref string? slot, ReadOnlySpan<char> value)
    {
        if (slot is not null || !SpfMacro.IsDomainSpec(value))
            return false;
        slot = value.ToString();
        return true;
    }

    private static SpfDirective? ReadDirective(Term text, ReadOnlySpan<char> term)
    {
        var body = term;
        var qualifier = body[0] switch
        {
            '-' => SpfStatus.Fail,
            '~' => SpfStatus.SoftFail,
            '?' => SpfStatus.Neutral,
            _ => SpfStatus.Pass,
        };
        if (body[0] is '+' or '-' or '~' or '?')
            body = body[1..];
        if (body.IsEmpty || KindOf(body, out var rest) is not { } kind)
            return null;

        switch (kind)
        {
            case SpfMechanism.All:
                return rest.IsEmpty ? new SpfDirective(qualifier, kind, text.Record, text.Place, null, 0, 32, 128) : null;
            case SpfMechanism.Ip4:
            case SpfMechanism.Ip6:
                return rest.Length > 1 && rest[0] == ':' ? ReadNetwork(kind, qualifier, text, rest[1..]) : null;
            case SpfMechanism.A:
            case SpfMechanism.Mx:
                int prefix4 = 32, prefix6 = 128;
                if (!CutDualPrefix(ref rest, ref prefix4, ref prefix6))
                    return null;
                return ReadTarget(kind, qualifier, text, rest, optional: true, prefix4, prefix6);
            case SpfMechanism.Ptr:
                return ReadTarget(kind, qualifier, text, rest, optional: true, 32, 128);
            default:
                return ReadTarget(kind, qualifier, text, rest, optional: false, 32, 128);
        }
    }

    private static SpfMechanism? KindOf(ReadOnlySpan<char> body, out ReadOnlySpan<char> rest)
    {
        var length = body.IndexOfAny(':', '/');
        var name = length < 0 ? body : body[..length];
        rest = body[name.Length..];
        return
            name.Equals("all", StringComparison.OrdinalIgnoreCase) ? SpfMechanism.All :
            name.Equals("include", StringComparison.OrdinalIgnoreCase) ? SpfMechanism.Include :
            name.Equals("a", StringComparison.OrdinalIgnoreCase) ? SpfMechanism.A :
            name.Equals("mx", StringComparison.OrdinalIgnoreCase) ? SpfMechanism.Mx :
            name.Equals("ip4", StringComparison.OrdinalIgnoreCase) ? SpfMechanism.Ip4 :
            name.Equals("ip6", StringComparison.OrdinalIgnoreCase) ? SpfMechanism.Ip6 :
            name.Equals("exists", StringComparison.OrdinalIgnoreCase) ? SpfMechanism.Exists :
            name.Equals("ptr", StringComparison.OrdinalIgnoreCase) ? SpfMechanism.Ptr : null;
    }

    private static SpfDirective? ReadTarget(
        SpfMechanism kind, SpfStatus qualifier, Term text, ReadOnlySpan<char> rest, bool optional, int prefix4, int prefix6)
    {
        if (rest.IsEmpty)
            return optional ? new SpfDirective(qualifier, kind, text.Record, text.Place, null, 0, prefix4, prefix6) : null;
        return rest[0] == ':' && SpfMacro.IsDomainSpec(rest[1..])
            ? new SpfDirective(qualifier, kind, text.Record, text.Place, rest[1..].ToString(), 0, prefix4, prefix6)
            : null;
    }

    private static SpfDirective? ReadNetwork(SpfMechanism kind, SpfStatus qualifier, Term text, ReadOnlySpan<char> value)
    {
        var bits = kind == SpfMechanism.Ip4 ? 32 : 128;
        var prefix = bits;
        var slash = value.IndexOf('/');
        if (slash >= 0)
        {
            if (!TryReadPrefix(value[(slash + 1)..], bits, out prefix))
                return null;
            value = value[..slash];
        }

        // RFC 7208 5.6: ip4-network is four decimal octets; ip6-network as in RFC 4291 2.2, so no zone and no brackets.
        if (kind == SpfMechanism.Ip4)
            return TryReadIp4(value, out var v4) ? new SpfDirective(qualifier, kind, text.Record, text.Place, null, v4, prefix, 128) : null;
        return value.IndexOf(':') >= 0 && !value.ContainsAnyExcept(Ip6Characters)
            && IPAddress.TryParse(value, out var v6) && v6.AddressFamily == AddressFamily.InterNetworkV6
            ? new SpfDirective(qualifier, kind, text.Record, text.Place, null, SpfClient.BitsOf(v6), 32, prefix)
            : null;
    }

    private static bool TryReadIp4(ReadOnlySpan<char> value, out uint address)
    {
        address = 0;
        for (var octet = 0; octet < 4; octet++)
        {
            var dot = value.IndexOf('.');
            if (dot < 0 == octet < 3)
                return false;
            var part = dot < 0 ? value : value[..dot];
            if (!TryReadNumber(part, 255, out var number))
                return false;
            address = address << 8 | (uint)number;
            value = value[Math.Min(value.Length, part.Length + 1)..];
        }

        return true;
    }

    // dual-cidr-length = [ "/" ip4 ] [ "//" ip6 ]; a domain-spec never ends in a slash and digits, so it is cut off from the right.
    private static bool CutDualPrefix(ref ReadOnlySpan<char> rest, ref int prefix4, ref int prefix6)
    {
        var slash = TrailingPrefix(rest);
        if (slash > 0 && rest[slash - 1] == '/')
        {
            if (!TryReadPrefix(rest[(slash + 1)..], 128, out prefix6))
                return false;
            rest = rest[..(slash - 1)];
            slash = TrailingPrefix(rest);
        }

        if (slash < 0)
            return true;
        if (!TryReadPrefix(rest[(slash + 1)..], 32, out prefix4))
            return false;
        rest = rest[..slash];
        return true;
    }

    private static int TrailingPrefix(ReadOnlySpan<char> text)
    {
        var slash = text.LastIndexOf('/');
        return slash >= 0 && slash < text.Length - 1 && !text[(slash + 1)..].ContainsAnyExceptInRange('0', '9') ? slash : -1;
    }

    private static bool TryReadPrefix(ReadOnlySpan<char> digits, int most, out int value) => TryReadNumber(digits, most, out value);

    // No sign, no white space, no leading zero (qnum and cidr-length alike).
    private static bool TryReadNumber(ReadOnlySpan<char> digits, int most, out int value)
    {
        value = 0;
        return digits.Length is > 0 and <= 3 && !digits.ContainsAnyExceptInRange('0', '9') && (digits.Length == 1 || digits[0] != '0')
            && int.TryParse(digits, NumberStyles.None, CultureInfo.InvariantCulture, out value) && value <= most;
    }

    private static string Show(ReadOnlySpan<char> term)
    {
        var shown = term.Length > 80 ? string.Concat(term[..80], "…") : term.ToString();
        return string.Create(shown.Length, shown, static (span, from) =>
        {
            for (var i = 0; i < span.Length; i++)
                span[i] = from[i] is > ' ' and < '\u007f' or '…' ? from[i] : '?';
        });
    }
}
