using System.ComponentModel;
using System.Net;

namespace AgentMta.Server.Resolver;

/// <summary>What an operator can set about DNS; Hosting binds it.</summary>
internal sealed record ResolverOptions
{
    public const int DefaultPort = 53;

    /// <summary>Recursive servers in order of preference, <c>address</c> or <c>address:port</c>; empty takes those of <see cref="ResolvConf"/>.</summary>
    [Browsable(false)]
    public IReadOnlyList<string> Servers { get; init; } = [];

    /// <summary>Addresses of servers whose AD bit is believed beyond those on loopback: they validate, and the way to them is safe.</summary>
    public IReadOnlyList<string> ValidatingServers { get; init; } = [];

    /// <summary>Master files whose records are answered before any server is asked.</summary>
    [Browsable(false)]
    public IReadOnlyList<string> ZoneFiles { get; init; } = [];

    /// <summary>The system's list of servers, re-read when it changes.</summary>
    public string ResolvConf { get; init; } = "/etc/resolv.conf";

    /// <summary>How long one server is waited for; not set: what resolv.conf says, else 3 s.</summary>
    public TimeSpan? Timeout { get; init; }

    /// <summary>How often each server is asked that does not answer; not set: what resolv.conf says, else 2.</summary>
    public int? Attempts { get; init; }

    /// <summary>How long one look-up takes at most over all servers, attempts and aliases.</summary>
    public TimeSpan LookupTimeout { get; init; } = TimeSpan.FromSeconds(20);

    /// <summary>Memory of the cache in octets, estimated; 0 keeps nothing.</summary>
    public int CacheBytes { get; init; } = 16 * 1024 * 1024;

    /// <summary>How long an answer is kept at most, whatever its TTL.</summary>
    public TimeSpan MaxTtl { get; init; } = TimeSpan.FromDays(1);

    /// <summary>How long the absence of a name or type is kept at most (RFC 2308 5 suggests one to three hours).</summary>
    public TimeSpan MaxNegativeTtl { get; init; } = TimeSpan.FromHours(1);

    /// <summary>How long a failure is kept (RFC 9520 3.2: one second at least, five minutes at most).</summary>
    public TimeSpan FailureTtl { get; init; } = TimeSpan.FromSeconds(5);

    /// <summary>Look-ups that may be on the network at the same time; each holds a socket.</summary>
    public int MaxConcurrent { get; init; } = 256;

    /// <summary>What is wrong with these settings, one sentence each.</summary>
    public IEnumerable<string> Validate()
    {
        foreach (var server in Servers.Where(s => !TryParseServer(s, out _)))
            yield return $"'{server}' is not the address of a DNS server; write address, address:port or [address]:port.";
        foreach (var server in ValidatingServers.Where(s => !TryParseServer(s, out _)))
            yield return $"'{server}' is not the address of a validating DNS server.";
        if (Timeout is { } timeout && (timeout < TimeSpan.FromMilliseconds(1) || timeout > TimeSpan.FromMinutes(1)))
            yield return "The DNS timeout must lie between a millisecond and a minute.";
        if (Attempts is < 1 or > 10)
            yield return "DNS attempts must lie between 1 and 10.";
        if (LookupTimeout <= TimeSpan.Zero || LookupTimeout > TimeSpan.FromMinutes(5))
            yield return "The DNS look-up timeout must be positive and at most five minutes.";
        if (FailureTtl < TimeSpan.FromSeconds(1) || FailureTtl > TimeSpan.FromMinutes(5))
            yield return "DNS failures must be kept for one second to five minutes (RFC 9520 3.2).";
        if (CacheBytes < 0 || MaxTtl < TimeSpan.Zero || MaxNegativeTtl < TimeSpan.Zero || MaxConcurrent < 1)
            yield return "DNS cache sizes and times must not be negative, and one look-up at least must be allowed at a time.";
    }

    /// <summary>Reads a server's address; the port is 53 where not given.</summary>
    internal static bool TryParseServer(string text, out IPEndPoint endPoint)
    {
        if (!IPEndPoint.TryParse(text, out var parsed))
        {
            endPoint = new IPEndPoint(IPAddress.None, 0);
            return false;
        }

        endPoint = parsed.Port == 0 ? new IPEndPoint(parsed.Address, DefaultPort) : parsed;
        return true;
    }
}
