using System.ComponentModel;
using System.ComponentModel.DataAnnotations;
using System.Net;

namespace AgentMta.Server.Resolver;

/// <summary>What an operator can set about DNS; Hosting binds it.</summary>
internal sealed record ResolverOptions : IValidatableObject
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
    [Range(typeof(TimeSpan), "00:00:00.001", "00:01:00")]
    public TimeSpan? Timeout { get; init; }

    /// <summary>How often each server is asked that does not answer; not set: what resolv.conf says, else 2.</summary>
    [Range(1, 10)]
    public int? Attempts { get; init; }

    /// <summary>How long one look-up takes at most over all servers, attempts and aliases.</summary>
    [Range(typeof(TimeSpan), "00:00:00.001", "00:05:00")]
    public TimeSpan LookupTimeout { get; init; } = TimeSpan.FromSeconds(20);

    /// <summary>Memory of the cache in octets, estimated; 0 keeps nothing.</summary>
    [Range(0, 1_073_741_824)]
    public int CacheBytes { get; init; } = 16 * 1024 * 1024;

    /// <summary>How long an answer is kept at most, whatever its TTL.</summary>
    [Range(typeof(TimeSpan), "00:00:00", "30.00:00:00")]
    public TimeSpan MaxTtl { get; init; } = TimeSpan.FromDays(1);

    /// <summary>How long the absence of a name or type is kept at most (RFC 2308 5 suggests one to three hours).</summary>
    [Range(typeof(TimeSpan), "00:00:00", "7.00:00:00")]
    public TimeSpan MaxNegativeTtl { get; init; } = TimeSpan.FromHours(1);

    /// <summary>How long a failure is kept (RFC 9520 3.2: one second at least, five minutes at most).</summary>
    [Range(typeof(TimeSpan), "00:00:01", "00:05:00")]
    public TimeSpan FailureTtl { get; init; } = TimeSpan.FromSeconds(5);

    /// <summary>Look-ups that may be on the network at the same time; each holds a socket.</summary>
    [Range(1, 65_536)]
    public int MaxConcurrent { get; init; } = 256;

    /// <inheritdoc/>
    public IEnumerable<ValidationResult> Validate(ValidationContext validationContext)
    {
        for (var i = 0; i < ValidatingServers.Count; i++)
        {
            if (!TryParseServer(ValidatingServers[i], out _))
                yield return new ValidationResult("the address of a validating DNS server is expected.", [$"{nameof(ValidatingServers)}:{i}"]);
        }
    }

    /// <summary>What is wrong with the first of these servers that is none; null where all are.</summary>
    public static string? ServerFault(IEnumerable<string> servers) =>
        servers.FirstOrDefault(s => !TryParseServer(s, out _)) is { } wrong ? $"'{wrong}' is not the address of a DNS server; write address, address:port or [address]:port." : null;

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
