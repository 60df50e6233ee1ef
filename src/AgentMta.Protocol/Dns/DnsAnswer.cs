namespace AgentMta.Protocol.Dns;

/// <summary>How a look-up ended. Only <see cref="Timeout"/> and <see cref="ServerFailure"/> are temporary (RFC 7208 2.6.6).</summary>
public enum DnsStatus
{
    /// <summary>Records of the asked type were found (after following CNAMEs).</summary>
    Ok,

    /// <summary>The name exists, without records of the asked type (RFC 2308 2.2).</summary>
    NoData,

    /// <summary>The name does not exist: RCODE 3, NXDOMAIN (RFC 2308 2.1).</summary>
    NameError,

    /// <summary>SERVFAIL, REFUSED, FORMERR, a lame or malformed answer, a CNAME loop.</summary>
    ServerFailure,

    /// <summary>No server answered in time, or the caller's look-up budget was spent.</summary>
    Timeout,
}

/// <summary>The outcome of one look-up: data, never an exception.</summary>
/// <param name="Status">How it ended.</param>
/// <param name="Records">Records of the asked type at the end of the CNAME chain, in the server's order; empty unless Ok.</param>
/// <param name="Authenticated">The AD bit (RFC 4035 3.2.3), from a resolver that is trusted to validate; needed by DANE.</param>
/// <param name="Ttl">Least TTL of the chain in seconds; for negative answers by RFC 2308 5.</param>
/// <param name="CanonicalName">The name at the end of the CNAME chain; the asked name where there is none.</param>
public sealed record DnsAnswer(DnsStatus Status, IReadOnlyList<DnsRecord> Records, bool Authenticated, uint Ttl, string CanonicalName)
{
    /// <summary>True where asking later may give another answer.</summary>
    public bool IsTemporary => Status is DnsStatus.Timeout or DnsStatus.ServerFailure;

    /// <summary>True where the name or the type is known not to be there: a void look-up (RFC 7208 4.6.4).</summary>
    public bool IsVoid => Status is DnsStatus.NameError or DnsStatus.NoData;

    /// <summary>An answer without records.</summary>
    public static DnsAnswer Empty(DnsStatus status, string name, uint ttl = 0) => new(status, [], false, ttl, name);
}
