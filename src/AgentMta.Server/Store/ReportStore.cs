using System.Text.Json;
using AgentMta.Server.Model;

namespace AgentMta.Server.Store;

/// <summary>What Inbound writes for the outcome worker: reports about our mail and opt-outs, each with its event (design.md, Layout).</summary>
internal static class ReportStore
{
    /// <summary>A status notification or complaint about the message with this key; returns the row's id.</summary>
    public static string InsertReport(WriteSession session, LocalInbox inbox, string rawId, string messageKey, ReportFacts report)
    {
        var id = Ids.New(session.Time);
        var facts = JsonSerializer.Serialize(report, StoreJson.Default.ReportFacts);
        session.Execute(
            "INSERT INTO reports (workspace_id, report_id, kind, message_key, raw_id, facts, created_at) VALUES (@p1, @p2, @p3, @p4, @p5, @p6, @p7)",
            inbox.WorkspaceId, id, report.Kind, messageKey, rawId, facts, session.Now);
        Append(session, inbox, EventTypes.ReportReceived, messageKey, facts);
        return id;
    }

    /// <summary>An opt-out by mail from a delivery; the address is that of the delivery, or the writer's where the row is gone. Returns the row's id.</summary>
    public static string InsertUnsubscribe(WriteSession session, LocalInbox inbox, string deliveryId, string? writer)
    {
        var id = Ids.New(session.Time);
        var delivery = session.First(
            "SELECT recipient, message_key FROM deliveries WHERE workspace_id = @p1 AND delivery_id = @p2",
            row => new { Address = row.GetString(0), Key = row.GetString(1) }, inbox.WorkspaceId, deliveryId);
        session.Execute(
            "INSERT INTO unsubscribe_requests (workspace_id, request_id, delivery_id, address, via, created_at) VALUES (@p1, @p2, @p3, @p4, 'mail', @p5)",
            inbox.WorkspaceId, id, deliveryId, delivery?.Address ?? writer ?? "", session.Now);
        Append(session, inbox, EventTypes.UnsubscribeRequested, delivery?.Key, null);
        return id;
    }

    /// <summary>The facts of a row.</summary>
    public static ReportFacts ReadFacts(string facts) => JsonSerializer.Deserialize(facts, StoreJson.Default.ReportFacts) ?? throw new FormatException("A report's facts are missing.");

    private static void Append(WriteSession session, LocalInbox inbox, string type, string? messageKey, string? facts)
    {
        var message = messageKey is null ? null : session.First(
            "SELECT message_id, thread_id FROM messages WHERE workspace_id = @p1 AND message_key = @p2",
            row => new { Id = row.GetString(0), Thread = row.GetString(1) }, inbox.WorkspaceId, messageKey);
        EventStore.Append(session, inbox.WorkspaceId, new NewEvent(type, inbox.PodId, inbox.InboxId, message?.Id, message?.Thread, facts));
    }
}
