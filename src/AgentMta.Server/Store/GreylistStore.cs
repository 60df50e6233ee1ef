using System.Data.Common;
using AgentMta.Server.Model;

namespace AgentMta.Server.Store;

/// <summary>What greylisting remembers of a meeting.</summary>
internal sealed record Meeting(DateTimeOffset FirstAt, DateTimeOffset LastAt, bool Passed);

/// <summary>The memory of greylisting, beside the refusals: not flushed, since a lost meeting costs one more retry.</summary>
internal sealed class GreylistStore(Database evidence)
{
    private const int WritesPerSweep = 256;

    // Of each kind as many as refusals (design.md, Evidence): some 20 MB that a flood of senders can make of the file.
    private const int MaximumRows = 100_000;

    private static readonly TimeSpan FullFor = TimeSpan.FromMinutes(1);

    private int _writes;
    private long _fullUntil;

    /// <summary>So many wait for their retry that a newcomer is better let in than forgotten before his; looked at again each minute.</summary>
    public bool IsFull(DateTimeOffset now) => now.ToMicros() < Volatile.Read(ref _fullUntil);

    /// <summary>The meeting, and how many senders of this network passed for the use case.</summary>
    /// <exception cref="StoreException">The file cannot be read.</exception>
    public async ValueTask<(Meeting? Meeting, long PassedOfNetwork)> FindAsync(LocalInbox inbox, string network, string sender, CancellationToken cancellationToken)
    {
        try
        {
            return await evidence.ReadAsync(
                session => (
                    session.First(
                        "SELECT first_at, last_at, passed_at FROM greylist WHERE workspace_id = @p1 AND use_case_id = @p2 AND network = @p3 AND sender = @p4",
                        row => new Meeting(Clock.FromMicros(row.GetInt64(0)), Clock.FromMicros(row.GetInt64(1)), !row.IsDBNull(2)), inbox.WorkspaceId, inbox.UseCaseId, network, sender),
                    session.Scalar<long>(
                        "SELECT COUNT(*) FROM greylist WHERE workspace_id = @p1 AND use_case_id = @p2 AND network = @p3 AND passed_at IS NOT NULL",
                        inbox.WorkspaceId, inbox.UseCaseId, network)),
                cancellationToken).ConfigureAwait(false);
        }
        catch (DbException e)
        {
            throw new StoreException(e.Message, e);
        }
    }

    /// <summary>
    /// Writes a meeting as it now is; from time to time forgets those that passed longer than <paramref name="lifetime"/> ago, those that did not come again within
    /// <paramref name="retryWindow"/>, which are first meetings again, and the oldest of too many that passed.
    /// </summary>
    /// <exception cref="StoreException">The file cannot be written.</exception>
    public async Task SaveAsync(LocalInbox inbox, string network, string sender, Meeting meeting, TimeSpan lifetime, TimeSpan retryWindow, CancellationToken cancellationToken)
    {
        try
        {
            await evidence.WriteAsync(session => Save(session, inbox, network, sender, meeting, lifetime, retryWindow), cancellationToken).ConfigureAwait(false);
        }
        catch (DbException e)
        {
            throw new StoreException(e.Message, e);
        }
    }

    private void Save(WriteSession session, LocalInbox inbox, string network, string sender, Meeting meeting, TimeSpan lifetime, TimeSpan retryWindow)
    {
        session.Execute(
            """
            INSERT INTO greylist (workspace_id, use_case_id, network, sender, first_at, last_at, passed_at) VALUES (@p1, @p2, @p3, @p4, @p5, @p6, @p7)
            ON CONFLICT (workspace_id, use_case_id, network, sender) DO UPDATE SET first_at = excluded.first_at, last_at = excluded.last_at, passed_at = excluded.passed_at
            """,
            inbox.WorkspaceId, inbox.UseCaseId, network, sender, meeting.FirstAt.ToMicros(), meeting.LastAt.ToMicros(), meeting.Passed ? meeting.LastAt.ToMicros() : null);
        // Where it was full a minute ago it is looked at with the first, or each minute would make as many wait as are written between two looks.
        if (_writes++ % WritesPerSweep == 0 || (_fullUntil > 0 && !IsFull(meeting.LastAt)))
            Sweep(session, meeting.LastAt, lifetime, retryWindow);
    }

    private void Sweep(WriteSession session, DateTimeOffset now, TimeSpan lifetime, TimeSpan retryWindow)
    {
        session.Execute("DELETE FROM greylist WHERE last_at < @p1 OR (passed_at IS NULL AND last_at < @p2)", (now - lifetime).ToMicros(), (now - retryWindow).ToMicros());
        var passed = session.Scalar<long>("SELECT COUNT(*) FROM greylist WHERE passed_at IS NOT NULL");
        // Those who wait are never forgotten before their retry: whoever floods would have everybody else refused for ever.
        var isFull = session.Scalar<long>("SELECT COUNT(*) FROM greylist") - passed >= MaximumRows;
        Volatile.Write(ref _fullUntil, isFull ? (now + FullFor).ToMicros() : 0);
        if (passed <= MaximumRows)
            return;
        session.Execute(
            """
            DELETE FROM greylist WHERE (workspace_id, use_case_id, network, sender) IN
              (SELECT workspace_id, use_case_id, network, sender FROM greylist WHERE passed_at IS NOT NULL ORDER BY last_at LIMIT @p1)
            """,
            passed - MaximumRows);
    }
}
