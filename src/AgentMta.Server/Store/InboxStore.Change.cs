using AgentMta.Server.Model;

namespace AgentMta.Server.Store;

/// <content>Inboxes that are looked for, changed and deleted.</content>
internal sealed partial class InboxStore
{
    private const int DeleteChunk = 200;
    private static readonly string[] OwnTables = ["threads", "thread_merges", "message_ids", "message_labels", "contacts", "mailing_lists", "lists", "drafts"];

    /// <summary>The inbox that was made under the caller's own id, whatever else differs.</summary>
    public static Inbox? ByClientId(StoreSession session, Scope scope, string clientId) =>
        session.First(scope, $"SELECT {Columns} FROM inboxes i WHERE {scope.OnInbox("i")} AND i.client_id = @p1", Read, clientId);

    /// <summary>
    /// Inboxes with a word of address or name that begins with the text: the exact address first, then by address. <paramref name="after"/> is the address that
    /// ended the last page, or "" behind the exact one.
    /// </summary>
    public ValueTask<Listing<Inbox>> SearchAsync(Scope scope, string text, string? after, int limit, CancellationToken cancellationToken) => database.ReadAsync(
        session =>
        {
            var exact = after is null ? Get(session, scope, text) : null;
            var scan = new ListScan();
            var prefix = text.Replace("!", "!!", StringComparison.Ordinal).Replace("%", "!%", StringComparison.Ordinal).Replace("_", "!_", StringComparison.Ordinal);
            var column = "(' ' || REPLACE(REPLACE(REPLACE(REPLACE(REPLACE(i.inbox_id, '.', ' '), '-', ' '), '_', ' '), '+', ' '), '@', ' ') || ' ' || i.inbox_id || ' ' || COALESCE(i.display_name, ''))";
            scan.Fit(scope.OnInbox("i"));
            scan.Fit($"{column} LIKE {scan.Where.Value($"% {prefix}%")} ESCAPE '!' AND i.inbox_id <> {scan.Where.Value(text)}");
            scan.Where.And($"i.inbox_id > {scan.Where.Value(after ?? "")}");
            if (exact is not null && limit == 1)
                return new Listing<Inbox>([exact], [""]);
            var page = scan.Read(session, scope, Columns, "inboxes i", scope.OnWorkspace("i"), ["i.inbox_id"], ascending: true, exact is null ? limit : limit - 1, Read);
            return exact is null ? page : page with { Rows = [exact, .. page.Rows] };
        },
        cancellationToken);

    /// <summary>Writes name and metadata with their event.</summary>
    public static bool Update(WriteSession session, Inbox inbox)
    {
        var changed = session.Execute(
            "UPDATE inboxes SET display_name = @p3, metadata = @p4, updated_at = @p5 WHERE workspace_id = @p1 AND inbox_id = @p2",
            inbox.WorkspaceId, inbox.InboxId, inbox.DisplayName, inbox.Metadata, session.Now) == 1;
        if (changed)
            EventStore.Append(session, inbox.WorkspaceId, new NewEvent(EventTypes.InboxUpdated, inbox.PodId, inbox.InboxId));
        return changed;
    }

    /// <summary>
    /// Deletes an inbox with all that is in it, in pieces, so that a large one does not stop the writer; the inbox itself goes last, together with what
    /// came in meanwhile. Returns the files of raws that are not needed any more.
    /// </summary>
    public async Task<List<string>> DeleteAsync(Inbox inbox, CancellationToken cancellationToken)
    {
        var files = new List<string>();
        while (await database.WriteAsync(session => DeleteMessages(session, inbox, files), cancellationToken).ConfigureAwait(false) == DeleteChunk)
        {
        }

        await database.WriteAsync(
            session =>
            {
                while (DeleteMessages(session, inbox, files) > 0)
                {
                }

                DeleteRow(session, inbox);
            },
            cancellationToken).ConfigureAwait(false);
        return files;
    }

    /// <summary>The inboxes of a domain; those of its subdomains, which may be domains of their own, are left out.</summary>
    public static List<Inbox> OfDomain(StoreSession session, string workspaceId, string domain) => session.Query(
        new Scope(workspaceId), $"SELECT {Columns} FROM inboxes i WHERE {new Scope(workspaceId).OnInbox("i")} AND SUBSTR(i.inbox_id, LENGTH(i.inbox_id) - LENGTH(@p1)) = '@' || @p1", Read, domain);

    /// <summary>Deletes an inbox without messages, with what belongs to it and the events.</summary>
    public static void DeleteRow(WriteSession session, Inbox inbox)
    {
        session.Execute("DELETE FROM draft_attachments WHERE workspace_id = @p1 AND draft_id IN (SELECT draft_id FROM drafts WHERE workspace_id = @p1 AND inbox_id = @p2)", inbox.WorkspaceId, inbox.InboxId);
        foreach (var table in OwnTables)
            session.Execute($"DELETE FROM {table} WHERE workspace_id = @p1 AND inbox_id = @p2", inbox.WorkspaceId, inbox.InboxId);
        session.Execute("UPDATE api_keys SET revoked_at = @p3 WHERE workspace_id = @p1 AND inbox_id = @p2 AND revoked_at IS NULL", inbox.WorkspaceId, inbox.InboxId, session.Now);
        session.Execute("DELETE FROM use_cases WHERE workspace_id = @p1 AND use_case_id = @p2", inbox.WorkspaceId, inbox.UseCaseId);
        session.Execute("DELETE FROM inboxes WHERE workspace_id = @p1 AND inbox_id = @p2", inbox.WorkspaceId, inbox.InboxId);
        EventStore.Append(session, inbox.WorkspaceId, new NewEvent(EventTypes.UseCaseDeleted, inbox.PodId, inbox.InboxId));
        EventStore.Append(session, inbox.WorkspaceId, new NewEvent(EventTypes.InboxDeleted, inbox.PodId, inbox.InboxId));
    }

    private static int DeleteMessages(WriteSession session, Inbox inbox, List<string> files)
    {
        var messages = session.Query(
            $"SELECT {StoredMessage.Columns} FROM messages m WHERE m.workspace_id = @p1 AND m.inbox_id = @p2 LIMIT @p3", StoredMessage.Read, inbox.WorkspaceId, inbox.InboxId, DeleteChunk);
        foreach (var message in messages)
            MessageStore.DeleteRow(session, message, files);
        return messages.Count;
    }
}
