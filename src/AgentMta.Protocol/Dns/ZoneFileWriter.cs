using System.Globalization;
using System.Text;

namespace AgentMta.Protocol.Dns;

/// <summary>Writes records as a master file (RFC 1035 5.1) with absolute names, to show people what to publish; <see cref="ZoneFileParser"/> reads it back.</summary>
public static class ZoneFileWriter
{
    private const int MaxStringLength = 255;

    /// <summary>One line for each record.</summary>
    public static string Write(IEnumerable<DnsRecord> records)
    {
        var text = new StringBuilder();
        foreach (var record in records)
        {
            Name(text, record.Name);
            text.Append(CultureInfo.InvariantCulture, $"\t{record.Ttl}\tIN\t");
            Data(text, record);
            text.Append('\n');
        }

        return text.ToString();
    }

    private static void Data(StringBuilder text, DnsRecord record)
    {
        if (record is OpaqueRecord opaque)
        {
            // RFC 3597 5: the form that every server reads, whatever it knows of the type.
            text.Append(CultureInfo.InvariantCulture, $"TYPE{(int)record.Type}\t\\# {opaque.Data.Length} {Convert.ToHexStringLower(opaque.Data)}");
            return;
        }

        text.Append(CultureInfo.InvariantCulture, $"{record.Type}\t");
        switch (record)
        {
            case AddressRecord address:
                text.Append(address.Address);
                break;
            case NameRecord name:
                Name(text, name.Target);
                break;
            case MxRecord mx:
                text.Append(CultureInfo.InvariantCulture, $"{mx.Preference} ");
                Name(text, mx.Host);
                break;
            case TxtRecord txt:
                for (var at = 0; at == 0 || at < txt.Text.Length; at += MaxStringLength)
                    Quoted(text.Append(at == 0 ? "" : " "), txt.Text.AsSpan(at, Math.Min(MaxStringLength, txt.Text.Length - at)));
                break;
            case SoaRecord soa:
                Name(text, soa.PrimaryServer);
                Name(text.Append(' '), soa.Mailbox);
                text.Append(CultureInfo.InvariantCulture, $" {soa.Serial} {soa.Refresh} {soa.Retry} {soa.Expire} {soa.Minimum}");
                break;
            case TlsaRecord tlsa:
                text.Append(CultureInfo.InvariantCulture, $"{tlsa.Usage} {tlsa.Selector} {tlsa.MatchingType} {Convert.ToHexStringLower(tlsa.Data)}");
                break;
            case CaaRecord caa:
                text.Append(CultureInfo.InvariantCulture, $"{caa.Flags} {caa.Tag} ");
                Quoted(text, caa.Value);
                break;
        }
    }

    private static void Name(StringBuilder text, string name)
    {
        foreach (var c in name)
        {
            // What has a meaning in master files beyond that in names.
            if (c is '"' or '(' or ')' or ';' or '@' or '$')
                text.Append('\\');
            text.Append(c);
        }

        text.Append('.');
    }

    private static void Quoted(StringBuilder text, ReadOnlySpan<char> value)
    {
        text.Append('"');
        foreach (var c in value)
        {
            if (c is '"' or '\\')
                text.Append('\\').Append(c);
            else if (c is >= ' ' and <= '~')
                text.Append(c);
            else
                text.Append(CultureInfo.InvariantCulture, $"\\{(int)c:D3}");
        }

        text.Append('"');
    }
}
