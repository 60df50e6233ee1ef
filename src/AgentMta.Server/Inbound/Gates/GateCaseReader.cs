using AgentMta.Protocol.MailAuth;
using AgentMta.Protocol.MailAuth.Dkim;
using AgentMta.Protocol.MailAuth.Dmarc;
using AgentMta.Protocol.MailAuth.Spf;
using AgentMta.Server.Model;
using AgentMta.Server.Store;

namespace AgentMta.Server.Inbound.Gates;

/// <summary>Gathers what the gates need to know about one recipient's copy, so that they themselves ask no store.</summary>
internal sealed class GateCaseReader(CorrespondentStore correspondents, ListStore lists, MessageIds messageIds)
{
    /// <summary>Asks who knows whom, what is answered, what the lists say, and who vouches for a DMARC failure.</summary>
    public async ValueTask<GateCase> ReadAsync(Arrival arrival, Target target, CancellationToken cancellationToken)
    {
        var inbox = target.Inbox;
        var credible = ReplyProof.Credible(arrival.Ancestors, messageIds);
        var known = await correspondents.AskAsync(inbox, arrival.Sender, credible, cancellationToken).ConfigureAwait(false);
        var proof = ReplyProof.Judge(arrival.Author, arrival.IsAligned, known, arrival.Ancestors.Count, credible.Count);
        var matches = await MatchesAsync(arrival, target, proof, cancellationToken).ConfigureAwait(false);
        var decision = ListRules.Decide(matches, (proof.Proven ? inbox.ReplyLists : inbox.ReceiveLists).HasAllow);
        return new GateCase(arrival, target, known, proof, decision) { Excuse = await ExcuseAsync(arrival, inbox, decision, cancellationToken).ConfigureAwait(false) };
    }

    /// <summary>Domains that passed SPF or DKIM and that the name of the list lies in.</summary>
    public static IReadOnlyList<string> ListDomains(string listId, AuthenticationVerdict verdict)
    {
        var domains = verdict.Dkim.Where(s => s is { Status: DkimStatus.Pass, Domain: not null }).Select(s => s.Domain!).ToHashSet(StringComparer.Ordinal);
        if (verdict.Spf.Status == SpfStatus.Pass)
            domains.Add(verdict.Spf.Domain);
        return [.. domains.Where(d => listId == d || listId.EndsWith("." + d, StringComparison.Ordinal))];
    }

    private async ValueTask<List<ListMatch>> MatchesAsync(Arrival arrival, Target target, ReplyProof proof, CancellationToken cancellationToken)
    {
        var presence = proof.Proven ? target.Inbox.ReplyLists : target.Inbox.ReceiveLists;
        return target.IsExempt || !presence.HasEntries || arrival.Sender is not { } sender
            ? []
            : await lists.MatchesAsync(target.Inbox, proof.Proven ? "reply" : "receive", sender, cancellationToken).ConfigureAwait(false);
    }

    private async ValueTask<DmarcExcuse?> ExcuseAsync(Arrival arrival, LocalInbox inbox, ListDecision decision, CancellationToken cancellationToken)
    {
        if (arrival.Authentication is not { Dmarc: { Status: DmarcStatus.Fail } dmarc } verdict)
            return null;
        if (dmarc.Override is { } sealer)
            return new DmarcExcuse("trusted_sealer", sealer.By, Authenticates: true);
        // A list that this inbox knows from aligned mail, and whose own domain passed then as it does now. It says nothing about the author.
        if (arrival.ListId is { } listId && await correspondents.KnownListDomainAsync(inbox, listId, ListDomains(listId, verdict), cancellationToken).ConfigureAwait(false) is { } by)
            return new DmarcExcuse("mailing_list", $"{listId} ({by})", Authenticates: false);
        return decision is { Blocked: false, Match: { Allow: true } entry } ? new DmarcExcuse("allow_list", entry.Entry, Authenticates: false) : null;
    }
}
