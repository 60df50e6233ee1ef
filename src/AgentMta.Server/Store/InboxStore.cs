using System.Data.Common;
using AgentMta.Server.Model;

namespace AgentMta.Server.Store;

/// <summary>Inboxes: an address of ours with its mail.</summary>
internal sealed partial class InboxStore(Database database)
{
    private const string Columns = "workspace_id, inbox_id, pod_id, use_case_id, display_name, client_id, metadata, created_at, updated_at";

    /// <summary>The inbox of this address within the scope, or null.</summary>
    public ValueTask<Inbox?> GetAsync(Scope scope, string inboxId, CancellationToken cancellationToken) =>
        database.ReadAsync(session => Get(session, scope, inboxId), cancellationToken);

    /// <summary>A page in order of making; <paramref name="after"/> is the (time, id) that ended the last page.</summary>
    public ValueTask<List<Inbox>> ListAsync(Scope scope, (long CreatedAt, string InboxId)? after, int limit, bool ascending, CancellationToken cancellationToken) => database.ReadAsync(
        session =>
        {
            var where = new SqlConditions();
            where.AndBehind("i.created_at", "i.inbox_id", after, ascending);
            var order = ascending ? "ASC" : "DESC";
            return session.Query(
                scope, $"SELECT {Columns} FROM inboxes i WHERE {scope.OnInbox("i")}{where.Sql} ORDER BY i.created_at {order}, i.inbox_id {order} LIMIT {where.Value(limit)}", Read, where.Values);
        },
        cancellationToken);

    /// <summary>The inbox of this address within the scope, in a transaction or query.</summary>
    public static Inbox? Get(StoreSession session, Scope scope, string inboxId) =>
        session.First(scope, $"SELECT {Columns} FROM inboxes i WHERE {scope.OnInbox("i")} AND i.inbox_id = @p1", Read, inboxId);

    /// <summary>The inbox of this address, whichever workspace has it.</summary>
    public static Inbox? OfAddress(StoreSession session, string address) => session.First($"SELECT {Columns} FROM inboxes i WHERE i.inbox_id = @p1", Read, address);

    /// <summary>Whether the inbox has sent or received anything, deleted or not.</summary>
    public static bool HasHadMail(StoreSession session, Inbox inbox) =>
        session.Scalar<long>("SELECT EXISTS (SELECT 1 FROM message_ids WHERE workspace_id = @p1 AND inbox_id = @p2)", inbox.WorkspaceId, inbox.InboxId) == 1;

    /// <summary>How many inboxes a workspace has.</summary>
    public static long Count(StoreSession session, string workspaceId) => session.Scalar<long>("SELECT COUNT(*) FROM inboxes WHERE workspace_id = @p1", workspaceId);

    /// <summary>Whether any workspace has this address.</summary>
    public static bool IsTaken(StoreSession session, string address) => session.Scalar<long>("SELECT COUNT(*) FROM inboxes WHERE inbox_id = @p1", address) > 0;

    /// <summary>
    /// Makes an inbox with a default use case (design.md, Use case and inbox: transactional, accepts cold inbound, not unsubscribable) unless one is given.
    /// The caller has checked the domain and that the address is free.
    /// </summary>
    public static Inbox Create(WriteSession session, string workspaceId, string podId, string address, string? displayName, string? clientId = null, string? metadata = null, UseCase? useCase = null)
    {
        var now = Clock.FromMicros(session.Now);
        if (useCase is null)
        {
            useCase = new UseCase(workspaceId, Ids.New(session.Time), podId, address, EmailType.Transactional, Unsubscribable: false, AcceptsColdInbound: true,
                UnsubscribeScope.UseCase, EntityName: null, Name: null, IsDefault: true, now, now);
            UseCaseStore.Insert(session, useCase);
        }

        var inbox = new Inbox(workspaceId, address, podId, useCase.UseCaseId, displayName, clientId, metadata, now, now);
        session.Execute(
            "INSERT INTO inboxes (workspace_id, inbox_id, pod_id, use_case_id, display_name, client_id, metadata, uidvalidity, created_at, updated_at) VALUES (@p1, @p2, @p3, @p4, @p5, @p6, @p7, @p8, @p9, @p9)",
            workspaceId, address, podId, useCase.UseCaseId, displayName, clientId, metadata, now.ToUnixTimeSeconds(), now.ToMicros());
        EventStore.Append(session, workspaceId, new NewEvent(EventTypes.InboxCreated, podId, address));
        return inbox;
    }

    private static Inbox Read(DbDataReader row) => new(
        row.GetString(0), row.GetString(1), row.GetString(2), row.GetString(3), row.Text(4), row.Text(5), row.Text(6), Clock.FromMicros(row.GetInt64(7)),
        Clock.FromMicros(row.GetInt64(8)));
}
