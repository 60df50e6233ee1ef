using System.Data.Common;
using System.Text.Json;
using AgentMta.Server.Model;

namespace AgentMta.Server.Store;

/// <summary>Drafts with their attachments and schedules.</summary>
internal sealed class DraftStore(Database database)
{
    private const string Columns = "d.workspace_id, d.draft_id, d.pod_id, d.inbox_id, d.client_id, d.labels, d.content, d.send_status, d.send_at, d.fault, d.created_at, d.updated_at";

    /// <summary>A draft that was being sent when the server stopped is taken up again after this.</summary>
    private static readonly long Abandoned = (long)TimeSpan.FromMinutes(5).TotalMicroseconds;

    /// <summary>The draft within the scope, or null.</summary>
    public ValueTask<Draft?> GetAsync(Scope scope, string draftId, CancellationToken cancellationToken) => database.ReadAsync(session => Get(session, scope, draftId), cancellationToken);

    /// <summary>The same within a transaction or query.</summary>
    public static Draft? Get(StoreSession session, Scope scope, string draftId) =>
        session.First(scope, $"SELECT {Columns} FROM drafts d WHERE {scope.OnInbox("d")} AND d.draft_id = @p1", Read, draftId);

    /// <summary>The draft that was made under the caller's own id.</summary>
    public static Draft? ByClientId(StoreSession session, Scope scope, string clientId) =>
        session.First(scope, $"SELECT {Columns} FROM drafts d WHERE {scope.OnInbox("d")} AND d.client_id = @p1", Read, clientId);

    /// <summary>A page by last change; <paramref name="from"/> is the (time, id) that ended the last page.</summary>
    public ValueTask<Listing<Draft>> ListAsync(
        Scope scope, IReadOnlyList<string> labels, DateTimeOffset? before, DateTimeOffset? after, (long, string)? from, int limit, bool ascending, CancellationToken cancellationToken) => database.ReadAsync(
        session =>
        {
            var scan = new ListScan();
            var where = scan.Where;
            where.AndBehind("d.updated_at", "d.draft_id", from, ascending);
            if (before is { } end)
                where.And($"d.updated_at < {where.Value(end.ToMicros())}");
            if (after is { } start)
                where.And($"d.updated_at > {where.Value(start.ToMicros())}");
            foreach (var label in labels)
                scan.Fit(where.Has("d.labels", label));
            return scan.Read(session, scope, Columns, "drafts d", scope.OnInbox("d"), ["d.updated_at", "d.draft_id"], ascending, limit, Read, weigh: draft => draft.Content.Weight());
        },
        cancellationToken);

    /// <summary>Writes a new draft or a changed one, with its event.</summary>
    public static void Save(WriteSession session, Draft draft, bool isNew)
    {
        session.Execute(
            """
            INSERT INTO drafts (workspace_id, draft_id, pod_id, inbox_id, client_id, labels, content, send_status, send_at, fault, created_at, updated_at)
            VALUES (@p1, @p2, @p3, @p4, @p5, @p6, @p7, @p8, @p9, @p10, @p11, @p12)
            ON CONFLICT (workspace_id, draft_id) DO UPDATE SET labels = excluded.labels, content = excluded.content, send_status = excluded.send_status,
              send_at = excluded.send_at, fault = excluded.fault, updated_at = excluded.updated_at
            """,
            draft.WorkspaceId, draft.DraftId, draft.PodId, draft.InboxId, draft.ClientId, StoreJson.Write(draft.Labels) ?? "[]", JsonSerializer.Serialize(draft.Content, StoreJson.Default.DraftContent),
            draft.SendStatus, draft.SendAt?.ToMicros(), draft.Fault, draft.CreatedAt.ToMicros(), draft.UpdatedAt.ToMicros());
        Tell(session, draft, isNew ? EventTypes.DraftCreated : EventTypes.DraftUpdated);
    }

    /// <summary>Deletes a draft with its attachments; false where it is not within the scope.</summary>
    public static bool Delete(WriteSession session, Scope scope, string draftId)
    {
        if (Get(session, scope, draftId) is not { } draft)
            return false;
        session.Execute("DELETE FROM draft_attachments WHERE workspace_id = @p1 AND draft_id = @p2", draft.WorkspaceId, draftId);
        session.Execute("DELETE FROM drafts WHERE workspace_id = @p1 AND draft_id = @p2", draft.WorkspaceId, draftId);
        Tell(session, draft, EventTypes.DraftDeleted);
        return true;
    }

    /// <summary>
    /// Marks a draft as being sent and returns it as it was until then; null where it is being sent already, is gone or, where its schedule sends it, was put off meanwhile.
    /// </summary>
    public Task<Draft?> BeginSendingAsync(Scope scope, string draftId, bool isScheduled, CancellationToken cancellationToken) => database.WriteAsync(
        session =>
        {
            if (Get(session, scope, draftId) is not { } draft || (draft.SendStatus == Draft.Sending && draft.UpdatedAt.ToMicros() >= session.Now - Abandoned))
                return null;
            if (isScheduled && !(draft.SendStatus is Draft.Scheduled or Draft.Sending && draft.SendAt?.ToMicros() <= session.Now))
                return null;
            Save(session, draft with { SendStatus = Draft.Sending, UpdatedAt = Clock.FromMicros(session.Now) }, isNew: false);
            return draft;
        },
        cancellationToken);

    /// <summary>
    /// At the start of the only process on this database: what was being sent when the last one ended is gone where it was sent (its key tells), and due again where it was not.
    /// </summary>
    public Task ReleaseAbandonedAsync(Func<Draft, string> key, CancellationToken cancellationToken) => database.WriteAsync(
        session =>
        {
            foreach (var draft in session.Query($"SELECT {Columns} FROM drafts d WHERE d.send_status = 'sending'", Read))
            {
                if (SubmissionStore.FindKey(session, draft.WorkspaceId, key(draft), DateTimeOffset.UnixEpoch) is not null)
                    Delete(session, new Scope(draft.WorkspaceId), draft.DraftId);
                else
                    Save(session, draft with { SendStatus = draft.SendAt is null ? null : Draft.Scheduled, UpdatedAt = Clock.FromMicros(session.Now) }, isNew: false);
            }
        },
        cancellationToken);

    // One whose last try found the server or its limits in the way has its fault, and waits before the next.
    private const string DueAt = "CASE WHEN d.fault IS NULL OR d.send_at > d.updated_at + 60000000 THEN d.send_at ELSE d.updated_at + 60000000 END";

    /// <summary>Drafts whose time has come, and those whose sending was cut short: which they are, as fifty of them may be large.</summary>
    public ValueTask<List<DueDraft>> DueAsync(DateTimeOffset now, int limit, CancellationToken cancellationToken) => database.ReadAsync(
        session => session.Query(
            $"""
            SELECT d.workspace_id, d.pod_id, d.inbox_id, d.draft_id FROM drafts d
            WHERE d.send_status IN ('scheduled', 'sending') AND d.send_at <= @p1 AND {DueAt} <= @p1 AND (d.send_status = 'scheduled' OR d.updated_at < @p2) ORDER BY d.send_at LIMIT @p3
            """,
            row => new DueDraft(row.GetString(0), row.GetString(1), row.GetString(2), row.GetString(3)), now.ToMicros(), now.ToMicros() - Abandoned, limit),
        cancellationToken);

    /// <summary>When the next draft is due; null where none is scheduled.</summary>
    public ValueTask<DateTimeOffset?> NextAsync(CancellationToken cancellationToken) => database.ReadAsync(
        session => session.Scalar<long?>($"SELECT MIN({DueAt}) FROM drafts d WHERE d.send_status = 'scheduled'") is { } at ? Clock.FromMicros(at) : (DateTimeOffset?)null,
        cancellationToken);

    /// <summary>Adds an attachment.</summary>
    public static void AddAttachment(WriteSession session, Draft draft, SubmittedAttachment attachment) =>
        session.Execute(
            "INSERT INTO draft_attachments (workspace_id, draft_id, attachment_id, filename, content_type, inline, content_id, size, content) VALUES (@p1, @p2, @p3, @p4, @p5, @p6, @p7, @p8, @p9)",
            draft.WorkspaceId, draft.DraftId, Ids.New(session.Time), attachment.FileName, attachment.ContentType, attachment.Inline ? 1 : 0, attachment.ContentId, (long)attachment.Content.Length, attachment.Content);

    /// <summary>Removes an attachment, or all of them.</summary>
    public static void RemoveAttachment(WriteSession session, Draft draft, string? attachmentId)
    {
        if (attachmentId is null)
            session.Execute("DELETE FROM draft_attachments WHERE workspace_id = @p1 AND draft_id = @p2", draft.WorkspaceId, draft.DraftId);
        else
            session.Execute("DELETE FROM draft_attachments WHERE workspace_id = @p1 AND draft_id = @p2 AND attachment_id = @p3", draft.WorkspaceId, draft.DraftId, attachmentId);
    }

    /// <summary>How many attachments the draft has, and their octets together.</summary>
    public static (long Count, long Size) Attached(WriteSession session, Draft draft)
    {
        Span<long> both = [0, 0];
        session.Numbers("SELECT COUNT(*), COALESCE(SUM(size), 0) FROM draft_attachments WHERE workspace_id = @p1 AND draft_id = @p2", both, draft.WorkspaceId, draft.DraftId);
        return (both[0], both[1]);
    }

    /// <summary>The attachments of a draft, without their bytes.</summary>
    public ValueTask<List<DraftAttachment>> AttachmentsAsync(Draft draft, CancellationToken cancellationToken) => database.ReadAsync(
        session => session.Query(
            "SELECT attachment_id, filename, content_type, inline, content_id, size FROM draft_attachments WHERE workspace_id = @p1 AND draft_id = @p2 ORDER BY attachment_id",
            row => new DraftAttachment(row.GetString(0), row.Text(1), row.Text(2), row.GetInt64(3) != 0, row.Text(4), row.GetInt64(5)), draft.WorkspaceId, draft.DraftId),
        cancellationToken);

    /// <summary>The attachments of a draft with their bytes.</summary>
    public ValueTask<List<SubmittedAttachment>> ContentsAsync(string workspaceId, string draftId, string? attachmentId, CancellationToken cancellationToken) => database.ReadAsync(
        session => session.Query(
            $"SELECT content, filename, content_type, inline, content_id FROM draft_attachments WHERE workspace_id = @p1 AND draft_id = @p2{(attachmentId is null ? "" : " AND attachment_id = @p3")} ORDER BY attachment_id",
            row => new SubmittedAttachment(row.Octets(0) ?? [], row.Text(1), row.Text(2), row.GetInt64(3) != 0, row.Text(4)), attachmentId is null ? [workspaceId, draftId] : [workspaceId, draftId, attachmentId]),
        cancellationToken);

    private static void Tell(WriteSession session, Draft draft, string type) =>
        EventStore.Append(session, draft.WorkspaceId, new NewEvent(type, draft.PodId, draft.InboxId, Facts: $$"""{"draft_id":"{{draft.DraftId}}"}"""));

    private static Draft Read(DbDataReader row) => new(
        row.GetString(0), row.GetString(1), row.GetString(2), row.GetString(3), row.Text(4), StoreJson.ReadList(row.GetString(5)),
        JsonSerializer.Deserialize(row.GetString(6), StoreJson.Default.DraftContent) ?? new DraftContent(), row.Text(7), row.Time(8), row.Text(9), Clock.FromMicros(row.GetInt64(10)),
        Clock.FromMicros(row.GetInt64(11)));
}
