using AgentMta.Protocol.Smtp;
using AgentMta.Server.Model;
using AgentMta.Server.Store;

namespace AgentMta.Server.Inbound.Gates;

/// <summary>Decides at RCPT whether a sender must come again (RFC 6647).</summary>
internal sealed class Greylist(GreylistOptions options, GreylistStore store, TimeProvider time)
{
    private static readonly SmtpReply ComeAgain = new(451, "4.7.1", "Greylisted; try again in a few minutes");

    // A meeting that passed is written again at most so often.
    private static readonly TimeSpan Refresh = TimeSpan.FromDays(1);

    /// <summary>Whether this inbox uses it: what its use case says, else the setting.</summary>
    public bool Covers(LocalInbox inbox) => inbox.Greylist ?? options.Enabled;

    /// <summary>null lets the recipient pass.</summary>
    public async ValueTask<SmtpReply?> CheckAsync(SessionInfo session, string reversePath, LocalInbox inbox, CancellationToken cancellationToken)
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
