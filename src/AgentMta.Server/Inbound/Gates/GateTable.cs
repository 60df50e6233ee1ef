using AgentMta.Server.Inbound.Scanners;

namespace AgentMta.Server.Inbound.Gates;

/// <summary>The gate table of design.md, in its order.</summary>
internal static class GateTable
{
    private const int LongestAnswer = 4 * 1024 * 1024;

    /// <summary>The gates for these settings.</summary>
    public static GateSequence Create(ReceiverOptions options, DnsLists lists, ScannerWatches watches, TimeProvider time)
    {
        var gates = options.Gates;
        var clamd = gates.Clamd is { } address ? new ClamdScanner(address, gates.ScannerTimeout, time) : null;
        var rspamd = gates.Rspamd is { } url ? new RspamdScanner(Client(), new Uri(url), options.HostName, gates.ScannerTimeout, time) : null;
        return new GateSequence(
            [
                new LoopGate(gates, options.HostName),
                new VirusGate(gates, clamd, watches.Clamd),
                new DmarcRejectGate(gates),
                new DmarcQuarantineGate(),
                new TemporaryErrorGate(),
                new ListGate(gates),
                new ThreadOnlyGate(),
                new ColdGate(gates),
                new RateGate(gates, time),
                new SpamGate(gates, options.HostName, rspamd, watches.Rspamd, lists),
            ],
            time);
    }

    // One for the life of the server; the scanner has its own time limit.
    private static HttpClient Client() => new(new SocketsHttpHandler { UseProxy = false, AllowAutoRedirect = false, MaxConnectionsPerServer = 64 })
    {
        Timeout = Timeout.InfiniteTimeSpan,
        MaxResponseContentBufferSize = LongestAnswer,
    };
}
