using AgentMta.Server.Inbound.Scanners;
using AgentMta.Server.Model;

namespace AgentMta.Server.Inbound.Gates;

/// <summary>rspamd's action where it is set and answers, else the built-in score; both explained.</summary>
internal sealed class SpamGate(GateOptions options, string hostName, RspamdScanner? rspamd, ScannerWatch watch, DnsLists lists) : Gate("spam")
{
    /// <inheritdoc/>
    public override async ValueTask<GateVerdict> JudgeAsync(GateCase copy, CancellationToken cancellationToken)
    {
        if (copy.Arrival.Authentication is null)
            return NotAsked("the message is our own");
        if (copy.Target.IsExempt)
            return NotAsked("postmaster and tokens take mail from anyone");
        ScanResult? silent = null;
        if (rspamd is not null)
        {
            var result = await ScanAsync(copy.Arrival, rspamd, cancellationToken).ConfigureAwait(false);
            if (result.Outcome != ScanOutcome.Down)
                return Judge(result);
            silent = result;
            if (options.SpamScannerDown == ScannerDown.Defer)
                return Refuse(451, "4.7.1", "The message cannot be scanned now; try again later", "the scanner could not be asked", ("scanner", result.Name));
        }

        if (options.SpamLabelScore <= 0 && options.SpamRefuseScore <= 0)
            return NotAsked(silent is null ? "no threshold is set" : $"rspamd could not be asked ({silent.Name}), and no threshold of the built-in score is set");
        var tally = await ScoreAsync(copy, cancellationToken).ConfigureAwait(false);
        return Judge(tally, silent is null ? tally.Evidence : [.. tally.Evidence, ("rspamd", $"rspamd could not be asked: {silent.Name}")]);
    }

    // Apart, because what the function holds is made where its method begins.
    private ValueTask<ScanResult> ScanAsync(Arrival arrival, RspamdScanner scanner, CancellationToken cancellationToken) =>
        arrival.OnceAsync(Name, async () => watch.Note(await scanner.ScanAsync(arrival, cancellationToken).ConfigureAwait(false)));

    private async ValueTask<SpamTally> ScoreAsync(GateCase copy, CancellationToken cancellationToken)
    {
        var tally = new SpamTally();
        var verdict = copy.Arrival.Authentication!;
        SenderRules.Authentication(tally, verdict);
        var client = copy.Arrival.Message.Session.ClientAddress;
        if (!options.IsExempt(client))
        {
            SenderRules.Client(tally, verdict, hostName);
            SenderRules.Lists(tally, await lists.FindAsync(client, cancellationToken).ConfigureAwait(false));
        }

        SenderRules.Acquaintance(tally, copy);
        var content = await copy.Arrival.ReadContentAsync(cancellationToken).ConfigureAwait(false);
        StructureRules.Add(tally, copy.Arrival);
        LinkRules.Add(tally, content.Text, content.Html);
        return tally;
    }

    private GateVerdict Judge(ScanResult result) => result.Outcome switch
    {
        ScanOutcome.Found => Refuse(550, "5.7.1", Said(result, "The message looks like spam"), "rspamd wants it refused", result.Evidence),
        ScanOutcome.Suspicious => Label(Labels.Spam, "rspamd takes it for spam", result.Evidence),
        ScanOutcome.Defer => Refuse(451, "4.7.1", Said(result, "Try again later"), "rspamd wants it deferred", result.Evidence),
        _ => Pass("rspamd finds nothing against it", result.Evidence),
    };

    private static string Said(ScanResult result, string otherwise) => result.Name.Length > 0 ? result.Name : otherwise;

    private GateVerdict Judge(SpamTally tally, IReadOnlyList<(string Name, string Value)> evidence) =>
        options.SpamRefuseScore > 0 && tally.Total >= options.SpamRefuseScore ? Refuse(550, "5.7.1", "The message looks like spam", "the score is over the second threshold", evidence)
        : options.SpamLabelScore > 0 && tally.Total >= options.SpamLabelScore ? Label(Labels.Spam, "the score is over the threshold", evidence)
        : Pass("the score is below the threshold", evidence);
}
