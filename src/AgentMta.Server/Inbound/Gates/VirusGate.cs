using AgentMta.Server.Inbound.Scanners;

namespace AgentMta.Server.Inbound.Gates;

/// <summary>Refuses what clamd knows to be bad. Postmaster too is asked.</summary>
internal sealed class VirusGate(GateOptions options, ClamdScanner? clamd, ScannerWatch watch) : Gate("virus")
{
    /// <summary>The label of mail that nobody could look at.</summary>
    public const string Unscanned = "unscanned";

    private const string TooLarge = "clamd takes no stream of that size (StreamMaxLength)";

    /// <inheritdoc/>
    public override ValueTask<GateVerdict> JudgeAsync(GateCase copy, CancellationToken cancellationToken) =>
        clamd is null ? ValueTask.FromResult(NotAsked("no scanner is set"))
        : copy.Arrival.IsLocal ? ValueTask.FromResult(NotAsked("the message is our own"))
        : AskAsync(copy, clamd, cancellationToken);

    private async ValueTask<GateVerdict> AskAsync(GateCase copy, ClamdScanner scanner, CancellationToken cancellationToken)
    {
        var result = await copy.Arrival.OnceAsync(Name, async () => watch.Note(await scanner.ScanAsync(copy.Arrival.Message.Raw.Bytes, cancellationToken).ConfigureAwait(false))).ConfigureAwait(false);
        return result.Outcome switch
        {
            ScanOutcome.Clean => Pass("nothing was found"),
            ScanOutcome.Found => Refuse(550, "5.7.1", $"The message carries {Word(result.Name)}", $"clamd found {result.Name}", ("found", result.Name)),
            ScanOutcome.TooLarge when options.VirusScannerDown == ScannerDown.Defer =>
                Refuse(552, "5.3.4", "The message is larger than what can be scanned", TooLarge, ("scanner", result.Name)),
            ScanOutcome.TooLarge => Label(Unscanned, TooLarge, ("scanner", result.Name)),
            _ when options.VirusScannerDown == ScannerDown.Defer =>
                Refuse(451, "4.7.1", "The message cannot be scanned now; try again later", "the scanner could not be asked", ("scanner", result.Name)),
            _ => Label(Unscanned, "the scanner could not be asked", ("scanner", result.Name)),
        };
    }

    private static string Word(string name) => string.Concat(name.Where(c => char.IsAsciiLetterOrDigit(c) || c is '.' or '-' or '_' or '/'));
}
