using AgentMta.Server.Model;

namespace AgentMta.Server.Store;

/// <summary>Allow and block entries as the gates ask for them.</summary>
internal sealed partial class ListStore(Database database)
{
    private const string InScope = "l.workspace_id = @p1 AND l.pod_id IN ('', @p2) AND l.inbox_id IN ('', @p3)";

    /// <summary>The entries of inbox, pod and workspace that name this address or its domain.</summary>
    public ValueTask<List<ListMatch>> MatchesAsync(LocalInbox inbox, string direction, AddressParts sender, CancellationToken cancellationToken) =>
        database.GlanceAsync(
            session => session.Query(
                $"SELECT l.pod_id, l.inbox_id, l.list_type, l.entry FROM lists l WHERE {InScope} AND l.direction = @p4 AND l.entry IN (@p5, @p6)",
                row => new ListMatch(
                    row.GetString(1).Length > 0 ? ListScope.Inbox : row.GetString(0).Length > 0 ? ListScope.Pod : ListScope.Workspace,
                    row.GetString(2) == "allow", row.GetString(3)),
                inbox.WorkspaceId, inbox.PodId, inbox.InboxId, direction, sender.Address, sender.Domain),
            cancellationToken);

    /// <summary>Whether the inbox, its pod or its workspace has entries for a direction that is asked for less often.</summary>
    public ValueTask<ListPresence> PresenceAsync(LocalInbox inbox, string direction, CancellationToken cancellationToken) =>
        database.GlanceAsync(session => Presence(session, inbox, direction), cancellationToken);

    /// <summary>Whether the inbox, its pod or its workspace has entries for a direction.</summary>
    internal static ListPresence Presence(StoreSession session, LocalInbox inbox, string direction)
    {
        var types = session.Query(
            $"SELECT DISTINCT l.list_type FROM lists l WHERE {InScope} AND l.direction = @p4",
            row => row.GetString(0), inbox.WorkspaceId, inbox.PodId, inbox.InboxId, direction);
        return new ListPresence(types.Count > 0, types.Contains("allow"));
    }
}
