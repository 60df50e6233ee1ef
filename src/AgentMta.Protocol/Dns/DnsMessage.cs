namespace AgentMta.Protocol.Dns;

/// <summary>The result code of a response with its extension by EDNS (RFC 1035 4.1.1, RFC 6891 6.1.3).</summary>
public enum DnsResponseCode : ushort
{
    NoError = 0,
    FormatError = 1,
    ServerFailure = 2,
    NameError = 3,
    NotImplemented = 4,
    Refused = 5,
    BadVersion = 16,
}

/// <summary>What a message asks; the case of the name is kept, because a response must repeat it (0x20).</summary>
public sealed record DnsQuestion(string Name, DnsRecordType Type, ushort Class = DnsQuestion.Internet)
{
    /// <summary>Class IN.</summary>
    public const ushort Internet = 1;
}

/// <summary>The OPT pseudo-record without its options (RFC 6891 6.1.3).</summary>
/// <param name="PayloadSize">Octets of UDP payload that the sender takes.</param>
/// <param name="DnssecOk">The DO bit (RFC 3225): the asker wants signatures.</param>
/// <param name="Version">0 is the only version there is.</param>
public sealed record DnsExtension(ushort PayloadSize, bool DnssecOk = false, byte Version = 0);

/// <summary>One DNS message (RFC 1035 4) as the reader takes it apart and the writer puts it together; records of classes other than IN are left out.</summary>
public sealed record DnsMessage
{
    /// <summary>The UDP payload that passes every network unfragmented (DNS Flag Day 2020, RFC 9715 3.1).</summary>
    public const ushort SafePayloadSize = 1232;

    public ushort Id { get; init; }
    public bool IsResponse { get; init; }
    public byte Opcode { get; init; }
    public bool Authoritative { get; init; }
    public bool Truncated { get; init; }
    public bool RecursionDesired { get; init; }
    public bool RecursionAvailable { get; init; }

    /// <summary>AD: in a response, validated (RFC 4035 3.2.3); in a query, the asker wants to know (RFC 6840 5.7).</summary>
    public bool AuthenticData { get; init; }
    public bool CheckingDisabled { get; init; }
    public DnsResponseCode ResponseCode { get; init; }
    public DnsQuestion? Question { get; init; }
    public IReadOnlyList<DnsRecord> Answers { get; init; } = [];
    public IReadOnlyList<DnsRecord> Authority { get; init; } = [];

    /// <summary>The additional section without OPT.</summary>
    public IReadOnlyList<DnsRecord> Additional { get; init; } = [];
    public DnsExtension? Extension { get; init; }

    /// <summary>A recursive query as this project asks it: RD, AD instead of DO (no signatures wanted, RFC 6840 5.7), EDNS0 where asked for.</summary>
    public static DnsMessage Query(ushort id, string name, DnsRecordType type, bool withExtension = true) => new()
    {
        Id = id,
        RecursionDesired = true,
        AuthenticData = true,
        Question = new DnsQuestion(name, type),
        Extension = withExtension ? new DnsExtension(SafePayloadSize) : null,
    };

    /// <summary>
    /// RFC 5452 9.1: true where this message answers exactly that query. With <paramref name="exactCase"/> the name must come back letter for
    /// letter. An error without a question section (an old server that cannot read the query) matches by its id alone.
    /// </summary>
    public bool IsResponseTo(DnsMessage query, bool exactCase)
    {
        if (!IsResponse || Id != query.Id || Opcode != query.Opcode)
            return false;
        if (Question is null || query.Question is null)
            return Question is null && ResponseCode is DnsResponseCode.FormatError or DnsResponseCode.NotImplemented or DnsResponseCode.ServerFailure or DnsResponseCode.Refused;
        return Question.Type == query.Question.Type && Question.Class == query.Question.Class
            && string.Equals(Question.Name, query.Question.Name, exactCase ? StringComparison.Ordinal : StringComparison.OrdinalIgnoreCase);
    }
}
