namespace AgentMta.Protocol.Dns;

/// <summary>Resource record types that mail needs (RFC 1035 3.2.2 and the IANA registry); the value is the wire number.</summary>
public enum DnsRecordType : ushort
{
    A = 1,
    NS = 2,
    CNAME = 5,
    SOA = 6,
    PTR = 12,
    MX = 15,
    TXT = 16,
    AAAA = 28,
    OPT = 41,
    DNSKEY = 48,
    TLSA = 52,
    CAA = 257,
}
