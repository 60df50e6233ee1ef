using AgentMta.Server.Model;

namespace AgentMta.Server.Store;

/// <summary>What greylisting remembers of a meeting.</summary>
internal sealed record Meeting(DateTimeOffset FirstAt, DateTimeOffset LastAt, bool Passed);

/// <summary>The memory of greylisting, beside the refusals: not flushed, since a lost meeting costs one more retry.</summary>
internal sealed class GreylistStore(Database evidence)
{
    private const int WritesPerSweep = 256;

    // As many as refusals (design.md, Evidence): some 20 MB that a flood of senders can make of the file.
    private const int MaximumRows = 100_000;

    private int _writes;

    /// <summary>The meeting, and how many senders of this network passed for the use case.</summary>
    public ValueTask<(Meeting? Meeting, long PassedOfNetwork)> FindAsync(LocalInbox inbox, string network, string sender, CancellationToken cancellationToken) => evidence.ReadAsync(
        session => (
            session.First(
                "SELECT first_at, last_at, passed_at FROM greylist WHERE workspace_id = @p1 AND use_case_id = @p2 AND network = @p3 AND sender = @p4",
                row => new Meeting(Clock.FromMicros(row.GetInt64(0)), Clock.FromMicros(row.GetInt64(1)), !row.IsDBNull(2)), inbox.WorkspaceId, inbox.UseCaseId, network, sender),
            session.Scalar<long>(
                "SELECT COUNT(*) FROM greylist WHERE workspace_id = @p1 AND use_case_id = @p2 AND network = @p3 AND passed_at IS NOT NULL",
                inbox.WorkspaceId, inbox.UseCaseId, network)),
        cancellationToken);

    /// <summary>
    /// Writes a meeting as it now is; from time to time forgets those that passed longer than <paramref name="lifetime"/> ago, those that did not come again within
    /// <paramref name="retryWindow"/>, which are first meetings again, and the oldest of too many.
    /// </summary>
    public Task SaveAsync(LocalInbox inbox, string network, string sender, Meeting meeting, TimeSpan lifetime, TimeSpan retryWindow, CancellationToken cancellationToken) => evidence.WriteAsync(
        session =>
        {
            session.Execute(
                """
                INSERT INTO greylist (workspace_id, use_case_id, network, sender, first_at, last_at, passed_at) VALUES (@p1, @p2, @p3, @p4, @p5, @p6, @p7)
                ON CONFLICT (workspace_id, use_case_id, network, sender) DO UPDATE SET first_at = excluded.first_at, last_at = excluded.last_at, passed_at = excluded.passed_at
                """,
                inbox.WorkspaceId, inbox.UseCaseId, network, sender, meeting.FirstAt.ToMicros(), meeting.LastAt.ToMicros(), meeting.Passed ? meeting.LastAt.ToMicros() : null);
            if (_writes++ % WritesPerSweep == 0)
                Sweep(session, (meeting.LastAt - lifetime).ToMicros(), (meeting.LastAt - retryWindow).ToMicros());
        },
        cancellationToken);

    private static void Sweep(WriteSession session, long passedBefore, long metBefore)
    {
        session.Execute("DELETE FROM greylist WHERE last_at < @p1 OR (passed_at IS NULL AND last_at < @p2)", passedBefore, metBefore);
        var tooMany = session.Scalar<long>("SELECT COUNT(*) FROM greylist") - MaximumRows;
        if (tooMany <= 0)
            return;
        // Who came again has shown that he is no flood: he goes only where there are none else.
        session.Execute(
            """
            DELETE FROM greylist WHERE (workspace_id, use_case_id, network, sender) IN
              (SELECT workspace_id, use_case_id, network, sender FROM greylist ORDER BY passed_at IS NOT NULL, last_at LIMIT @p1)
            """,
            tooMany);
    }
}
