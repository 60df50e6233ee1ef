using System.Net;

namespace AgentMta.Protocol.Dns;

/// <summary>One resource record as the rules above DNS read it; names are without the trailing dot, TTL in seconds.</summary>
public abstract record DnsRecord(string Name, DnsRecordType Type, uint Ttl);

/// <summary>An address record, A or AAAA by the family of the address.</summary>
public sealed record AddressRecord(string Name, uint Ttl, IPAddress Address)
    : DnsRecord(Name, Address.AddressFamily == System.Net.Sockets.AddressFamily.InterNetwork ? DnsRecordType.A : DnsRecordType.AAAA, Ttl);

/// <summary>A mail exchanger (RFC 1035 3.3.9); host "" is the null MX of RFC 7505.</summary>
public sealed record MxRecord(string Name, uint Ttl, ushort Preference, string Host) : DnsRecord(Name, DnsRecordType.MX, Ttl);

/// <summary>A text record with its character-strings already joined without a separator (RFC 7208 3.3, RFC 6376 3.6.2.2); bytes as Latin-1 characters.</summary>
public sealed record TxtRecord(string Name, uint Ttl, string Text) : DnsRecord(Name, DnsRecordType.TXT, Ttl);

/// <summary>A record whose value is one domain name: CNAME, NS or PTR.</summary>
public sealed record NameRecord(string Name, DnsRecordType Type, uint Ttl, string Target) : DnsRecord(Name, Type, Ttl);

/// <summary>The start of a zone; <paramref name="Minimum"/> bounds the life of negative answers (RFC 2308 5).</summary>
public sealed record SoaRecord(string Name, uint Ttl, string PrimaryServer, string Mailbox, uint Serial, uint Refresh, uint Retry, uint Expire, uint Minimum)
    : DnsRecord(Name, DnsRecordType.SOA, Ttl);

/// <summary>A DANE association (RFC 6698 2.1).</summary>
public sealed record TlsaRecord(string Name, uint Ttl, byte Usage, byte Selector, byte MatchingType, byte[] Data) : DnsRecord(Name, DnsRecordType.TLSA, Ttl);

/// <summary>A certification authority authorisation (RFC 8659 4.1).</summary>
public sealed record CaaRecord(string Name, uint Ttl, byte Flags, string Tag, string Value) : DnsRecord(Name, DnsRecordType.CAA, Ttl);

/// <summary>A record of a type without a reader of its own, kept as its RDATA.</summary>
public sealed record OpaqueRecord(string Name, DnsRecordType Type, uint Ttl, byte[] Data) : DnsRecord(Name, Type, Ttl);
