using AgentMta.Protocol.Dns;
using AgentMta.Protocol.MailAuth;
using AgentMta.Protocol.MailAuth.Dkim;
using AgentMta.Protocol.MailAuth.Dmarc;
using AgentMta.Protocol.Smtp;
using AgentMta.Server.Inbound.Gates;
using AgentMta.Server.Model;
using AgentMta.Server.Store;

namespace AgentMta.Server.Inbound;

/// <summary>Takes a message at end of data on the MX listener, or from the queue's local route, and decides what becomes of it.</summary>
internal sealed partial class Receiver(ReceiverServices services)
{
    private static readonly SmtpReply NoRecipient = new(550, "5.1.1", "No such mailbox here");
    private static readonly SmtpReply OutOfTime = new(451, "4.3.2", "The checks took too long; try again later");
    private static readonly SmtpReply NotStored = new(452, "4.3.1", "The message cannot be stored now; try again later");
    private static readonly SmtpReply LeaseLost = new(451, "4.3.0", "The delivery is no longer yours");
    private static readonly SmtpReply Failed = new(451, "4.3.0", "Local error; try again later");

    private readonly ReceiverOptions _options = services.Options;
    private readonly ILogger _log = services.Log;
    private readonly DkimKeyCache _keys = new();
    private readonly TraceWriter _trace = new(services.Options);
    private readonly IReadOnlyList<string> _ownIds = [services.Options.HostName, .. services.Options.OwnAuthservIds];

    /// <summary>
    /// The walk in:
    /// <code>
    ///  recipients ─► 1 authenticate ─► 2 gate (each copy) ─► 3 parse ─► [ 4 thread ─► 5 store, every copy ] ─► 250
    ///      │               │                │ all refuse         │          one transaction, flushed      │
    ///      └ none: 550     └ late: 451      └► the reply         └─ lease lost, disk full: 4yz ◄──────────┘
    /// </code>
    /// A deferral of one copy defers the message: nothing is stored and the sender tries again. A refusal of some copies is recorded, the others are kept.
    /// </summary>
    public async Task<SmtpReply> AcceptAsync(IncomingMessage message, CancellationToken cancellationToken)
    {
        var arrival = new Arrival(message, services.Slots);
        var targets = new List<Target>(message.Recipients.Count);
        SmtpReply reply;
        IReadOnlyList<StoredCopy> stored = [];
        using var limit = new TimeLimit(_options.GateTime, services.Time, cancellationToken);
        try
        {
            var checks = CheckAsync(arrival, targets, limit.Token);
            if (!checks.IsCompleted)
                limit.Watch();
            var (lost, judgements) = await checks.ConfigureAwait(false);
            if (!message.InPlace)
                await PoolThread.Enter(); // a scanner or a DNS server may have answered last
            var refusal = targets.Count == 0 ? lost : Refusal(arrival, judgements);
            if (refusal is null)
            {
                var parsing = ParseAsync(arrival, judgements, limit.Token);
                if (!parsing.IsCompleted)
                    limit.Watch();
                stored = await StoreAsync(arrival, await parsing.ConfigureAwait(false), cancellationToken).ConfigureAwait(false);
            }

            reply = refusal ?? Accepted(arrival, stored);
        }
        catch (OperationCanceledException) when (limit.IsOver)
        {
            reply = services.Refusals.Refuse(arrival, OutOfTime);
        }
        catch (NobodyLeftException nobody)
        {
            reply = nobody.Reply;
        }
        catch (LeaseLostException)
        {
            reply = LeaseLost;
        }
        catch (StoreException)
        {
            reply = services.Refusals.Refuse(arrival, NotStored);
        }
        catch (Exception e) when (e is not OperationCanceledException)
        {
            _log.LogError(e, "Transaction {Transaction} failed", message.TransactionId);
            reply = services.Refusals.Refuse(arrival, Failed);
        }

        Log(arrival, reply, stored);
        return reply;
    }

    /// <summary>Steps 1 and 2 alone: what would be decided. Nothing is stored, recorded or counted.</summary>
    public async ValueTask<IReadOnlyList<Judgement>> JudgeAsync(IncomingMessage message, CancellationToken cancellationToken)
    {
        var arrival = new Arrival(message);
        var targets = new List<Target>(message.Recipients.Count);
        await ResolveAsync(message, targets, cancellationToken).ConfigureAwait(false);
        arrival.Authentication = await AuthenticateAsync(arrival, cancellationToken).ConfigureAwait(false);
        return await GateAsync(arrival, targets, cancellationToken).ConfigureAwait(false);
    }

    private async ValueTask<(SmtpReply Lost, List<Judgement> Judgements)> CheckAsync(Arrival arrival, List<Target> targets, CancellationToken cancellationToken)
    {
        var gone = await ResolveAsync(arrival.Message, targets, cancellationToken).ConfigureAwait(false);
        var lost = await RecordGoneAsync(arrival, gone, cancellationToken).ConfigureAwait(false);
        if (arrival.Message.InPlace && targets.Count > 0)
            services.Database.Expect();
        arrival.Authentication = await AuthenticateAsync(arrival, cancellationToken).ConfigureAwait(false);
        return (lost, await GateAsync(arrival, targets, cancellationToken).ConfigureAwait(false));
    }

    // Several RCPTs may lead to one inbox (agent@ and agent+tag@): it gets one copy. Returns those that lead nowhere.
    private async ValueTask<List<string>> ResolveAsync(IncomingMessage message, List<Target> targets, CancellationToken cancellationToken)
    {
        var gone = new List<string>(0);
        foreach (var recipient in message.Recipients)
        {
            if (await services.Recipients.ResolveAsync(recipient.Address, cancellationToken).ConfigureAwait(false) is not { } target)
                gone.Add(recipient.Address);
            else if (!targets.Exists(t => t.Inbox.InboxId == target.Inbox.InboxId && t.TokenId == target.TokenId))
                targets.Add(target);
        }

        return gone;
    }

    // The inbox was deleted between RCPT and end of data: nobody else tells of it where others take the message.
    private async ValueTask<SmtpReply> RecordGoneAsync(Arrival arrival, List<string> gone, CancellationToken cancellationToken)
    {
        var reply = NoRecipient;
        foreach (var recipient in gone)
            reply = services.Refusals.Refuse(arrival, NoRecipient, recipient, await services.Recipients.DomainAsync(recipient, cancellationToken).ConfigureAwait(false));
        return reply;
    }

    private async ValueTask<AuthenticationVerdict?> AuthenticateAsync(Arrival arrival, CancellationToken cancellationToken)
    {
        if (arrival.IsLocal)
            return null;
        var message = arrival.Message;
        return await MailAuthenticator.AuthenticateAsync(
            new MailAuthRequest
            {
                Message = message.Raw.Bytes,
                ClientAddress = message.Session.ClientAddress,
                Helo = message.Session.Helo,
                MailFrom = message.ReversePath,
                ReceiverName = _options.HostName,
                Now = message.ReceivedAt,
                DmarcSpec = _options.DmarcSpec,
                PublicSuffixes = _options.DmarcSpec == DmarcSpec.Rfc7489 ? services.Suffixes.Current : null,
                TrustedSealers = _options.TrustedSealers,
                Time = services.Time,
                KeyCache = _keys,
            },
            services.Dns, cancellationToken).ConfigureAwait(false);
    }

    private async ValueTask<List<Judgement>> GateAsync(Arrival arrival, List<Target> targets, CancellationToken cancellationToken)
    {
        var judgements = new List<Judgement>(targets.Count);
        foreach (var target in targets)
        {
            var copy = await services.Cases.ReadAsync(arrival, target, cancellationToken).ConfigureAwait(false);
            var judgement = await services.Gates.JudgeAsync(copy, cancellationToken).ConfigureAwait(false);
            judgements.Add(Greylist.VerdictOf(arrival.Message.Session, target.Inbox) is { } first ? judgement with { Verdicts = [first, .. judgement.Verdicts] } : judgement);
        }

        return judgements;
    }

    // One DATA has one reply (design.md, Inbound order).
    private SmtpReply? Refusal(Arrival arrival, List<Judgement> judgements)
    {
        SmtpReply? first = null;
        SmtpReply? deferral = null;
        foreach (var judgement in judgements)
        {
            if (judgement.Refusal is not { } refusal)
                continue;
            var shown = services.Refusals.Refuse(arrival, judgement.Copy.Target, refusal, VerdictWriter.Write(judgement).ToString());
            services.Meter.Gate(judgement.Verdicts[^1].Name, shown.IsTransient ? "deferred" : "refused");
            first ??= shown;
            if (shown.IsTransient)
                deferral ??= shown;
        }

        return deferral ?? (judgements.TrueForAll(j => j.Refusal is not null) ? first : null);
    }

    private SmtpReply Accepted(Arrival arrival, IReadOnlyList<StoredCopy> stored)
    {
        foreach (var copy in stored)
            services.Meter.Copy(EnumWord.Of(copy.Outcome));
        foreach (var copy in stored)
        {
            if (copy is { Outcome: CopyOutcome.Duplicate, TakenAs: null })
                services.Refusals.Duplicate(arrival, copy);
        }

        return new SmtpReply(250, "2.0.0", StoredText(arrival.Message, stored));
    }

    // What it says can be traced. A duplicate is answered like a new message: whether an inbox has, or had, a message is nobody's to ask.
    private static string StoredText(IncomingMessage message, IReadOnlyList<StoredCopy> stored)
    {
        foreach (var copy in stored)
        {
            if (copy.TakenAs is null)
                return $"Stored as {message.TransactionId}";
        }

        return $"Taken as {stored[0].TakenAs} {stored[0].TracedBy}";
    }

    // Where a label hides the copy, that is the answer to "where is it?".
    private static string Shown(StoredCopy copy) =>
        $"{copy.Target.Inbox.InboxId}:{EnumWord.Of(copy.Outcome)}{string.Concat(copy.Labels.Select(label => "+" + label))}:{LogText.Clean(copy.MessageId, LogText.Address)}";

    // The copies that were kept, or the words that the client got, with the refusal's id at their end.
    private void Log(Arrival arrival, SmtpReply reply, IReadOnlyList<StoredCopy> stored)
    {
        if (!_log.IsEnabled(LogLevel.Information))
            return;
        var message = arrival.Message;
        LogMessage(
            message.TransactionId, message.Session.SessionId, message.Session.ClientAddress.ToString(), message.ReversePath, message.Recipients.Count, message.Raw.Bytes.Length,
            reply.Code, reply.EnhancedStatus ?? "",
            reply.IsPositive ? string.Join(',', stored.Select(Shown)) : LogText.Clean(reply.Text, LogText.Reply));
    }

    [LoggerMessage(EventId = 1, Level = LogLevel.Information, Message = "Message {Transaction} in session {Session} from {Client} <{ReversePath}> for {Recipients}, {Octets} octets: {Code} {Status} {Result}")]
    private partial void LogMessage(string transaction, string session, string client, string reversePath, int recipients, int octets, int code, string status, string result);
}
