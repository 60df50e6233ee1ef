using System.Data.Common;
using AgentMta.Server.Model;

namespace AgentMta.Server.Store;

/// <summary>A report about our mail that waits to be acted on.</summary>
internal sealed record OpenReport(string WorkspaceId, string ReportId, string MessageKey, string RawId);

/// <summary>An opt-out that waits to be acted on.</summary>
internal sealed record OpenUnsubscribe(string WorkspaceId, string RequestId, string DeliveryId, string Address, string Via);

/// <summary>A delivery as reports and opt-outs are about it, with what its use case says of opting out.</summary>
internal sealed record ReportedDelivery(
    string WorkspaceId, string DeliveryId, string PodId, string InboxId, string UseCaseId, string MessageKey, string MessageId, string ThreadId, string Recipient, string State,
    UnsubscribeScope UnsubscribeScope, string? EntityName, string? UseCaseName)
{
    /// <summary>The sending domain.</summary>
    public string Domain => InboxId[(InboxId.LastIndexOf('@') + 1)..];
}

/// <summary>What comes back about mail that left: open reports and opt-outs, and the deliveries they mean.</summary>
internal sealed class OutcomeStore(Database database)
{
    private const string Columns =
        "d.workspace_id, d.delivery_id, d.pod_id, d.inbox_id, d.use_case_id, d.message_key, d.message_id, d.thread_id, d.recipient, d.state, " +
        "(SELECT u.unsubscribe_scope FROM use_cases u WHERE u.workspace_id = d.workspace_id AND u.use_case_id = d.use_case_id), " +
        "(SELECT u.entity_name FROM use_cases u WHERE u.workspace_id = d.workspace_id AND u.use_case_id = d.use_case_id), " +
        "(SELECT u.name FROM use_cases u WHERE u.workspace_id = d.workspace_id AND u.use_case_id = d.use_case_id)";

    /// <summary>Reports nobody has acted on, oldest first.</summary>
    public ValueTask<List<OpenReport>> ReportsAsync(int limit, CancellationToken cancellationToken) =>
        database.ReadAsync(
            session => session.Query(
                "SELECT workspace_id, report_id, message_key, raw_id FROM reports WHERE processed_at IS NULL ORDER BY created_at LIMIT @p1",
                row => new OpenReport(row.GetString(0), row.GetString(1), row.GetString(2), row.GetString(3)), limit),
            cancellationToken);

    /// <summary>Opt-outs nobody has acted on, oldest first.</summary>
    public ValueTask<List<OpenUnsubscribe>> UnsubscribesAsync(int limit, CancellationToken cancellationToken) =>
        database.ReadAsync(
            session => session.Query(
                "SELECT workspace_id, request_id, delivery_id, address, via FROM unsubscribe_requests WHERE processed_at IS NULL ORDER BY created_at LIMIT @p1",
                row => new OpenUnsubscribe(row.GetString(0), row.GetString(1), row.GetString(2), row.GetString(3), row.GetString(4)), limit),
            cancellationToken);

    /// <summary>Ends a report; false where somebody else has.</summary>
    public static bool EndReport(WriteSession session, string workspaceId, string reportId) =>
        session.Execute("UPDATE reports SET processed_at = @p3 WHERE workspace_id = @p1 AND report_id = @p2 AND processed_at IS NULL", workspaceId, reportId, session.Now) == 1;

    /// <summary>Ends an opt-out; false where somebody else has.</summary>
    public static bool EndUnsubscribe(WriteSession session, string workspaceId, string requestId) =>
        session.Execute("UPDATE unsubscribe_requests SET processed_at = @p3 WHERE workspace_id = @p1 AND request_id = @p2 AND processed_at IS NULL", workspaceId, requestId, session.Now) == 1;

    /// <summary>Keeps an opt-out that took effect at once.</summary>
    public static void InsertUnsubscribe(WriteSession session, ReportedDelivery delivery, string via) =>
        session.Execute(
            "INSERT INTO unsubscribe_requests (workspace_id, request_id, delivery_id, address, via, created_at, processed_at) VALUES (@p1, @p2, @p3, @p4, @p5, @p6, @p6)",
            delivery.WorkspaceId, Ids.New(session.Time), delivery.DeliveryId, delivery.Recipient, via, session.Now);

    /// <summary>All copies of a message.</summary>
    public static List<ReportedDelivery> OfMessage(StoreSession session, string workspaceId, string messageKey) =>
        session.Query($"SELECT {Columns} FROM deliveries d WHERE d.workspace_id = @p1 AND d.message_key = @p2", Read, workspaceId, messageKey);

    /// <summary>One copy; null where it is gone.</summary>
    public static ReportedDelivery? Find(StoreSession session, string workspaceId, string deliveryId) =>
        session.First($"SELECT {Columns} FROM deliveries d WHERE d.workspace_id = @p1 AND d.delivery_id = @p2", Read, workspaceId, deliveryId);

    private static ReportedDelivery Read(DbDataReader row) => new(
        row.GetString(0), row.GetString(1), row.GetString(2), row.GetString(3), row.GetString(4), row.GetString(5), row.GetString(6), row.GetString(7), row.GetString(8), row.GetString(9),
        row.Text(10) == "setup" ? UnsubscribeScope.Setup : UnsubscribeScope.UseCase, row.Text(11), row.Text(12));
}
