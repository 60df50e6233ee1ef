using AgentMta.Protocol.Smtp;

namespace AgentMta.Server.Inbound.Gates;

/// <summary>What all gates together decided about one recipient's copy.</summary>
/// <param name="Verdicts">In the order asked, up to the one that refused.</param>
/// <param name="Refusal">The reply of that one; null where the copy is kept.</param>
/// <param name="Labels">Labels of the copy, without repetition.</param>
internal sealed record Judgement(GateCase Copy, IReadOnlyList<GateVerdict> Verdicts, SmtpReply? Refusal, IReadOnlyList<string> Labels);

/// <summary>Asks the gates in the order of the gate table; the first refusal ends it.</summary>
internal sealed class GateSequence(Gate[] gates, TimeProvider time)
{
    /// <summary>The names in their order.</summary>
    public IEnumerable<string> Names => gates.Select(g => g.Name);

    /// <summary>Judges one copy.</summary>
    public async ValueTask<Judgement> JudgeAsync(GateCase copy, CancellationToken cancellationToken)
    {
        var verdicts = new List<GateVerdict>(gates.Length);
        var labels = new List<string>();
        foreach (var gate in gates)
        {
            var started = time.GetTimestamp();
            var verdict = await gate.JudgeAsync(copy, cancellationToken).ConfigureAwait(false);
            verdict.Elapsed = time.GetElapsedTime(started);
            verdicts.Add(verdict);
            if (verdict.Outcome == GateOutcome.Refuse)
                return new Judgement(copy, verdicts, verdict.Reply, labels);
            if (verdict.Label is { } label && !labels.Contains(label))
                labels.Add(label);
        }

        return new Judgement(copy, verdicts, null, labels);
    }
}
