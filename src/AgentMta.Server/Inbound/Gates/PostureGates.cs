using AgentMta.Server.Model;

namespace AgentMta.Server.Inbound.Gates;

/// <summary>A thread-only inbox takes nothing but answers that prove themselves.</summary>
internal sealed class ThreadOnlyGate() : Gate("thread_only")
{
    /// <inheritdoc/>
    public override ValueTask<GateVerdict> JudgeAsync(GateCase copy, CancellationToken cancellationToken)
    {
        if (copy.Target.IsExempt)
            return ValueTask.FromResult(NotAsked(copy.Target.IsToken ? "a valid token was given" : "postmaster takes mail from anyone"));
        (string, string)[] evidence =
        [
            ("posture", copy.Inbox.AcceptsColdInbound ? "cold" : "thread_only"), ("proof", copy.Proof.Reason), ("answers", copy.Proof.Answered?.MessageId ?? ""),
            ("cross_use_case", copy.Proof.CrossUseCase ? "true" : "false"),
        ];
        return ValueTask.FromResult(
            copy.Inbox.AcceptsColdInbound ? Pass("the inbox takes cold mail", evidence)
            : copy.Proof.Proven ? Pass(copy.Proof.Reason, evidence)
            : Refuse(550, "5.7.1", "This address takes only answers to its own mail, from the address it wrote to, and this does not prove to be one", copy.Proof.Reason, evidence));
    }
}

/// <summary>Cold mail for whose author nobody answers is kept apart.</summary>
internal sealed class ColdGate(GateOptions options) : Gate("unauthenticated")
{
    /// <inheritdoc/>
    public override ValueTask<GateVerdict> JudgeAsync(GateCase copy, CancellationToken cancellationToken)
    {
        if (copy.Target.IsExempt)
            return ValueTask.FromResult(NotAsked("authentication does not decide here"));
        if (copy.Arrival.IsAligned)
            return ValueTask.FromResult(Pass(copy.Arrival.IsLocal ? "the submitting credential answers for the author" : "a passed identifier is aligned with the author"));
        if (copy.Excuse is { Authenticates: true } excuse)
            return ValueTask.FromResult(Pass($"{excuse.By} vouches for it", ("excuse", excuse.Kind)));
        const string reason = "no identifier that passed is aligned with the author";
        return ValueTask.FromResult(
            options.Unauthenticated == GateMode.Refuse
                ? Refuse(550, "5.7.1", "Neither SPF nor DKIM passes for the domain of the From address", reason)
                : Label(Labels.Unauthenticated, reason));
    }
}
