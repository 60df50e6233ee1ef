using System.Diagnostics.CodeAnalysis;
using System.Globalization;
using System.Net;
using System.Net.Sockets;
using System.Text;

namespace AgentMta.Protocol.Dns;

/// <summary>Reads the RDATA words of one entry of a master file by the record's type.</summary>
internal sealed class ZoneRecordParser(List<ZoneToken> tokens, int first, string origin)
{
    private const int MaxStringLength = 255;

    private int _next = first;

    /// <summary>What is wrong, after <see cref="Parse"/> returned null.</summary>
    public string Error { get; private set; } = "";

    public DnsRecord? Parse(string owner, DnsRecordType type, uint ttl)
    {
        DnsRecord? record;
        if (_next < tokens.Count && tokens[_next] is { Quoted: false, Text: "\\#" })
            record = Generic(owner, type, ttl);
        else
            record = type switch
            {
                DnsRecordType.A => Address(AddressFamily.InterNetwork) is { } v4 ? new AddressRecord(owner, ttl, v4) : null,
                DnsRecordType.AAAA => Address(AddressFamily.InterNetworkV6) is { } v6 ? new AddressRecord(owner, ttl, v6) : null,
                DnsRecordType.CNAME or DnsRecordType.NS or DnsRecordType.PTR => Name(out var target) ? new NameRecord(owner, type, ttl, target) : null,
                DnsRecordType.MX => Number(ushort.MaxValue, out var preference) && Name(out var host) ? new MxRecord(owner, ttl, (ushort)preference, host) : null,
                DnsRecordType.TXT => Strings() is { } text ? new TxtRecord(owner, ttl, text) : null,
                DnsRecordType.SOA => Soa(owner, ttl),
                DnsRecordType.TLSA => Number(byte.MaxValue, out var usage) && Number(byte.MaxValue, out var selector) && Number(byte.MaxValue, out var matching)
                    && Hex() is { } data ? new TlsaRecord(owner, ttl, (byte)usage, (byte)selector, (byte)matching, data) : null,
                DnsRecordType.CAA => Number(byte.MaxValue, out var flags) && String(out var tag) && String(out var value)
                    ? Caa(owner, ttl, (byte)flags, tag, value) : null,
                _ => Fail($"the data of {type} must be written as \\# length hex (RFC 3597)"),
            };
        if (record is not null && _next < tokens.Count)
            return Fail($"there are {tokens.Count - _next} words after the data of {type}");
        return record;
    }

    /// <summary>A name: absolute with a trailing dot, the origin as @, else relative to the origin.</summary>
    public static bool TryName(ZoneToken token, string origin, [NotNullWhen(true)] out string? name)
    {
        name = origin;
        if (token is { Text: "@", Quoted: false })
            return true;
        name = null;
        if (token.Text.Length == 0)
            return false;
        var relative = origin.Length > 0 && !EndsInDot(token.Text);
        return DnsName.TryNormalize(relative ? $"{token.Text}.{origin}" : token.Text, out name);
    }

    /// <summary>Seconds, or BIND's 1w2d3h4m5s.</summary>
    public static bool TrySeconds(string text, out uint seconds)
    {
        seconds = 0;
        ulong total = 0, number = 0;
        var digits = false;
        foreach (var c in text)
        {
            if (char.IsAsciiDigit(c))
            {
                number = (number * 10) + (uint)(c - '0');
                digits = true;
            }
            else
            {
                var unit = (c | 0x20) switch { 'w' => 604_800u, 'd' => 86_400u, 'h' => 3_600u, 'm' => 60u, 's' => 1u, _ => 0u };
                if (unit == 0 || !digits)
                    return false;
                total += number * unit;
                number = 0;
                digits = false;
            }

            if (number > uint.MaxValue || total > uint.MaxValue)
                return false;
        }

        total += number;
        seconds = (uint)total;
        return text.Length > 0 && total <= uint.MaxValue;
    }

    public static bool IsClass(string word, out bool supported)
    {
        supported = word.Equals("IN", StringComparison.OrdinalIgnoreCase) || word.Equals("CLASS1", StringComparison.OrdinalIgnoreCase);
        return supported || word.Equals("CH", StringComparison.OrdinalIgnoreCase) || word.Equals("HS", StringComparison.OrdinalIgnoreCase)
            || word.Equals("CS", StringComparison.OrdinalIgnoreCase);
    }

    public static bool TryType(string word, out DnsRecordType type)
    {
        // RFC 3597 5: any type can be written by number.
        if (word.StartsWith("TYPE", StringComparison.OrdinalIgnoreCase) && ushort.TryParse(word.AsSpan(4), NumberStyles.None, CultureInfo.InvariantCulture, out var number))
            type = (DnsRecordType)number;
        else if (word.Length == 0 || !char.IsAsciiLetter(word[0]) || !Enum.TryParse(word, ignoreCase: true, out type))
            type = 0;
        return type != 0 && type != DnsRecordType.OPT;
    }

    private static bool EndsInDot(string text)
    {
        for (var i = 0; i < text.Length; i++)
        {
            if (text[i] == '\\')
                i++;
            else if (text[i] == '.' && i == text.Length - 1)
                return true;
        }

        return false;
    }

    private SoaRecord? Soa(string owner, uint ttl)
    {
        if (!Name(out var primary) || !Name(out var mailbox) || !Number(uint.MaxValue, out var serial) || !Seconds(out var refresh)
            || !Seconds(out var retry) || !Seconds(out var expire) || !Seconds(out var minimum))
            return null;
        return new SoaRecord(owner, ttl, primary, mailbox, serial, refresh, retry, expire, minimum);
    }

    private CaaRecord? Caa(string owner, uint ttl, byte flags, string tag, string value)
    {
        // RFC 8659 4.1: one to 255 letters and digits.
        if (tag.Length > 0 && tag.All(char.IsAsciiLetterOrDigit))
            return new CaaRecord(owner, ttl, flags, tag, value);
        Fail("the tag of a CAA record is letters and digits");
        return null;
    }

    private DnsRecord? Generic(string owner, DnsRecordType type, uint ttl)
    {
        _next++;
        if (!Number(ushort.MaxValue, out var length))
            return null;
        if ((length == 0 && _next == tokens.Count ? [] : Hex()) is not { } data)
            return null;
        if (data.Length != length)
            return Fail($"\\# promises {length} octets, {data.Length} follow");
        var reader = new DnsWireReader(data, 0);
        return DnsRecordReader.Read(ref reader, owner, type, ttl, data.Length) ?? Fail($"the octets are not the data of {type}");
    }

    private IPAddress? Address(AddressFamily family)
    {
        if (!Word(out var word))
            return null;
        // The run-time's parser also takes octal, hexadecimal and short forms; a dotted quad is its own canonical form.
        if (IPAddress.TryParse(word, out var address) && address.AddressFamily == family
            && (family == AddressFamily.InterNetworkV6 ? !word.Contains('%') && !word.Contains('[') : address.ToString() == word))
            return address;
        Fail($"'{word}' is not an {(family == AddressFamily.InterNetworkV6 ? "IPv6" : "IPv4")} address");
        return null;
    }

    private bool Name([NotNullWhen(true)] out string? name)
    {
        name = null;
        if (!Word(out var word))
            return false;
        if (TryName(tokens[_next - 1], origin, out name))
            return true;
        return No($"'{word}' is not a name");
    }

    private bool Number(uint most, out uint value)
    {
        value = 0;
        if (!Word(out var word))
            return false;
        if (uint.TryParse(word, NumberStyles.None, CultureInfo.InvariantCulture, out value) && value <= most)
            return true;
        return No($"'{word}' is not a number up to {most}");
    }

    private bool Seconds(out uint value)
    {
        value = 0;
        if (!Word(out var word))
            return false;
        if (TrySeconds(word, out value))
            return true;
        return No($"'{word}' is not a time");
    }

    private byte[]? Hex()
    {
        var digits = new StringBuilder();
        while (_next < tokens.Count)
            digits.Append(tokens[_next++].Text);
        var text = digits.ToString();
        if (text.Length > 0 && text.Length % 2 == 0 && text.Length <= 2 * ushort.MaxValue && text.All(char.IsAsciiHexDigit))
            return Convert.FromHexString(text);
        Fail("hexadecimal digits, two for an octet, are missing");
        return null;
    }

    private string? Strings()
    {
        if (!String(out var first))
            return null;
        if (_next == tokens.Count)
            return first;
        var joined = new StringBuilder(first);
        while (_next < tokens.Count)
        {
            if (!String(out var more))
                return null;
            joined.Append(more);
        }

        if (joined.Length + tokens.Count <= ushort.MaxValue)
            return joined.ToString();
        Fail("the strings do not fit into one record");
        return null;
    }

    private bool String([NotNullWhen(true)] out string? value)
    {
        value = null;
        if (!Word(out var word))
            return false;
        var decoded = new StringBuilder(word.Length);
        for (var i = 0; i < word.Length; i++)
        {
            int octet = word[i];
            if (octet == '\\' && (octet = DnsName.ReadEscape(word, ref i)) < 0)
                return No("a backslash stands before three digits up to 255 or one character");
            decoded.Append((char)octet);
        }

        value = decoded.ToString();
        // RFC 1035 3.3: a character-string has one octet of length.
        return value.Length <= MaxStringLength || No("a string is longer than 255 octets; write it as several, each in quotes");
    }

    private bool Word([NotNullWhen(true)] out string? word)
    {
        word = _next < tokens.Count ? tokens[_next++].Text : null;
        return word is not null || No("the data ends too early");
    }

    private DnsRecord? Fail(string message)
    {
        Error = message;
        return null;
    }

    private bool No(string message)
    {
        Error = message;
        return false;
    }
}
