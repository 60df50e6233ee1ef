using System.ComponentModel;
using System.ComponentModel.DataAnnotations;

namespace AgentMta.Server.Outbound;

/// <summary>Every limit and time of sending, in one place; defaults are those of the best mail servers.</summary>
internal sealed record OutboundOptions : IValidatableObject
{
    /// <summary>The name that EHLO gives and that Received, Message-IDs of reports and loop checks use.</summary>
    [Browsable(false)]
    public required string HostName { get; init; }

    /// <summary>Where the public can reach the HTTP server; RFC 8058's one-click needs https.</summary>
    [Browsable(false)]
    public Uri? PublicUrl { get; init; }

    /// <summary>Port of remote mail exchangers; tests and closed networks change it.</summary>
    [Browsable(false)]
    public int MxPort { get; init; } = 25;

    /// <summary>A smart host for all mail that is not local; null goes to the MX.</summary>
    [Browsable(false)]
    public RelayOptions? Relay { get; init; }

    /// <summary>Recipients over to, cc and bcc.</summary>
    [Range(1, 10_000)]
    public int MaxRecipients { get; init; } = 100;

    /// <summary>Octets of a composed message.</summary>
    [Range(1024, 1_073_741_824)]
    public int MaxMessageSize { get; init; } = 25 * 1024 * 1024;

    /// <summary>How long a message is tried.</summary>
    [Range(typeof(TimeSpan), "00:00:01", "30.00:00:00")]
    public TimeSpan Lifetime { get; init; } = TimeSpan.FromDays(4);

    /// <summary>When the sender is told of a delay.</summary>
    [Range(typeof(TimeSpan), "00:00:01", "30.00:00:00")]
    public TimeSpan DelayReportAfter { get; init; } = TimeSpan.FromHours(4);

    /// <summary>Waits between attempts; the last repeats.</summary>
    [MinLength(1, ErrorMessage = "at least one wait is expected.")]
    [Range(typeof(TimeSpan), "00:00:01", "7.00:00:00")]
    public IReadOnlyList<TimeSpan> RetrySteps { get; init; } =
        [TimeSpan.FromMinutes(5), TimeSpan.FromMinutes(15), TimeSpan.FromMinutes(30), TimeSpan.FromHours(1), TimeSpan.FromHours(2), TimeSpan.FromHours(4), TimeSpan.FromHours(8)];

    /// <summary>Part of each wait that is random, both ways.</summary>
    [Range(0.0, 0.9)]
    public double RetryJitter { get; init; } = 0.2;

    /// <summary>Connections to one MX site at the start, and at most.</summary>
    [Range(1, 1000)]
    public int SiteConnections { get; init; } = 2;

    [Range(1, 1000)]
    public int SiteConnectionsLimit { get; init; } = 20;

    /// <summary>Connections to all sites together.</summary>
    [Range(1, 100_000)]
    public int Connections { get; init; } = 200;

    /// <summary>RCPT in one transaction (RFC 5321 4.5.3.1.8 has every server take 100).</summary>
    [Range(1, 10_000)]
    public int RecipientsPerTransaction { get; init; } = 100;

    /// <summary>Messages over one connection.</summary>
    [Range(1, 1_000_000)]
    public int MessagesPerConnection { get; init; } = 100;

    /// <summary>How long an idle connection waits for another message.</summary>
    [Range(typeof(TimeSpan), "00:00:00", "00:05:00")]
    public TimeSpan IdleConnection { get; init; } = TimeSpan.FromSeconds(3);

    /// <summary>How long a claimed delivery is ours without renewal.</summary>
    [Range(typeof(TimeSpan), "00:00:10", "01:00:00")]
    public TimeSpan Lease { get; init; } = TimeSpan.FromMinutes(2);

    /// <summary>No other process works this queue: leases that a start finds belong to nobody alive.</summary>
    public bool OwnsDatabase { get; init; } = true;

    /// <summary>Deliveries claimed at once, in all and for one destination.</summary>
    [Range(1, 100_000)]
    public int ClaimLimit { get; init; } = 1000;

    [Range(2, 100_000)]
    public int ClaimPerDestination { get; init; } = 400;

    /// <summary>Sends an inbox may make to recipients in an hour; 0 has no limit.</summary>
    [Range(0, 10_000_000)]
    public int InboxRecipientsPerHour { get; init; }

    /// <summary>Replies to automatic messages in one thread within a day (RFC 3834 2: no loops).</summary>
    [Range(0, 10_000)]
    public int AutomaticRepliesPerThread { get; init; } = 3;

    /// <summary>Replies in one thread within an hour, whoever answers; 0 has no limit.</summary>
    [Range(0, 1_000_000)]
    public int RepliesPerThreadHour { get; init; } = 60;

    /// <summary>References on the wire behind the root.</summary>
    [Range(0, 1000)]
    public int WireReferences { get; init; } = 50;

    /// <summary>How long an idempotency key is remembered.</summary>
    [Range(typeof(TimeSpan), "00:00:01", "365.00:00:00")]
    public TimeSpan IdempotencyLifetime { get; init; } = TimeSpan.FromHours(24);

    /// <summary>The waits of the SMTP client.</summary>
    public ClientTimeouts Timeouts { get; init; } = new();

    /// <inheritdoc/>
    public IEnumerable<ValidationResult> Validate(ValidationContext validationContext)
    {
        if (SiteConnectionsLimit < SiteConnections)
            yield return new ValidationResult($"SiteConnections = {SiteConnections} or more is expected, with which a site begins.", [nameof(SiteConnectionsLimit)]);
    }
}

/// <summary>The smart host of --relay.</summary>
/// <param name="ImplicitTls">TLS from the first octet (RFC 8314 3.3), for port 465.</param>
/// <param name="RequireTls">Never without a verified certificate; on where credentials are given.</param>
internal sealed record RelayOptions(string Host, int Port, string? User = null, string? Password = null, bool ImplicitTls = false, bool RequireTls = false);

/// <summary>How long the client waits for each reply (RFC 5321 4.5.3.2).</summary>
internal sealed record ClientTimeouts
{
    [Range(typeof(TimeSpan), "00:00:01", "01:00:00")]
    public TimeSpan Connect { get; init; } = TimeSpan.FromSeconds(30);

    [Range(typeof(TimeSpan), "00:00:01", "01:00:00")]
    public TimeSpan Banner { get; init; } = TimeSpan.FromMinutes(5);

    [Range(typeof(TimeSpan), "00:00:01", "01:00:00")]
    public TimeSpan Command { get; init; } = TimeSpan.FromMinutes(5);

    [Range(typeof(TimeSpan), "00:00:01", "01:00:00")]
    public TimeSpan DataStart { get; init; } = TimeSpan.FromMinutes(2);

    [Range(typeof(TimeSpan), "00:00:01", "01:00:00")]
    public TimeSpan DataBlock { get; init; } = TimeSpan.FromMinutes(3);

    [Range(typeof(TimeSpan), "00:00:01", "01:00:00")]
    public TimeSpan DataEnd { get; init; } = TimeSpan.FromMinutes(10);

    [Range(typeof(TimeSpan), "00:00:01", "01:00:00")]
    public TimeSpan TlsHandshake { get; init; } = TimeSpan.FromSeconds(60);

    [Range(typeof(TimeSpan), "00:00:01", "01:00:00")]
    public TimeSpan Quit { get; init; } = TimeSpan.FromSeconds(5);
}
