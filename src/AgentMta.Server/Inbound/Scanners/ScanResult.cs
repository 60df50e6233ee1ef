namespace AgentMta.Server.Inbound.Scanners;

/// <summary>What an outside scanner said.</summary>
internal enum ScanOutcome
{
    Clean,

    /// <summary>Something was found (clamd), or the scanner wants the message refused (rspamd).</summary>
    Found,

    /// <summary>rspamd: keep it as spam.</summary>
    Suspicious,

    /// <summary>rspamd: try again later.</summary>
    Defer,

    /// <summary>It takes no message of this size, now or later (clamd's StreamMaxLength).</summary>
    TooLarge,

    /// <summary>It could not be asked, or gave no answer in time.</summary>
    Down,
}

/// <summary>A scanner's answer.</summary>
/// <param name="Name">What was found, what it wants the sender told, or why it could not be asked.</param>
/// <param name="Evidence">Names and values for the verdict.</param>
internal sealed record ScanResult(ScanOutcome Outcome, string Name, params IReadOnlyList<(string Name, string Value)> Evidence);
