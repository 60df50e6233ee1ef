using System.Data.Common;
using AgentMta.Server.Model;

namespace AgentMta.Server.Store;

/// <summary>Sending domains and how far they are set up.</summary>
internal sealed class DomainStore(Database database)
{
    private const string Columns = "workspace_id, domain, pod_id, setup_name, status, reason, feedback_enabled, subdomains_enabled, tracking_enabled, client_id, verification_token, checks, verified_at, checked_at, created_at, updated_at";

    private static readonly string[] Words = ["NOT_STARTED", "PENDING", "INVALID", "FAILED", "VERIFYING", "VERIFIED"];

    /// <summary>The domain within the scope, or null.</summary>
    public ValueTask<Domain?> GetAsync(Scope scope, string name, CancellationToken cancellationToken) =>
        database.ReadAsync(session => Get(session, scope, name), cancellationToken);

    /// <summary>The domain within the scope, in a transaction or query.</summary>
    public static Domain? Get(StoreSession session, Scope scope, string name) =>
        session.First(scope, $"SELECT {Columns} FROM domains d WHERE {scope.OnPod("d")} AND d.domain = @p1", Read, name);

    /// <summary>The oldest verified domain that the scope sees: where inboxes go that ask for none.</summary>
    public static Domain? First(StoreSession session, Scope scope) =>
        session.First(scope, $"SELECT {Columns} FROM domains d WHERE {scope.OnPod("d")} AND d.status = 'VERIFIED' ORDER BY d.created_at, d.domain LIMIT 1", Read);

    /// <summary>
    /// How long a claim that was never proved holds a name against other workspaces: records take effect within the two days for which DNS keeps the old answer at most
    /// as a rule, and who changes them may be away for a weekend (docs/decisions/0013-unproved-domains.md).
    /// </summary>
    public static readonly TimeSpan ClaimTime = TimeSpan.FromDays(7);

    /// <summary>
    /// Takes a domain from another workspace that never proved it within <see cref="ClaimTime"/> and has nothing there but a postmaster without mail, with that inbox.
    /// False where there is no such claim. The caller's own is never touched.
    /// </summary>
    public static bool Reclaim(WriteSession session, string workspaceId, string name)
    {
        var claim = session.First(
            $"""
            SELECT {Columns} FROM domains d WHERE d.domain = @p1 AND d.workspace_id <> @p2 AND d.verified_at IS NULL AND d.status <> 'VERIFIED' AND d.created_at <= @p3
            AND d.workspace_id <> (SELECT w.workspace_id FROM workspaces w ORDER BY w.created_at, w.workspace_id LIMIT 1)
            """,
            Read, name, workspaceId, session.Now - (ClaimTime.Ticks / TimeSpan.TicksPerMicrosecond));
        if (claim is null)
            return false;
        // Whoever has made inboxes there is at work with it, proved or not: they and their drafts, lists and keys are not ours to take.
        var inboxes = InboxStore.OfDomain(session, claim.WorkspaceId, name);
        if (inboxes.Exists(i => !i.InboxId.StartsWith("postmaster@", StringComparison.Ordinal) || InboxStore.HasHadMail(session, i)))
            return false;
        foreach (var inbox in inboxes)
            InboxStore.DeleteRow(session, inbox);
        return Delete(session, new Scope(claim.WorkspaceId), name);
    }

    /// <summary>Whether any workspace has this domain.</summary>
    public static bool IsTaken(StoreSession session, string name) => session.Scalar<long>("SELECT COUNT(*) FROM domains WHERE domain = @p1", name) > 0;

    /// <summary>How many domains the workspace has.</summary>
    public static long Count(StoreSession session, string workspaceId) => session.Scalar<long>("SELECT COUNT(*) FROM domains WHERE workspace_id = @p1", workspaceId);

    /// <summary>A page in order of making; <paramref name="after"/> is the (time, name) that ended the last page.</summary>
    public ValueTask<List<Domain>> ListAsync(Scope scope, (long CreatedAt, string Name)? after, int limit, bool ascending, CancellationToken cancellationToken) => database.ReadAsync(
        session =>
        {
            var where = new SqlConditions();
            where.AndBehind("d.created_at", "d.domain", after, ascending);
            var order = ascending ? "ASC" : "DESC";
            return session.Query(
                scope, $"SELECT {Columns} FROM domains d WHERE {scope.OnPod("d")}{where.Sql} ORDER BY d.created_at {order}, d.domain {order} LIMIT {where.Value(limit)}", Read, where.Values);
        },
        cancellationToken);

    /// <summary>Every domain of every workspace, for the verification worker and the built-in overlay.</summary>
    public ValueTask<List<Domain>> AllAsync(CancellationToken cancellationToken) =>
        database.ReadAsync(session => session.Query($"SELECT {Columns} FROM domains ORDER BY created_at", Read), cancellationToken);

    /// <summary>Writes a new domain with its event.</summary>
    public static void Insert(WriteSession session, Domain domain)
    {
        session.Execute(
            $"INSERT INTO domains ({Columns}) VALUES (@p1, @p2, @p3, @p4, @p5, @p6, @p7, @p8, @p9, @p10, @p11, @p12, @p13, @p14, @p15, @p16)",
            domain.WorkspaceId, domain.Name, domain.PodId, domain.SetupName, Word(domain.Status), domain.Reason, domain.FeedbackEnabled ? 1 : 0,
            domain.SubdomainsEnabled ? 1 : 0, domain.TrackingEnabled ? 1 : 0, domain.ClientId, domain.VerificationToken, domain.Checks,
            domain.VerifiedAt?.ToMicros(), domain.CheckedAt?.ToMicros(), domain.CreatedAt.ToMicros(), domain.UpdatedAt.ToMicros());
        EventStore.Append(session, domain.WorkspaceId, new NewEvent(EventTypes.DomainCreated, domain.PodId, Facts: DomainFact(domain.Name)));
    }

    /// <summary>Changes what is switched on; a verified domain whose records change is checked again. False where it is not within the scope.</summary>
    public static bool Update(WriteSession session, Scope scope, Domain domain)
    {
        var changed = session.Execute(
            scope,
            $"UPDATE domains AS d SET feedback_enabled = @p2, subdomains_enabled = @p3, tracking_enabled = @p4, status = @p5, updated_at = @p6 WHERE {scope.OnPod("d")} AND d.domain = @p1",
            domain.Name, domain.FeedbackEnabled ? 1 : 0, domain.SubdomainsEnabled ? 1 : 0, domain.TrackingEnabled ? 1 : 0, Word(domain.Status), session.Now) == 1;
        if (changed)
            EventStore.Append(session, domain.WorkspaceId, new NewEvent(EventTypes.DomainUpdated, domain.PodId, Facts: DomainFact(domain.Name)));
        return changed;
    }

    /// <summary>Takes a domain away: no mail comes in or goes out by it any more, what is stored stays. False where it is not within the scope.</summary>
    public static bool Delete(WriteSession session, Scope scope, string name)
    {
        if (Get(session, scope, name) is not { } domain)
            return false;
        session.Execute("DELETE FROM domains WHERE workspace_id = @p1 AND domain = @p2", domain.WorkspaceId, name);
        session.Execute("DELETE FROM dkim_keys WHERE workspace_id = @p1 AND domain = @p2", domain.WorkspaceId, name);
        EventStore.Append(session, domain.WorkspaceId, new NewEvent(EventTypes.DomainDeleted, domain.PodId, Facts: DomainFact(name)));
        return true;
    }

    /// <summary>Keeps the outcome of a check; the first pass writes domain.verified.</summary>
    public static bool SaveCheck(WriteSession session, string workspaceId, string name, DomainStatus status, string? reason, string checks)
    {
        var old = Get(session, new Scope(workspaceId), name);
        if (old is null)
            return false;
        session.Execute(
            "UPDATE domains SET status = @p3, reason = @p4, checks = @p5, checked_at = @p6, verified_at = CASE WHEN @p3 = 'VERIFIED' THEN COALESCE(verified_at, @p6) ELSE verified_at END, updated_at = @p6 WHERE workspace_id = @p1 AND domain = @p2",
            workspaceId, name, Word(status), reason, checks, session.Now);
        if (status == DomainStatus.Verified && old.Status != DomainStatus.Verified)
            EventStore.Append(session, workspaceId, new NewEvent(EventTypes.DomainVerified, old.PodId, Facts: DomainFact(name)));
        else if (status != old.Status)
            EventStore.Append(session, workspaceId, new NewEvent(EventTypes.DomainUpdated, old.PodId, Facts: DomainFact(name)));
        return true;
    }

    /// <summary>The word of the database and the API for a status.</summary>
    public static string Word(DomainStatus status) => Words[(int)status];

    private static string DomainFact(string name) => "{\"domain\":\"" + System.Text.Json.JsonEncodedText.Encode(name) + "\"}";

    private static Domain Read(DbDataReader row) => new(
        row.GetString(0), row.GetString(1), row.GetString(2), row.Text(3), (DomainStatus)Math.Max(0, Array.IndexOf(Words, row.GetString(4))), row.Text(5),
        row.GetInt64(6) != 0, row.GetInt64(7) != 0, row.GetInt64(8) != 0, row.Text(9), row.GetString(10), row.Text(11), row.Time(12), row.Time(13),
        Clock.FromMicros(row.GetInt64(14)), Clock.FromMicros(row.GetInt64(15)));
}
