using AgentMta.Protocol.Addresses;
using AgentMta.Protocol.Dns;
using AgentMta.Protocol.Smtp;
using AgentMta.Server.Inbound.Gates;
using AgentMta.Server.Inbound.Scanners;
using AgentMta.Server.Model;
using AgentMta.Server.Store;

namespace AgentMta.Server.Inbound;

/// <summary>Decides MAIL and RCPT before any data: whose address it is, and that we are no relay (promises 2 and 3).</summary>
internal sealed class Recipients(
    DirectoryStore directory, AddressTokens tokens, CorrespondentStore correspondents, Greylist greylist, DnsLists lists, RefusalLog refusals, IDnsLookup dns, ReceiverOptions options)
{
    // smtp.md: the same words for every unknown address, so that nothing else can be told from them.
    private static readonly SmtpReply Unknown = new(550, "5.1.1", "No such mailbox here");
    private static readonly SmtpReply Relay = new(550, "5.7.1", "We do not relay");
    private static readonly SmtpReply NoBounce = new(550, "5.7.1", "This address has sent nothing that could bounce");
    private static readonly SmtpReply OneBounce = new(452, "4.5.3", "A bounce has one recipient");
    private static readonly SmtpReply NullMx = new(550, "5.7.27", "The sender's domain takes no mail (null MX)");
    private static readonly SmtpReply NoDomain = new(553, "5.1.7", "The sender address needs a fully qualified domain");

    /// <summary>The <see cref="CheckSender"/> of the MX listener.</summary>
    public async ValueTask<SmtpReply?> CheckSenderAsync(SessionInfo session, string reversePath, CancellationToken cancellationToken)
    {
        if (session.Role != DoorRole.Mx || reversePath.Length == 0)
            return null;
        var domain = reversePath[(reversePath.LastIndexOf('@') + 1)..];
        if (domain.StartsWith('['))
            return null;
        if (DomainName.Normalise(domain) is not { } name || !name.Contains('.', StringComparison.Ordinal))
            return refusals.Refuse("mail", session, reversePath, null, null, NoDomain);
        // RFC 7505 4.2: who takes no mail cannot get a bounce or an answer. An error of DNS decides nothing here.
        var answer = await dns.LookupAsync(name, DnsRecordType.MX, cancellationToken).ConfigureAwait(false);
        return answer.Records is [MxRecord { Host: "" }] ? refusals.Refuse("mail", session, reversePath, null, null, NullMx) : null;
    }

    /// <summary>The <see cref="CheckRecipient"/>: MX takes only what is ours; submission anything that an authenticated sender names, which the composer then judges.</summary>
    public async ValueTask<SmtpReply?> CheckAsync(SessionInfo session, string reversePath, string recipient, int recipientsSoFar, CancellationToken cancellationToken)
    {
        if (session.Role == DoorRole.Submission)
            return session.Credential is null ? refusals.Refuse("rcpt", session, reversePath, recipient, null, Relay) : null;
        if (await DomainAsync(recipient, cancellationToken).ConfigureAwait(false) is not { } domain)
            return refusals.Refuse("rcpt", session, reversePath, recipient, null, Relay);
        var target = await ResolveAsync(recipient, cancellationToken).ConfigureAwait(false);
        if (target is null)
            return refusals.Refuse("rcpt", session, reversePath, recipient, null, Unknown, domain);
        var refusal = reversePath.Length == 0
            ? await CheckBounceAsync(target, recipientsSoFar, cancellationToken).ConfigureAwait(false)
            : await CheckClientAsync(session, reversePath, target, cancellationToken).ConfigureAwait(false);
        return refusal is null ? null : refusals.Refuse("rcpt", session, reversePath, recipient, target.Inbox, refusal);
    }

    // design.md, Addresses of our own: the null sender has one RCPT, a valid token, postmaster, or an inbox that has sent.
    private async ValueTask<SmtpReply?> CheckBounceAsync(Target target, int recipientsSoFar, CancellationToken cancellationToken)
    {
        if (recipientsSoFar > 0)
            return OneBounce;
        return target.IsExempt || await directory.HasSentAsync(target.Inbox, cancellationToken).ConfigureAwait(false) ? null : NoBounce;
    }

    // DNS lists that refuse, then greylisting; both only where set, and neither for clients and addresses that are free of them.
    private async ValueTask<SmtpReply?> CheckClientAsync(SessionInfo session, string reversePath, Target target, CancellationToken cancellationToken)
    {
        if (target.IsExempt || options.Gates.IsExempt(session.ClientAddress))
            return null;
        if (session.IsPastGreylist(target.Inbox.InboxId))
            session.PastGreylist.Remove(target.Inbox.InboxId); // of an earlier message
        var hits = await lists.FindAsync(session.ClientAddress, cancellationToken).ConfigureAwait(false);
        var welcome = hits.Any(h => h.List.Score < 0);
        if (!welcome && hits.FirstOrDefault(h => h.List.Refuse) is { } hit)
            return new SmtpReply(550, "5.7.1", $"Your address {session.ClientAddress} is listed by {hit.List.Zone}");
        if (welcome || !greylist.Covers(target.Inbox))
            return null;
        var known = await correspondents.AskAsync(target.Inbox, AddressParts.Read(reversePath), [], cancellationToken).ConfigureAwait(false);
        return known.KnownSender ? null : await greylist.CheckAsync(session, reversePath, target.Inbox, cancellationToken).ConfigureAwait(false);
    }

    /// <summary>Whose address it is; null for nobody's. The order: an inbox of that very name, a valid token, abuse, the name before a plus.</summary>
    public async ValueTask<Target?> ResolveAsync(string recipient, CancellationToken cancellationToken)
    {
        if (Parts(recipient) is not { } address)
            return null;
        if (await directory.DomainAsync(address.Domain, cancellationToken).ConfigureAwait(false) is not { } domain)
            return null;
        if (await InboxAsync(domain, address.Address, cancellationToken).ConfigureAwait(false) is { } inbox)
            return Of(recipient, inbox);
        if (tokens.TryRead(address.Address, out var kind, out var id))
        {
            var owner = await directory.TokenOwnerAsync(kind, id, address.Domain, cancellationToken).ConfigureAwait(false);
            return owner is null ? null : new Target(recipient, kind switch { TokenKind.Bounce => TargetKind.Bounce, TokenKind.Feedback => TargetKind.Feedback, _ => TargetKind.Unsubscribe }, owner, id);
        }

        // RFC 5321 4.5.1: a subdomain that we take mail for has a postmaster too. RFC 2142 4: abuse goes to the same people.
        if (address.Local is "postmaster" or "abuse")
        {
            var postmaster = await InboxAsync(domain, "postmaster@" + address.Domain, cancellationToken).ConfigureAwait(false)
                ?? await InboxAsync(domain, "postmaster@" + domain.Domain, cancellationToken).ConfigureAwait(false);
            return postmaster is null ? null : Of(recipient, postmaster);
        }

        var plus = address.Local.IndexOf('+');
        if (plus < 1)
            return null;
        return await InboxAsync(domain, $"{address.Local[..plus]}@{address.Domain}", cancellationToken).ConfigureAwait(false) is { } tagged ? Of(recipient, tagged) : null;
    }

    // A workspace that gave its domain up keeps its inboxes to read; the mail is for whose domain it is now.
    private async ValueTask<LocalInbox?> InboxAsync(LocalDomain domain, string address, CancellationToken cancellationToken) =>
        await directory.InboxAsync(address, cancellationToken).ConfigureAwait(false) is { } inbox && inbox.WorkspaceId == domain.WorkspaceId ? inbox : null;

    private static Target Of(string recipient, LocalInbox inbox) => new(recipient, inbox.IsPostmaster ? TargetKind.Postmaster : TargetKind.Inbox, inbox);

    /// <summary>The domain of ours that the address lies in.</summary>
    public async ValueTask<LocalDomain?> DomainAsync(string recipient, CancellationToken cancellationToken) =>
        Parts(recipient) is { } address ? await directory.DomainAsync(address.Domain, cancellationToken).ConfigureAwait(false) : null;

    // RFC 5321 4.5.1: "postmaster" alone is a mailbox of every server.
    private AddressParts? Parts(string recipient) =>
        recipient.Equals("postmaster", StringComparison.OrdinalIgnoreCase) && options.Postmaster is { } postmaster ? AddressParts.Read(postmaster) : AddressParts.Read(recipient);
}
