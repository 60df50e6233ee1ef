using AgentMta.Server.Model;

namespace AgentMta.Server.Store;

/// <summary>What greylisting remembers of a meeting.</summary>
internal sealed record Meeting(DateTimeOffset FirstAt, DateTimeOffset LastAt, bool Passed);

/// <summary>The memory of greylisting, beside the refusals: not flushed, since a lost meeting costs one more retry.</summary>
internal sealed class GreylistStore(Database evidence)
{
    private const int WritesPerSweep = 256;

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

    /// <summary>Writes a meeting as it now is; from time to time forgets those older than <paramref name="lifetime"/>.</summary>
    public Task SaveAsync(LocalInbox inbox, string network, string sender, Meeting meeting, TimeSpan lifetime, CancellationToken cancellationToken) => evidence.WriteAsync(
        session =>
        {
            session.Execute(
                """
                INSERT INTO greylist (workspace_id, use_case_id, network, sender, first_at, last_at, passed_at) VALUES (@p1, @p2, @p3, @p4, @p5, @p6, @p7)
                ON CONFLICT (workspace_id, use_case_id, network, sender) DO UPDATE SET first_at = excluded.first_at, last_at = excluded.last_at, passed_at = excluded.passed_at
                """,
                inbox.WorkspaceId, inbox.UseCaseId, network, sender, meeting.FirstAt.ToMicros(), meeting.LastAt.ToMicros(), meeting.Passed ? meeting.LastAt.ToMicros() : null);
            if (_writes++ % WritesPerSweep == 0)
                session.Execute("DELETE FROM greylist WHERE last_at < @p1", (meeting.LastAt - lifetime).ToMicros());
        },
        cancellationToken);
}
