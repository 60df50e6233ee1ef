using AgentMta.Protocol.MailAuth;
using AgentMta.Server.Model;

namespace AgentMta.Server.Inbound.Gates;

/// <summary>Allow and block lists of inbox, pod and workspace: mail that answers is asked only of the reply lists, all other only of the receive lists.</summary>
internal sealed class ListGate(GateOptions options) : Gate("lists")
{
    /// <inheritdoc/>
    public override ValueTask<GateVerdict> JudgeAsync(GateCase copy, CancellationToken cancellationToken)
    {
        if (copy.Target.IsExempt)
            return ValueTask.FromResult(NotAsked("addresses of our own take mail from anyone"));
        var direction = copy.Proof.Proven ? "reply" : "receive";
        var presence = copy.Proof.Proven ? copy.Inbox.ReplyLists : copy.Inbox.ReceiveLists;
        if (!presence.HasEntries)
            return ValueTask.FromResult(Pass("there are no entries", ("direction", direction)));
        var entry = copy.Lists.Match;
        (string, string)[] evidence =
        [
            ("direction", direction), ("sender", copy.Arrival.Sender?.Address ?? ""), ("entry", entry?.Entry ?? ""),
            ("scope", entry is null ? "" : EnumWord.Of(entry.Scope)),
        ];
        if (!copy.Lists.Blocked)
            return ValueTask.FromResult(Pass(entry is null ? "no entry names the sender" : "an entry allows the sender", evidence));
        var reason = entry is null ? "the sender is not on the allow list" : "an entry blocks the sender";
        return ValueTask.FromResult(
            options.Lists == GateMode.Refuse
                ? Refuse(550, "5.7.1", "The recipient does not take mail from this sender", reason, evidence)
                : Label(Labels.Blocked, reason, evidence));
    }
}
