using System.ComponentModel;
using System.ComponentModel.DataAnnotations;
using System.Globalization;
using System.Net;
using AgentMta.Protocol.MailAuth.Dmarc;
using AgentMta.Server.Api;
using AgentMta.Server.Hosting.Metrics;
using AgentMta.Server.Inbound;
using AgentMta.Server.Outbound;
using AgentMta.Server.Resolver;
using AgentMta.Server.Webhooks;

namespace AgentMta.Server.Hosting;

/// <summary>The whole configuration: what the process itself needs, and a section for each folder.</summary>
internal sealed class ServerOptions : IValidatableObject
{
    /// <summary>Folder of database, keys, certificates and large messages; made at first start.</summary>
    [Required]
    public string Data { get; set; } = "./agentmta-data";

    /// <summary>The domain of the first start: its workspace, keys and the inbox agent@DOMAIN are made for it.</summary>
    [Required]
    public string Domain { get; set => field = Model.Domain.ReadName(value) ?? value; } = "agentmta.test";

    /// <summary>Name in the banner, in EHLO, Received and Authentication-Results; null means mx.DOMAIN.</summary>
    public string? HostName { get; set; }

    /// <summary>Where people and mail programs reach the HTTP side from outside; one-click unsubscribe needs https (RFC 8058 3.1). Without it List-Unsubscribe carries the mailto: form alone.</summary>
    public string? PublicUrl { get; set; }

    /// <summary>Listener for mail from other servers, ADDR:PORT, several separated by commas; empty switches it off.</summary>
    public string Smtp { get; set; } = "127.0.0.1:2525";

    /// <summary>Listener for submission with STARTTLS.</summary>
    public string Submission { get; set; } = "127.0.0.1:2587";

    /// <summary>Listener for submission inside TLS from the first octet (RFC 8314).</summary>
    public string Submissions { get; set; } = "";

    /// <summary>Listener for the HTTP API.</summary>
    public string Http { get; set; } = "127.0.0.1:8025";

    /// <summary>Listener for the HTTP API inside TLS, with the certificates of the SMTP side.</summary>
    public string Https { get; set; } = "";

    /// <summary>Master file (RFC 1035 5) whose records are answered before DNS is asked; several separated by commas.</summary>
    public string Zone { get; set; } = "";

    /// <summary>DNS servers to ask instead of the system's, ADDR:PORT, several separated by commas.</summary>
    public string Resolver { get; set; } = "";

    /// <summary>Smart host for all mail that is not local, HOST:PORT; empty delivers to the MX.</summary>
    public string Relay { get; set; } = "";

    /// <summary>Port of other servers' MX; tests and closed networks change it.</summary>
    [Range(1, 65535, ErrorMessage = "a port from 1 to 65535 is expected.")]
    public int MxPort { get; set; } = 25;

    /// <summary>Private networks that mail, MTA-STS, webhooks and attachment URLs may reach all the same, such as 10.1.0.0/16. Mail alone also reaches the hosts of Relay and Zone.</summary>
    public IReadOnlyList<IPNetwork> PermittedNetworks { get; set; } = [];

    /// <summary>Free octets on the disk below which no mail is taken: 421 4.3.1 by SMTP, 503 service_unavailable over the API.</summary>
    [Range(0L, long.MaxValue, ErrorMessage = "a number of octets is expected.")]
    public long FreeSpaceFloor { get; set; } = 256 * 1024 * 1024;

    /// <summary>How the smart host is spoken to.</summary>
    public SmartHostOptions SmartHost { get; set; } = new();

    /// <summary>Look-ups: timeouts, cache, validating servers.</summary>
    public ResolverOptions Dns { get; set; } = new();

    /// <summary>The door: limits, timeouts, certificates, networks.</summary>
    public InboundOptions Inbound { get; set; } = new();

    /// <summary>What becomes of mail that comes in: gates, trusted ARC sealers.</summary>
    public ReceiverOptions Receiver { get; set; } = new();

    /// <summary>Sending: limits, retry schedule, timeouts.</summary>
    public OutboundOptions Outbound { get; set; } = new() { HostName = "" };

    /// <summary>The HTTP API: limits and lifetimes.</summary>
    public ApiOptions Api { get; set; } = new();

    /// <summary>Event delivery over HTTP.</summary>
    public WebhookOptions Webhooks { get; set; } = new();

    /// <summary>Who may read GET /metrics.</summary>
    public MetricsOptions Metrics { get; set; } = new();

    /// <summary>Time to finish what is in flight at SIGTERM.</summary>
    [Range(typeof(TimeSpan), "00:00:01", "00:05:00")]
    public TimeSpan StopTimeout { get; set; } = TimeSpan.FromSeconds(25);

    /// <summary>Least severity that is logged.</summary>
    public Microsoft.Extensions.Logging.LogLevel LogLevel { get; set; } = Microsoft.Extensions.Logging.LogLevel.Information;

    /// <summary>The keys that file, environment or command line gave a value; the others have their defaults.</summary>
    [Browsable(false)]
    public IReadOnlySet<string> Given { get; set; } = new HashSet<string>();

    /// <inheritdoc/>
    public IEnumerable<ValidationResult> Validate(ValidationContext validationContext)
    {
        foreach (var (name, value) in new[] { (nameof(Smtp), Smtp), (nameof(Submission), Submission), (nameof(Submissions), Submissions), (nameof(Http), Http), (nameof(Https), Https) })
        {
            if (!TryReadEndpoints(value, out _))
                yield return new ValidationResult("ADDR:PORT is expected (several separated by commas), for instance 127.0.0.1:2525, 0.0.0.0:25 or [::]:25.", [name]);
        }

        if (Relay.Length > 0 && !TryReadHostAndPort(Relay, out _, out _))
            yield return new ValidationResult("HOST:PORT is expected, for instance smtp.example.net:587 or [2001:db8::1]:25.", [nameof(Relay)]);
        if (Server.Resolver.ResolverOptions.ServerFault(List(Resolver)) is { } fault)
            yield return new ValidationResult(fault, [nameof(Resolver)]);
        foreach (var zone in List(Zone).Where(z => !File.Exists(z)))
            yield return new ValidationResult($"there is no file '{zone}'.", [nameof(Zone)]);
        if (Receiver.DmarcSpec == DmarcSpec.Rfc7489 && !File.Exists(Receiver.PublicSuffixList))
            yield return new ValidationResult("there is no such file, and Rfc7489 needs it (Debian package publicsuffix).", ["Receiver:PublicSuffixList"]);
        if (PublicUrl is not null && !(Uri.TryCreate(PublicUrl, UriKind.Absolute, out var url) && url.Scheme is "http" or "https"))
            yield return new ValidationResult("an absolute http or https URL is expected.", [nameof(PublicUrl)]);
        if (Model.Domain.ReadName(Domain) is null)
            yield return new ValidationResult("a domain name with at least two labels is expected.", [nameof(Domain)]);
        if (HostName is not null && Uri.CheckHostName(HostName) != UriHostNameType.Dns)
            yield return new ValidationResult("a host name is expected.", [nameof(HostName)]);
    }

    /// <summary>The server's own name.</summary>
    public string EffectiveHostName() => HostName ?? "mx." + Domain.ToLowerInvariant();

    /// <summary>The options of DNS with what the short keys say.</summary>
    public ResolverOptions ResolverOptions() => Dns with { Servers = [.. List(Resolver)], ZoneFiles = [.. List(Zone)] };

    /// <summary>The options of the door with what the short keys say.</summary>
    public InboundOptions InboundOptions() => Inbound with { HostName = EffectiveHostName() };

    /// <summary>The options of receiving with what the short keys say.</summary>
    public ReceiverOptions ReceiverOptions() => Receiver with { HostName = EffectiveHostName(), Postmaster = Receiver.Postmaster ?? "postmaster@" + Domain.ToLowerInvariant() };

    /// <summary>The options of the API with what the short keys say.</summary>
    public ApiOptions ApiOptions()
    {
        Api.PublicUrl = PublicUrl is null ? null : new Uri(PublicUrl);
        Api.DefaultDomain = Domain.ToLowerInvariant();
        return Api;
    }

    /// <summary>The options of sending with what the short keys say.</summary>
    public OutboundOptions OutboundOptions() => Outbound with
    {
        HostName = EffectiveHostName(),
        PublicUrl = PublicUrl is null ? null : new Uri(PublicUrl),
        MxPort = MxPort,
        Relay = TryReadHostAndPort(Relay, out var host, out var port) ? new RelayOptions(host, port, SmartHost.User, SmartHost.Password, SmartHost.ImplicitTls, SmartHost.RequireTls) : null,
    };

    /// <summary>Reads HOST:PORT; an IPv6 address stands in brackets.</summary>
    public static bool TryReadHostAndPort(string value, out string host, out int port)
    {
        var colon = value.LastIndexOf(':');
        host = colon > 0 ? value[..colon].Trim('[', ']') : "";
        return int.TryParse(value[(colon + 1)..], NumberStyles.None, CultureInfo.InvariantCulture, out port) && port is > 0 and < 65536 && Uri.CheckHostName(host) != UriHostNameType.Unknown;
    }

    private static string[] List(string value) => value.Split(',', StringSplitOptions.TrimEntries | StringSplitOptions.RemoveEmptyEntries);

    /// <summary>Reads a listener setting; empty gives no endpoint.</summary>
    public static bool TryReadEndpoints(string value, out IReadOnlyList<IPEndPoint> endpoints)
    {
        var read = new List<IPEndPoint>();
        endpoints = read;
        foreach (var one in value.Split(',', StringSplitOptions.TrimEntries | StringSplitOptions.RemoveEmptyEntries))
        {
            var text = one.StartsWith("*:", StringComparison.Ordinal) ? "0.0.0.0" + one[1..] : one.Replace("localhost:", "127.0.0.1:", StringComparison.OrdinalIgnoreCase);
            if (!IPEndPoint.TryParse(text, out var endpoint) || text.LastIndexOf(':') <= text.LastIndexOf(']'))
                return false;
            read.Add(endpoint);
        }

        return true;
    }
}

/// <summary>How the smart host of <see cref="ServerOptions.Relay"/> is spoken to.</summary>
internal sealed class SmartHostOptions
{
    /// <summary>User name for AUTH, only inside TLS.</summary>
    public string? User { get; set; }

    /// <summary>Password for AUTH.</summary>
    public string? Password { get; set; }

    /// <summary>TLS from the first octet (port 465).</summary>
    public bool ImplicitTls { get; set; }

    /// <summary>Send nothing without TLS and a verified certificate.</summary>
    public bool RequireTls { get; set; }
}
