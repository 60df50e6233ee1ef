using System.Data.Common;
using AgentMta.Server.Model;

namespace AgentMta.Server.Store;

/// <summary>Use cases: one sender address each, with its posture.</summary>
internal sealed class UseCaseStore(Database database)
{
    private const string Columns = "workspace_id, use_case_id, pod_id, sender, email_type, unsubscribable, accepts_cold_inbound, unsubscribe_scope, entity_name, name, is_default, created_at, updated_at, greylist";

    /// <summary>The use case of this id, or null within the scope.</summary>
    public ValueTask<UseCase?> GetAsync(Scope scope, string useCaseId, CancellationToken cancellationToken) => database.ReadAsync(
        session => session.First(scope, $"SELECT {Columns} FROM use_cases u WHERE {Visible(scope)} AND u.use_case_id = @p1", Read, useCaseId), cancellationToken);

    /// <summary>A page of use cases, newest first; <paramref name="before"/> is the id that ended the last page.</summary>
    public ValueTask<List<UseCase>> ListAsync(Scope scope, string? before, int limit, CancellationToken cancellationToken) => database.ReadAsync(
        session =>
        {
            var where = new SqlConditions();
            if (before is not null)
                where.And($"u.use_case_id < {where.Value(before)}");
            return session.Query(
                scope, $"SELECT {Columns} FROM use_cases u WHERE {Visible(scope)}{where.Sql} ORDER BY u.use_case_id DESC LIMIT {where.Value(limit)}", Read, where.Values);
        },
        cancellationToken);

    /// <summary>The use case of an inbox, within a transaction or query.</summary>
    public static UseCase? OfSender(StoreSession session, string workspaceId, string sender) =>
        session.First($"SELECT {Columns} FROM use_cases WHERE workspace_id = @p1 AND sender = @p2", Read, workspaceId, sender);

    /// <summary>Writes a new use case with its event.</summary>
    public static void Insert(WriteSession session, UseCase useCase)
    {
        session.Execute(
            $"INSERT INTO use_cases ({Columns}) VALUES (@p1, @p2, @p3, @p4, @p5, @p6, @p7, @p8, @p9, @p10, @p11, @p12, @p13, @p14)",
            useCase.WorkspaceId, useCase.UseCaseId, useCase.PodId, useCase.Sender, Word(useCase.EmailType), useCase.Unsubscribable ? 1 : 0,
            useCase.AcceptsColdInbound ? 1 : 0, Word(useCase.UnsubscribeScope), useCase.EntityName, useCase.Name, useCase.IsDefault ? 1 : 0,
            useCase.CreatedAt.ToMicros(), useCase.UpdatedAt.ToMicros(), Flag(useCase.Greylist));
        EventStore.Append(session, useCase.WorkspaceId, new NewEvent(EventTypes.UseCaseCreated, useCase.PodId, useCase.Sender));
    }

    /// <summary>Writes the changeable fields with their event; false where the use case is gone.</summary>
    public static bool Update(WriteSession session, UseCase useCase)
    {
        var changed = session.Execute(
            """
            UPDATE use_cases SET email_type = @p3, unsubscribable = @p4, accepts_cold_inbound = @p5, unsubscribe_scope = @p6, entity_name = @p7, name = @p8,
              is_default = 0, updated_at = @p9, greylist = @p10
            WHERE workspace_id = @p1 AND use_case_id = @p2
            """,
            useCase.WorkspaceId, useCase.UseCaseId, Word(useCase.EmailType), useCase.Unsubscribable ? 1 : 0, useCase.AcceptsColdInbound ? 1 : 0,
            Word(useCase.UnsubscribeScope), useCase.EntityName, useCase.Name, session.Now, Flag(useCase.Greylist));
        if (changed == 1)
            EventStore.Append(session, useCase.WorkspaceId, new NewEvent(EventTypes.UseCaseUpdated, useCase.PodId, useCase.Sender));
        return changed == 1;
    }

    /// <summary>The word of the database and the API for an e-mail type.</summary>
    public static string Word(EmailType type) => type == EmailType.Marketing ? "marketing" : "transactional";

    /// <summary>The word of the database and the API for an unsubscribe scope.</summary>
    public static string Word(UnsubscribeScope scope) => scope == UnsubscribeScope.Setup ? "setup" : "use_case";

    /// <summary>Takes a use case away that has no inbox any more; false where it is gone.</summary>
    public static bool Delete(WriteSession session, UseCase useCase)
    {
        var deleted = session.Execute("DELETE FROM use_cases WHERE workspace_id = @p1 AND use_case_id = @p2", useCase.WorkspaceId, useCase.UseCaseId) == 1;
        if (deleted)
            EventStore.Append(session, useCase.WorkspaceId, new NewEvent(EventTypes.UseCaseDeleted, useCase.PodId, useCase.Sender));
        return deleted;
    }

    // A use case owns one sender address: a key of that inbox sees it, no other of the pod.
    private static string Visible(Scope scope) => scope.OnPod("u") + (scope.InboxId is null ? "" : " AND u.sender = @inbox");

    private static UseCase Read(DbDataReader row) => new(
        row.GetString(0), row.GetString(1), row.GetString(2), row.GetString(3), row.GetString(4) == "marketing" ? EmailType.Marketing : EmailType.Transactional,
        row.GetInt64(5) != 0, row.GetInt64(6) != 0, row.GetString(7) == "setup" ? UnsubscribeScope.Setup : UnsubscribeScope.UseCase, row.Text(8), row.Text(9),
        row.GetInt64(10) != 0, Clock.FromMicros(row.GetInt64(11)), Clock.FromMicros(row.GetInt64(12))) { Greylist = row.IsDBNull(13) ? null : row.GetInt64(13) != 0 };

    private static int? Flag(bool? value) => value switch { true => 1, false => 0, null => null };
}
