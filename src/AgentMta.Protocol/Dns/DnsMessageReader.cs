using System.Buffers.Binary;
using System.Diagnostics.CodeAnalysis;

namespace AgentMta.Protocol.Dns;

/// <summary>Takes a DNS message apart (RFC 1035 4); hostile input gives false, never an exception, in time linear to its length.</summary>
public static class DnsMessageReader
{
    private const int HeaderLength = 12;

    /// <summary>Reads one whole message. Of a message with TC set, cut anywhere, what is whole is kept.</summary>
    public static bool TryRead(ReadOnlySpan<byte> bytes, [NotNullWhen(true)] out DnsMessage? message)
    {
        message = null;
        if (bytes.Length is < HeaderLength or > ushort.MaxValue)
            return false;
        var flags = BinaryPrimitives.ReadUInt16BigEndian(bytes[2..]);
        var truncated = (flags & 0x0200) != 0;
        // RFC 9619 1: a query or its response never has more than one question.
        var questions = BinaryPrimitives.ReadUInt16BigEndian(bytes[4..]);
        if (questions > 1)
            return false;

        var reader = new DnsWireReader(bytes, HeaderLength);
        DnsQuestion? question = null;
        if (questions == 1)
        {
            if (!reader.TryReadName(lowerCase: false, out var name) || !reader.TryReadUInt16(out var type) || !reader.TryReadUInt16(out var asked))
                return false;
            question = new DnsQuestion(name, (DnsRecordType)type, asked);
        }

        var sections = new Sections();
        for (var section = 0; section < 3; section++)
        {
            var count = BinaryPrimitives.ReadUInt16BigEndian(bytes[(6 + (2 * section))..]);
            if (!TryReadSection(ref reader, section, count, sections) && !truncated)
                return false;
        }

        message = new DnsMessage
        {
            Id = BinaryPrimitives.ReadUInt16BigEndian(bytes),
            IsResponse = (flags & 0x8000) != 0,
            Opcode = (byte)((flags >> 11) & 0xF),
            Authoritative = (flags & 0x0400) != 0,
            Truncated = truncated,
            RecursionDesired = (flags & 0x0100) != 0,
            RecursionAvailable = (flags & 0x0080) != 0,
            AuthenticData = (flags & 0x0020) != 0,
            CheckingDisabled = (flags & 0x0010) != 0,
            ResponseCode = (DnsResponseCode)((flags & 0xF) | (sections.ExtendedCode << 4)),
            Question = question,
            Answers = sections.Records[0] ?? [],
            Authority = sections.Records[1] ?? [],
            Additional = sections.Records[2] ?? [],
            Extension = sections.Extension,
        };
        return true;
    }

    private static bool TryReadSection(ref DnsWireReader reader, int section, int count, Sections into)
    {
        for (; count > 0; count--)
        {
            if (!reader.TryReadName(lowerCase: true, out var name) || !reader.TryReadUInt16(out var type) || !reader.TryReadUInt16(out var kind)
                || !reader.TryReadUInt32(out var ttl) || !reader.TryReadUInt16(out var length) || length > reader.Remaining)
                return false;
            if ((DnsRecordType)type == DnsRecordType.OPT)
            {
                // RFC 6891 6.1.1: one OPT at most, owned by the root, in the additional section only.
                if (section != 2 || into.Extension is not null || name.Length != 0)
                    return false;
                into.Extension = new DnsExtension(kind, (ttl & 0x8000) != 0, (byte)(ttl >> 16));
                into.ExtendedCode = (int)(ttl >> 24);
                reader.Skip(length);
                continue;
            }

            if (kind != DnsQuestion.Internet)
            {
                reader.Skip(length);
                continue;
            }

            // RFC 2181 8: a TTL with the highest bit set is zero.
            if (DnsRecordReader.Read(ref reader, name, (DnsRecordType)type, ttl > int.MaxValue ? 0 : ttl, length) is not { } record)
                return false;
            (into.Records[section] ??= []).Add(record);
        }

        return true;
    }

    private sealed class Sections
    {
        public List<DnsRecord>?[] Records { get; } = new List<DnsRecord>?[3];
        public DnsExtension? Extension { get; set; }
        public int ExtendedCode { get; set; }
    }
}
