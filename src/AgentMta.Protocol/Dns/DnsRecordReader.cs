using System.Net;
using System.Text;

namespace AgentMta.Protocol.Dns;

/// <summary>Reads the RDATA of the types that mail needs; others stay opaque (RFC 3597 3).</summary>
internal static class DnsRecordReader
{
    /// <summary>The record whose RDATA starts at the cursor, or null where the data does not fill <paramref name="length"/> octets exactly.</summary>
    public static DnsRecord? Read(ref DnsWireReader reader, string name, DnsRecordType type, uint ttl, int length)
    {
        var end = reader.Position + length;
        DnsRecord? record = type switch
        {
            DnsRecordType.A when length == 4 => Address(ref reader, name, ttl, length),
            DnsRecordType.AAAA when length == 16 => Address(ref reader, name, ttl, length),
            DnsRecordType.A or DnsRecordType.AAAA => null,
            DnsRecordType.CNAME or DnsRecordType.NS or DnsRecordType.PTR =>
                reader.TryReadName(lowerCase: true, out var target) ? new NameRecord(name, type, ttl, target) : null,
            DnsRecordType.MX => reader.TryReadUInt16(out var preference) && reader.TryReadName(lowerCase: true, out var host)
                ? new MxRecord(name, ttl, preference, host) : null,
            DnsRecordType.TXT => Text(ref reader, name, ttl, end),
            DnsRecordType.SOA => Soa(ref reader, name, ttl),
            DnsRecordType.TLSA => reader.TryReadByte(out var usage) && reader.TryReadByte(out var selector) && reader.TryReadByte(out var matching)
                && reader.TryReadBytes(end - reader.Position, out var association)
                ? new TlsaRecord(name, ttl, usage, selector, matching, association.ToArray()) : null,
            DnsRecordType.CAA => Caa(ref reader, name, ttl, end),
            _ => reader.TryReadBytes(length, out var data) ? new OpaqueRecord(name, type, ttl, data.ToArray()) : null,
        };
        return reader.Position == end ? record : null;
    }

    private static AddressRecord? Address(ref DnsWireReader reader, string name, uint ttl, int length) =>
        reader.TryReadBytes(length, out var bytes) ? new AddressRecord(name, ttl, new IPAddress(bytes)) : null;

    private static TxtRecord? Text(ref DnsWireReader reader, string name, uint ttl, int end)
    {
        // One string is the rule; several are joined without a separator (RFC 7208 3.3). Empty RDATA is taken as empty text.
        string? first = null;
        StringBuilder? more = null;
        while (reader.Position < end)
        {
            if (!reader.TryReadByte(out var length) || length > end - reader.Position || !reader.TryReadBytes(length, out var bytes))
                return null;
            var text = Encoding.Latin1.GetString(bytes);
            if (first is null)
                first = text;
            else
                (more ??= new StringBuilder(first)).Append(text);
        }

        return new TxtRecord(name, ttl, more?.ToString() ?? first ?? "");
    }

    private static SoaRecord? Soa(ref DnsWireReader reader, string name, uint ttl) =>
        reader.TryReadName(lowerCase: true, out var primary) && reader.TryReadName(lowerCase: true, out var mailbox)
        && reader.TryReadUInt32(out var serial) && reader.TryReadUInt32(out var refresh) && reader.TryReadUInt32(out var retry)
        && reader.TryReadUInt32(out var expire) && reader.TryReadUInt32(out var minimum)
            ? new SoaRecord(name, ttl, primary, mailbox, serial, refresh, retry, expire, minimum) : null;

    private static CaaRecord? Caa(ref DnsWireReader reader, string name, uint ttl, int end) =>
        reader.TryReadByte(out var flags) && reader.TryReadByte(out var length) && length > 0 && length <= end - reader.Position
        && reader.TryReadBytes(length, out var tag) && reader.TryReadBytes(end - reader.Position, out var value)
            ? new CaaRecord(name, ttl, flags, Encoding.Latin1.GetString(tag), Encoding.Latin1.GetString(value)) : null;
}
