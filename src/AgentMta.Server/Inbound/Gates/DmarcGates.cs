using AgentMta.Protocol.MailAuth;
using AgentMta.Protocol.MailAuth.Dmarc;
using AgentMta.Server.Model;

namespace AgentMta.Server.Inbound.Gates;

/// <summary>
/// What both gates do for postmaster and abuse (RFC 5321 4.5.1, RFC 2142): who cannot get his mail right may still write there. What an author domain disowns is
/// labelled, so that whoever reads it does not take it for the author's word.
/// </summary>
internal abstract class DmarcGate(string name) : Gate(name)
{
    /// <summary>Never a refusal, nor spam; no posture decides here, so mail without a policy that asks for something stays as it is.</summary>
    protected GateVerdict ForPostmaster(GateCase copy, DmarcResult dmarc, DmarcPolicy asked) =>
        dmarc.Status != DmarcStatus.Fail || dmarc.Disposition != asked || copy.Excuse is { Authenticates: true }
            ? NotAsked("postmaster takes mail from anyone")
            : Label(Labels.Unauthenticated, $"{dmarc.Reason}; postmaster takes mail from anyone", ("author_domain", dmarc.AuthorDomain ?? ""), ("policy", EnumWord.Of(asked)));
}

/// <summary>DMARC failures under p=reject are refused unless somebody vouches for the message: RFC 9989 does not want p=reject alone to decide.</summary>
internal sealed class DmarcRejectGate(GateOptions options) : DmarcGate("dmarc_reject")
{
    /// <inheritdoc/>
    public override ValueTask<GateVerdict> JudgeAsync(GateCase copy, CancellationToken cancellationToken)
    {
        if (copy.Arrival.Authentication is not { Dmarc: var dmarc })
            return ValueTask.FromResult(NotAsked("the submitting credential answers for the sender"));
        if (copy.Target.Kind == TargetKind.Postmaster)
            return ValueTask.FromResult(ForPostmaster(copy, dmarc, DmarcPolicy.Reject));
        (string, string)[] evidence = [("dmarc", EnumWord.Of(dmarc.Status)), ("author_domain", dmarc.AuthorDomain ?? ""), ("policy", dmarc.Policy is { } policy ? EnumWord.Of(policy) : ""), ("disposition", EnumWord.Of(dmarc.Disposition))];
        if (dmarc is not { Status: DmarcStatus.Fail, Disposition: DmarcPolicy.Reject })
            return ValueTask.FromResult(Pass(dmarc.Reason, evidence));
        if (copy.Excuse is { } excuse)
            return ValueTask.FromResult(Pass($"DMARC fails, but {excuse.By} vouches for it", [.. evidence, ("excuse", excuse.Kind), ("by", excuse.By)]));
        return ValueTask.FromResult(
            options.DmarcReject == GateMode.Refuse
                ? Refuse(550, "5.7.26", $"{dmarc.AuthorDomain} asks to refuse mail that fails DMARC, and this does", dmarc.Reason, evidence)
                : Label(Labels.Spam, dmarc.Reason, evidence));
    }
}

/// <summary>DMARC failures under p=quarantine are kept as spam.</summary>
internal sealed class DmarcQuarantineGate() : DmarcGate("dmarc_quarantine")
{
    /// <inheritdoc/>
    public override ValueTask<GateVerdict> JudgeAsync(GateCase copy, CancellationToken cancellationToken)
    {
        if (copy.Arrival.Authentication is not { Dmarc: var dmarc })
            return ValueTask.FromResult(NotAsked("the submitting credential answers for the sender"));
        if (copy.Target.Kind == TargetKind.Postmaster)
            return ValueTask.FromResult(ForPostmaster(copy, dmarc, DmarcPolicy.Quarantine));
        if (dmarc is not { Status: DmarcStatus.Fail, Disposition: DmarcPolicy.Quarantine })
            return ValueTask.FromResult(Pass("no policy asks for quarantine"));
        return ValueTask.FromResult(
            copy.Excuse is { } excuse
                ? Pass($"DMARC fails, but {excuse.By} vouches for it", ("excuse", excuse.Kind), ("by", excuse.By))
                : Label(Labels.Spam, dmarc.Reason, ("author_domain", dmarc.AuthorDomain ?? ""), ("policy", "quarantine")));
    }
}
