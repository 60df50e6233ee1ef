using AgentMta.Protocol.Addresses;
using AgentMta.Server.Model;
using AgentMta.Server.Store;

namespace AgentMta.Server.Outbound;

/// <summary>Decides whether an inbox may send to these recipients now (design.md, Outbound order): domain, recipients, lists, suppressions, rate, loops.</summary>
internal sealed class SendPolicy(SubmissionStore store, DirectoryStore directory, ListStore lists, OutboundOptions options, TimeProvider time)
{
    /// <summary>What a key needs to send.</summary>
    public const string Permission = "message_send";

    private static readonly string Verified = DomainStore.Word(DomainStatus.Verified);

    /// <summary>Why the sender may not send at all; null where it may.</summary>
    public async ValueTask<SubmitFault?> CheckSenderAsync(SenderProfile sender, CancellationToken cancellationToken)
    {
        var domain = await directory.DomainAsync(sender.Domain, cancellationToken).ConfigureAwait(false);
        return domain is { } && domain.Status == Verified && domain.WorkspaceId == sender.WorkspaceId
            ? null
            : new SubmitFault(403, "domain_not_verified", $"The domain {sender.Domain} is not verified, so nothing can be sent from {sender.Address}.", $"Publish the records that /v0/domains/{sender.Domain} shows and verify the domain.");
    }

    /// <summary>Why these recipients may not be written to; null where they may.</summary>
    /// <param name="before">Recipients of the same message that were checked already: they count for the rate, though nothing of them is stored.</param>
    public async ValueTask<SubmitFault?> CheckRecipientsAsync(SenderProfile sender, IReadOnlyList<MailAddress> recipients, CancellationToken cancellationToken, int before = 0)
    {
        if (recipients.Count == 0)
            return new SubmitFault(422, "unprocessable", "The message has no recipient.", "Give at least one address in to, cc or bcc.");
        if (recipients.Count > options.MaxRecipients)
            return new SubmitFault(422, "unprocessable", $"The message has {recipients.Count} recipients; {options.MaxRecipients} are allowed.", "Send it in several messages.");
        return await CheckListsAsync(sender, recipients, cancellationToken).ConfigureAwait(false)
            ?? await CheckSuppressionsAsync(sender, recipients, cancellationToken).ConfigureAwait(false)
            ?? await CheckRateAsync(sender, before + recipients.Count, cancellationToken).ConfigureAwait(false);
    }

    /// <summary>Why this answer would make or feed a loop (RFC 3834 2); null where it would not.</summary>
    public async ValueTask<SubmitFault?> CheckLoopAsync(SenderProfile sender, TargetMessage target, bool automatic, CancellationToken cancellationToken)
    {
        if (automatic && target.AutoSubmitted)
            return new SubmitFault(403, "message_rejected", "An automatic message must not be answered by an automatic message (RFC 3834 2).", "Leave it unanswered, or let a person answer.");
        var now = time.GetUtcNow();
        if (target.AutoSubmitted && await store.RepliesSinceAsync(sender.WorkspaceId, target.ThreadId, now - TimeSpan.FromDays(1), cancellationToken).ConfigureAwait(false) >= options.AutomaticRepliesPerThread)
        {
            return new SubmitFault(
                403, "message_rejected", $"This thread answers automatic mail and had {options.AutomaticRepliesPerThread} replies within a day: it looks like a loop.", "Leave the thread alone for a day.");
        }

        if (options.RepliesPerThreadHour > 0 && await store.RepliesSinceAsync(sender.WorkspaceId, target.ThreadId, now - TimeSpan.FromHours(1), cancellationToken).ConfigureAwait(false) >= options.RepliesPerThreadHour)
            return new SubmitFault(429, "rate_limit_exceeded", $"This thread had {options.RepliesPerThreadHour} replies within an hour.", "Wait before answering in this thread again.");
        return null;
    }

    private async ValueTask<SubmitFault?> CheckListsAsync(SenderProfile sender, IReadOnlyList<MailAddress> recipients, CancellationToken cancellationToken)
    {
        var inbox = await directory.InboxAsync(sender.Address, cancellationToken).ConfigureAwait(false);
        if (inbox is null)
            return new SubmitFault(404, "not_found", $"The inbox {sender.Address} does not exist.");
        var presence = await lists.PresenceAsync(inbox, "send", cancellationToken).ConfigureAwait(false);
        if (!presence.HasEntries)
            return null;
        foreach (var recipient in recipients)
        {
            var parts = AddressParts.Read(recipient.Address);
            var matches = parts is null ? [] : await lists.MatchesAsync(inbox, "send", parts, cancellationToken).ConfigureAwait(false);
            var decision = ListRules.Decide(matches, presence.HasAllow);
            if (!decision.Blocked)
                continue;
            return decision.Match is { } match
                ? new SubmitFault(403, "message_rejected", $"The send block list forbids {recipient.Address} (entry {match.Entry}).", "Remove the entry from the send block list, or the recipient.")
                : new SubmitFault(403, "message_rejected", $"The send allow list does not name {recipient.Address}.", "Add the address or its domain to the send allow list.");
        }

        return null;
    }

    private async ValueTask<SubmitFault?> CheckSuppressionsAsync(SenderProfile sender, IReadOnlyList<MailAddress> recipients, CancellationToken cancellationToken)
    {
        var suppressed = await store.SuppressedAsync(sender.UseCase, [.. recipients.Select(r => AddressParts.Normalise(r.Address))], cancellationToken).ConfigureAwait(false);
        if (suppressed.Count == 0)
            return null;
        var who = string.Join(", ", suppressed.Select(s => $"{s.Address} ({s.Reason})"));
        return new SubmitFault(
            403, "message_rejected", $"Suppressed: {who}.",
            suppressed.Count == recipients.Count ? "Do not write to them again. If the entry is wrong, remove it under /v0/suppressions." : "Send without them. If an entry is wrong, remove it under /v0/suppressions.");
    }

    private async ValueTask<SubmitFault?> CheckRateAsync(SenderProfile sender, int recipients, CancellationToken cancellationToken)
    {
        if (options.InboxRecipientsPerHour == 0)
            return null;
        var sent = await store.RecipientsSinceAsync(sender.WorkspaceId, sender.Address, time.GetUtcNow() - TimeSpan.FromHours(1), cancellationToken).ConfigureAwait(false);
        return sent + recipients <= options.InboxRecipientsPerHour
            ? null
            : new SubmitFault(429, "rate_limit_exceeded", $"{sender.Address} has written to {sent} recipients within an hour; {options.InboxRecipientsPerHour} are allowed.", "Try again later.");
    }
}
