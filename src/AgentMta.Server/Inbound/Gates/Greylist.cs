using AgentMta.Protocol.Smtp;
using AgentMta.Server.Model;
using AgentMta.Server.Store;

namespace AgentMta.Server.Inbound.Gates;

/// <summary>Decides at RCPT whether a sender must come again (RFC 6647).</summary>
internal sealed class Greylist(GreylistOptions options, GreylistStore store, ReceiverMeter meter, TimeProvider time, ILogger log)
{
    private const string Name = "greylist";

    private static readonly SmtpReply ComeAgain = new(451, "4.7.1", "Greylisted; try again in a few minutes");

    private static readonly TimeSpan WarnEach = TimeSpan.FromMinutes(1);

    private long _warnedAt = long.MinValue;
    private int _letIn;

    // A meeting that passed is written again at most so often.
    private static readonly TimeSpan Refresh = TimeSpan.FromDays(1);

    /// <summary>Whether this inbox uses it: what its use case says, else the setting.</summary>
    public bool Covers(LocalInbox inbox) => inbox.Greylist ?? options.Enabled;

    /// <summary>null lets the recipient pass.</summary>
    public async ValueTask<SmtpReply?> CheckAsync(SessionInfo session, string reversePath, LocalInbox inbox, CancellationToken cancellationToken)
    {
        try
        {
            return await AskAsync(session, reversePath, inbox, cancellationToken).ConfigureAwait(false);
        }
        catch (StoreException e)
        {
            // Whoever is not remembered would be asked to come again for ever: better some spam, for which there are gates, than no mail.
            session.PastGreylist.Add(inbox.InboxId);
            meter.Gate(Name, "unavailable");
            Warn(e);
            return null;
        }
    }

    /// <summary>For the evidence of a copy that nobody was asked about because the memory failed; null otherwise.</summary>
    public static GateVerdict? VerdictOf(SessionInfo session, LocalInbox inbox) =>
        session.IsPastGreylist(inbox.InboxId) ? new GateVerdict(Name, GateOutcome.NotAsked, "The memory of greylisting could not be used, so the client was let in") : null;

    private async ValueTask<SmtpReply?> AskAsync(SessionInfo session, string reversePath, LocalInbox inbox, CancellationToken cancellationToken)
    {
        var network = RateGate.Network(session.ClientAddress);
        var sender = reversePath.ToLowerInvariant();
        var now = time.GetUtcNow();
        var (meeting, passedOfNetwork) = await store.FindAsync(inbox, network, sender, cancellationToken).ConfigureAwait(false);
        var isFree = options.AutoAllowAfter > 0 && passedOfNetwork >= options.AutoAllowAfter;
        if (meeting is null && (isFree || store.IsFull(now)))
            return null;
        var next = Judge(meeting, now);
        // Those who made their network free are remembered behind their last message too, or it would not stay so.
        if (isFree && !(meeting!.Passed && next.Passed))
            return null;
        if (next != meeting)
            await store.SaveAsync(inbox, network, sender, next, options.Lifetime, options.RetryWindow, cancellationToken).ConfigureAwait(false);
        return next.Passed ? null : ComeAgain;
    }

    private void Warn(StoreException e)
    {
        Interlocked.Increment(ref _letIn);
        var (last, now) = (Volatile.Read(ref _warnedAt), time.GetTimestamp());
        if ((last != long.MinValue && time.GetElapsedTime(last, now) < WarnEach) || Interlocked.CompareExchange(ref _warnedAt, now, last) != last)
            return;
        log.LogWarning(e, "Greylisting lets everybody in: its memory, evidence.db, cannot be used ({Reason}). {Count} recipients were taken without it since the last such line. "
            + "Look at the disk; a start without evidence.db makes it anew", e.Message, Interlocked.Exchange(ref _letIn, 0));
    }

    /// <summary>The meeting as it is after this attempt.</summary>
    internal Meeting Judge(Meeting? meeting, DateTimeOffset now)
    {
        if (meeting is null)
            return new Meeting(now, now, Passed: false);
        if (meeting.Passed)
            return now - meeting.LastAt > options.Lifetime ? new Meeting(now, now, Passed: false) : now - meeting.LastAt > Refresh ? meeting with { LastAt = now } : meeting;
        if (now - meeting.FirstAt > options.RetryWindow)
            return new Meeting(now, now, Passed: false);
        return now - meeting.FirstAt < options.Delay ? meeting : meeting with { LastAt = now, Passed = true };
    }
}
