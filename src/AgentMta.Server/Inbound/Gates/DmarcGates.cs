using AgentMta.Protocol.MailAuth;
using AgentMta.Protocol.MailAuth.Dmarc;
using AgentMta.Server.Model;

namespace AgentMta.Server.Inbound.Gates;

/// <summary>
/// DMARC failures under p=reject are refused unless somebody vouches for the message: RFC 9989 does not want p=reject alone to decide. Who cannot get his mail
/// right may still write to postmaster and abuse (RFC 5321 4.5.1, RFC 2142).
/// </summary>
internal sealed class DmarcRejectGate(GateOptions options) : Gate("dmarc_reject")
{
    /// <inheritdoc/>
    public override ValueTask<GateVerdict> JudgeAsync(GateCase copy, CancellationToken cancellationToken)
    {
        if (copy.Arrival.Authentication is not { Dmarc: var dmarc })
            return ValueTask.FromResult(NotAsked("the submitting credential answers for the sender"));
        if (copy.Target.Kind == TargetKind.Postmaster)
            return ValueTask.FromResult(NotAsked("postmaster takes mail from anyone"));
        (string, string)[] evidence = [("dmarc", EnumWord.Of(dmarc.Status)), ("author_domain", dmarc.AuthorDomain ?? ""), ("policy", EnumWord.Of(dmarc.Disposition))];
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
internal sealed class DmarcQuarantineGate() : Gate("dmarc_quarantine")
{
    /// <inheritdoc/>
    public override ValueTask<GateVerdict> JudgeAsync(GateCase copy, CancellationToken cancellationToken)
    {
        if (copy.Arrival.Authentication is not { Dmarc: var dmarc })
            return ValueTask.FromResult(NotAsked("the submitting credential answers for the sender"));
        if (copy.Target.Kind == TargetKind.Postmaster)
            return ValueTask.FromResult(NotAsked("postmaster takes mail from anyone"));
        if (dmarc is not { Status: DmarcStatus.Fail, Disposition: DmarcPolicy.Quarantine })
            return ValueTask.FromResult(Pass("no policy asks for quarantine"));
        return ValueTask.FromResult(
            copy.Excuse is { } excuse
                ? Pass($"DMARC fails, but {excuse.By} vouches for it", ("excuse", excuse.Kind), ("by", excuse.By))
                : Label(Labels.Spam, dmarc.Reason, ("author_domain", dmarc.AuthorDomain ?? ""), ("policy", "quarantine")));
    }
}
