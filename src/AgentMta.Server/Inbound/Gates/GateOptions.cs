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
internal sealed record GateOptions
{
    /// <summary>Received fields past which a message runs in a circle (RFC 5321 6.3).</summary>
    public int MaxReceived { get; init; } = 50;

    /// <summary>Received fields of this host past which it does.</summary>
    public int MaxOwnHops { get; init; } = 3;

    /// <summary>DMARC failures under p=reject: refuse, or treat as quarantine.</summary>
    public GateMode DmarcReject { get; init; } = GateMode.Refuse;

    /// <summary>Senders that the lists block.</summary>
    public GateMode Lists { get; init; } = GateMode.Label;

    /// <summary>Cold mail for whose author nobody answers.</summary>
    public GateMode Unauthenticated { get; init; } = GateMode.Label;

    /// <summary>Messages a minute from one author address to one inbox; 0 is no limit.</summary>
    public int SenderPerMinute { get; init; } = 300;

    /// <summary>First contacts an hour from one author address, from its domain, and from the client's network (/24, /48); 0 is no limit.</summary>
    public int FirstContactsPerHour { get; init; } = 30;

    /// <inheritdoc cref="FirstContactsPerHour"/>
    public int FirstContactsPerHourOfDomain { get; init; } = 1000;

    /// <inheritdoc cref="FirstContactsPerHour"/>
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
    public TimeSpan ScannerTimeout { get; init; } = TimeSpan.FromSeconds(10);

    /// <summary>DNS lists of client addresses.</summary>
    public IReadOnlyList<Scanners.DnsListOptions> DnsLists { get; init; } = [];

    /// <summary>Greylisting at RCPT.</summary>
    public GreylistOptions Greylist { get; init; } = new();

    /// <summary>Built-in score from which a message is labelled spam; 0 never labels.</summary>
    public double SpamLabelScore { get; init; } = 5;

    /// <summary>Score from which it is refused; 0 never refuses.</summary>
    public double SpamRefuseScore { get; init; } = 15;

    /// <summary>Whether clients on loopback are free of rates, greylisting and DNS lists.</summary>
    public bool ExemptLoopback { get; init; } = true;

    /// <summary>Networks that are free of rates, greylisting and DNS lists.</summary>
    public IReadOnlyList<System.Net.IPNetwork> ExemptNetworks { get; init; } = [];

    /// <summary>Whether rates, greylisting and DNS lists leave this client alone.</summary>
    public bool IsExempt(System.Net.IPAddress client) => (ExemptLoopback && System.Net.IPAddress.IsLoopback(client)) || ExemptNetworks.Any(n => n.Contains(client));

    /// <summary>What is wrong with the settings: key and sentence.</summary>
    public IEnumerable<(string Key, string Fault)> Validate()
    {
        if (Clamd is { } clamd && !Scanners.ClamdScanner.IsAddress(clamd))
            yield return (nameof(Clamd), $"'{clamd}' is neither unix:/path nor HOST:PORT, for instance unix:/run/clamav/clamd.ctl or 127.0.0.1:3310.");
        if (Rspamd is { } rspamd && !(Uri.TryCreate(rspamd, UriKind.Absolute, out var url) && url.Scheme is "http" or "https"))
            yield return (nameof(Rspamd), $"'{rspamd}' is not an http URL, for instance http://127.0.0.1:11333/.");
        if (ScannerTimeout <= TimeSpan.Zero || ScannerTimeout > TimeSpan.FromSeconds(60))
            yield return (nameof(ScannerTimeout), "a duration up to 00:01:00 is expected.");
        foreach (var list in DnsLists.Where(l => Uri.CheckHostName(l.Zone) != UriHostNameType.Dns))
            yield return (nameof(DnsLists), $"'{list.Zone}' is not a zone, for instance zen.spamhaus.org.");
        if (Greylist.Delay < TimeSpan.Zero || Greylist.RetryWindow <= Greylist.Delay || Greylist.Lifetime <= Greylist.RetryWindow)
            yield return (nameof(Greylist), "Delay, RetryWindow and Lifetime must grow in this order.");
    }
}
