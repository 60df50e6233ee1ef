using System.ComponentModel.DataAnnotations;
using System.Globalization;

namespace AgentMta.Server.Inbound.Gates;

/// <summary>Whether a gate refuses or keeps the message with a label.</summary>
internal enum GateMode
{
    /// <summary>Keep it, labelled.</summary>
    Label,

    /// <summary>Refuse it in the dialogue.</summary>
    Refuse,
}

/// <summary>What becomes of mail while a scanner cannot be asked.</summary>
internal enum ScannerDown
{
    /// <summary>Keep it, labelled "unscanned".</summary>
    Accept,

    /// <summary>451: the sender tries again. What clamd never takes, for its size, is refused.</summary>
    Defer,
}

/// <summary>Every setting of the gates in one place.</summary>
internal sealed record GateOptions : IValidatableObject
{
    /// <summary>Received fields past which a message runs in a circle (RFC 5321 6.3).</summary>
    [Range(1, 10_000)]
    public int MaxReceived { get; init; } = 50;

    /// <summary>Received fields of this host past which it does.</summary>
    [Range(0, 10_000)]
    public int MaxOwnHops { get; init; } = 3;

    /// <summary>DMARC failures under p=reject: refuse, or treat as quarantine.</summary>
    public GateMode DmarcReject { get; init; } = GateMode.Refuse;

    /// <summary>Senders that the lists block.</summary>
    public GateMode Lists { get; init; } = GateMode.Label;

    /// <summary>Cold mail for whose author nobody answers.</summary>
    public GateMode Unauthenticated { get; init; } = GateMode.Label;

    /// <summary>Messages a minute from one author address to one inbox; 0 is no limit.</summary>
    [Range(0, 1_000_000)]
    public int SenderPerMinute { get; init; } = 300;

    /// <summary>First contacts an hour from one author address, from its domain, and from the client's network (/24, /48); 0 is no limit.</summary>
    [Range(0, 1_000_000)]
    public int FirstContactsPerHour { get; init; } = 30;

    /// <inheritdoc cref="FirstContactsPerHour"/>
    [Range(0, 1_000_000)]
    public int FirstContactsPerHourOfDomain { get; init; } = 1000;

    /// <inheritdoc cref="FirstContactsPerHour"/>
    [Range(0, 1_000_000)]
    public int FirstContactsPerHourOfNetwork { get; init; } = 500;

    /// <summary>clamd's socket, unix:/path or HOST:PORT; null switches the gate off.</summary>
    public string? Clamd { get; init; }

    /// <summary>What becomes of mail that clamd does not answer for.</summary>
    public ScannerDown VirusScannerDown { get; init; } = ScannerDown.Accept;

    /// <summary>rspamd's URL, for instance http://127.0.0.1:11333/; null leaves the built-in score.</summary>
    public string? Rspamd { get; init; }

    /// <summary>What becomes of mail that rspamd does not answer for: judged by the built-in score, or deferred.</summary>
    public ScannerDown SpamScannerDown { get; init; } = ScannerDown.Accept;

    /// <summary>How long a scanner may take.</summary>
    [Range(typeof(TimeSpan), "00:00:00.001", "00:01:00")]
    public TimeSpan ScannerTimeout { get; init; } = TimeSpan.FromSeconds(10);

    /// <summary>DNS lists of client addresses.</summary>
    public IReadOnlyList<Scanners.DnsListOptions> DnsLists { get; init; } = [];

    /// <summary>Greylisting at RCPT.</summary>
    public GreylistOptions Greylist { get; init; } = new();

    /// <summary>Built-in score from which a message is labelled spam; 0 never labels.</summary>
    [Range(0.0, 1000.0)]
    public double SpamLabelScore { get; init; } = 5;

    /// <summary>Score from which it is refused; 0 never refuses.</summary>
    [Range(0.0, 1000.0)]
    public double SpamRefuseScore { get; init; } = 15;

    /// <summary>Whether clients on loopback are free of rates, greylisting and DNS lists.</summary>
    public bool ExemptLoopback { get; init; } = true;

    /// <summary>Networks that are free of rates, greylisting and DNS lists.</summary>
    public IReadOnlyList<System.Net.IPNetwork> ExemptNetworks { get; init; } = [];

    /// <summary>Whether rates, greylisting and DNS lists leave this client alone.</summary>
    public bool IsExempt(System.Net.IPAddress client) => (ExemptLoopback && System.Net.IPAddress.IsLoopback(client)) || ExemptNetworks.Any(n => n.Contains(client));

    /// <inheritdoc/>
    public IEnumerable<ValidationResult> Validate(ValidationContext validationContext)
    {
        if (Clamd is not null && Scanners.ClamdScanner.AddressFault(Clamd) is { } fault)
            yield return new ValidationResult($"{fault} Expected is unix:/path or HOST:PORT, for instance unix:/run/clamav/clamd.ctl, 127.0.0.1:3310 or [::1]:3310.", [nameof(Clamd)]);
        if (Rspamd is not null && !(Uri.TryCreate(Rspamd, UriKind.Absolute, out var url) && url.Scheme is "http" or "https" && url.Port != 0))
            yield return new ValidationResult("this is not an http URL, for instance http://127.0.0.1:11333/.", [nameof(Rspamd)]);
        for (var i = 0; i < DnsLists.Count; i++)
        {
            if (Uri.CheckHostName(DnsLists[i].Zone) != UriHostNameType.Dns)
                yield return new ValidationResult("a zone is expected, for instance zen.spamhaus.org.", [$"{nameof(DnsLists)}:{i}:{nameof(Scanners.DnsListOptions.Zone)}"]);
        }

        if (SpamRefuseScore > 0 && SpamRefuseScore < SpamLabelScore)
            yield return new ValidationResult(string.Create(CultureInfo.InvariantCulture, $"SpamLabelScore = {SpamLabelScore} or more is expected, or 0, which never refuses."), [nameof(SpamRefuseScore)]);
    }
}
