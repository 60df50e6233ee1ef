using AgentMta.Protocol.MailAuth;
using AgentMta.Protocol.MailAuth.Dkim;
using AgentMta.Protocol.MailAuth.Dmarc;
using AgentMta.Protocol.MailAuth.Spf;

namespace AgentMta.Server.Inbound.Gates;

/// <summary>Where a DNS error that may go away decides whether anybody answers for the author, the sender is asked to try again.</summary>
internal sealed class TemporaryErrorGate() : Gate("dns")
{
    /// <inheritdoc/>
    public override ValueTask<GateVerdict> JudgeAsync(GateCase copy, CancellationToken cancellationToken)
    {
        if (copy.Arrival.Authentication is not { } verdict)
            return ValueTask.FromResult(NotAsked("nothing was asked of DNS"));
        if (copy.Target.IsExempt)
            return ValueTask.FromResult(NotAsked("authentication does not decide here"));
        return ValueTask.FromResult(
            Undecided(verdict) is { } what
                ? Refuse(451, "4.7.24", $"DNS gave no answer about the sender ({what}); try again later", $"{what} ended in a temporary error", ("undecided", what))
                : Pass("DNS answered all that decides"));
    }

    private static string? Undecided(AuthenticationVerdict verdict)
    {
        if (verdict.HasAlignedPass)
            return null;
        if (verdict.Dmarc.Status == DmarcStatus.TempError)
            return "DMARC";
        if (verdict.Dmarc.Status != DmarcStatus.None)
            return null;
        // Without a policy only an identifier that is the author domain itself would count.
        if (verdict.Spf.Status == SpfStatus.TempError && verdict.AuthorDomains.Contains(verdict.Spf.Domain))
            return "SPF";
        return verdict.Dkim.Any(s => s.Status == DkimStatus.TempError && s.Domain is { } d && verdict.AuthorDomains.Contains(d)) ? "DKIM" : null;
    }
}
