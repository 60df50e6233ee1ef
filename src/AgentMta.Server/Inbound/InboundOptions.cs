using System.ComponentModel;
using System.ComponentModel.DataAnnotations;
using System.Net;

namespace AgentMta.Server.Inbound;

/// <summary>A PEM certificate (with its chain) and the file of its key; null where the same file holds both.</summary>
internal sealed record CertificateFiles(
    [property: Required(ErrorMessage = "the PEM file of the certificate is expected, with its chain.")] string Certificate = "",
    string? Key = null);

/// <summary>Three limits, for the networks that hold an address: IPv4 /32, /26, /21 and IPv6 /64, /48, /32.</summary>
internal sealed record NetworkLimits(
    [property: Range(1, 10_000_000)] int Address,
    [property: Range(1, 10_000_000)] int Network,
    [property: Range(1, 10_000_000)] int Range);

/// <summary>Every limit and timeout of the door in one place, with the defaults we stand by.</summary>
internal sealed record InboundOptions
{
    /// <summary>The name in the banner and the EHLO reply.</summary>
    [Browsable(false)]
    public string HostName { get; init; } = "localhost";

    /// <summary>Octets of a command line with its CRLF; past it 500 and close.</summary>
    [Range(512, 65_536)]
    public int MaxCommandLine { get; init; } = 2048;

    /// <summary>Octets of a line of an AUTH exchange (RFC 4954 4).</summary>
    [Range(1024, 65_536)]
    public int MaxAuthLine { get; init; } = 12_288;

    /// <summary>Octets of a message, announced by SIZE (RFC 1870).</summary>
    [Range(typeof(long), "1024", "1073741824")]
    public long MaxMessageSize { get; init; } = 25 * 1024 * 1024;

    /// <summary>Recipients of a transaction.</summary>
    [Range(1, 10_000)]
    public int MaxRecipients { get; init; } = 100;

    /// <summary>Transactions of a connection on port 25; 0 is no limit. Submission has none.</summary>
    [Range(0, 1_000_000)]
    public int MaxMessagesPerConnection { get; init; } = 100;

    /// <summary>Refuse lines of more than 998 octets (RFC 5322 2.1.1) instead of keeping them as they are.</summary>
    public bool StrictLines { get; init; }

    /// <summary>How long a whole command, or any octet of a message, may be waited for.</summary>
    [Range(typeof(TimeSpan), "00:00:01", "01:00:00")]
    public TimeSpan IdleTimeout { get; init; } = TimeSpan.FromMinutes(5);

    /// <summary>How long the octets of one message may take.</summary>
    [Range(typeof(TimeSpan), "00:00:01", "1.00:00:00")]
    public TimeSpan DataTimeout { get; init; } = TimeSpan.FromMinutes(10);

    /// <summary>How long a session may last; a transaction's data under way is finished.</summary>
    [Range(typeof(TimeSpan), "00:00:01", "7.00:00:00")]
    public TimeSpan SessionTimeout { get; init; } = TimeSpan.FromMinutes(30);

    /// <summary>How long a TLS handshake or a PROXY header may take.</summary>
    [Range(typeof(TimeSpan), "00:00:01", "00:05:00")]
    public TimeSpan HandshakeTimeout { get; init; } = TimeSpan.FromSeconds(30);

    /// <summary>Open connections of all listeners together.</summary>
    [Range(1, 1_000_000)]
    public int MaxConnections { get; init; } = 20_000;

    /// <summary>Open connections by network.</summary>
    public NetworkLimits OpenConnections { get; init; } = new(30, 90, 270);

    /// <summary>New connections a minute by network.</summary>
    public NetworkLimits ConnectionsPerMinute { get; init; } = new(300, 900, 2700);

    /// <summary>Failed authentications a minute by network.</summary>
    public NetworkLimits AuthFailuresPerMinute { get; init; } = new(10, 30, 90);

    /// <summary>Failed authentications a day by network.</summary>
    public NetworkLimits AuthFailuresPerDay { get; init; } = new(50, 150, 450);

    /// <summary>Networks that the limits by network, the tarpit and the banner delay leave alone.</summary>
    public IReadOnlyList<IPNetwork> ExemptNetworks { get; init; } = [];

    /// <summary>Whether loopback counts among them.</summary>
    public bool ExemptLoopback { get; init; } = true;

    /// <summary>Unknown recipients of a session that get their 550; the next gets 421.</summary>
    [Range(0, 10_000)]
    public int UnknownRecipientBudget { get; init; } = 5;

    /// <summary>Refused commands of a session; past it 421.</summary>
    [Range(1, 10_000)]
    public int RefusalBudget { get; init; } = 50;

    /// <summary>Commands of a session that lead to no message (NOOP, RSET, VRFY, HELP, EHLO again, a recipient again) since the last message; past it 421. Who has authenticated has none.</summary>
    [Range(1, 100_000)]
    public int JunkCommandBudget { get; init; } = 100;

    /// <summary>Failed authentications of a session; the last gets 421.</summary>
    [Range(1, 10_000)]
    public int AuthFailureBudget { get; init; } = 3;

    /// <summary>Wait before each refusal after the first, and before a failed authentication (doubling).</summary>
    [Range(typeof(TimeSpan), "00:00:00", "00:01:00")]
    public TimeSpan TarpitDelay { get; init; } = TimeSpan.FromSeconds(1);

    /// <summary>Wait before the banner of port 25: who talks meanwhile is no mail server.</summary>
    [Range(typeof(TimeSpan), "00:00:00", "00:01:00")]
    public TimeSpan BannerDelay { get; init; } = TimeSpan.FromMilliseconds(200);

    /// <summary>Offer AUTH without TLS on a listener that is bound to loopback.</summary>
    public bool PlainAuthOnLoopback { get; init; } = true;

    /// <summary>Peers whose bare CR and LF are made CRLF; from all others they are refused.</summary>
    public IReadOnlyList<IPNetwork> RepairLineEndsOf { get; init; } = [];

    /// <summary>Load balancers: they must send a PROXY header, nobody else may.</summary>
    public IReadOnlyList<IPNetwork> ProxyPeers { get; init; } = [];

    /// <summary>Certificates, chosen by SNI; the first is the default. None: a self-signed one.</summary>
    public IReadOnlyList<CertificateFiles> Certificates { get; init; } = [];

    /// <summary>Whether the address is in one of the networks.</summary>
    public static bool Contains(IReadOnlyList<IPNetwork> networks, IPAddress address)
    {
        for (var i = 0; i < networks.Count; i++)
        {
            if (networks[i].Contains(address))
                return true;
        }

        return false;
    }

    /// <summary>Whether the limits by network leave this client alone.</summary>
    public bool IsExempt(IPAddress address) => (ExemptLoopback && IPAddress.IsLoopback(address)) || Contains(ExemptNetworks, address);
}
