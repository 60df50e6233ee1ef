using AgentMta.Server.Inbound.Gates;

namespace AgentMta.Server.Inbound.Scanners;

/// <summary>The watches over the scanners, whether they are set or not.</summary>
internal sealed record ScannerWatches(ScannerWatch Clamd, ScannerWatch Rspamd)
{
    private const string Deferred = "mail is deferred with 451 4.7.1";

    /// <summary>Names of the scanners that had no answer for the last message.</summary>
    public IEnumerable<string> Down => new[] { Clamd, Rspamd }.Where(w => w.IsDown).Select(w => w.Scanner);

    /// <summary>Watches that tell what these settings make of mail while nobody scans it.</summary>
    public static ScannerWatches For(GateOptions options, ReceiverMeter meter, TimeProvider time, ILogger log) => new(
        new ScannerWatch("clamd", options.VirusScannerDown == ScannerDown.Defer ? Deferred : $"mail is kept and labelled {VirusGate.Unscanned}", meter, time, log),
        new ScannerWatch("rspamd", options.SpamScannerDown == ScannerDown.Defer ? Deferred : "mail is judged by the built-in score", meter, time, log));
}
