using System.Data.Common;
using AgentMta.Server.Model;

namespace AgentMta.Server.Store;

/// <summary>Tells whose an address is. Addresses and domains are unique in the whole server, so these look-ups come before any scope and give it.</summary>
internal sealed class DirectoryStore(Database database)
{
    private const int CacheCapacity = 50_000;
    private const int MaximumLabels = 10;

    private readonly SettingsCache<LocalInbox> _inboxes = new(database, CacheCapacity);
    private readonly SettingsCache<LocalDomain> _domains = new(database, CacheCapacity);

    /// <summary>The domain of this server under that name, or a parent of it that takes mail for its subdomains; lower case, A-labels.</summary>
    public async ValueTask<LocalDomain?> DomainAsync(string domain, CancellationToken cancellationToken)
    {
        if (_domains.TryGet(domain, out var known))
            return known;
        var version = database.SettingsVersion;
        var found = await database.GlanceAsync(session => FindDomain(session, domain), cancellationToken).ConfigureAwait(false);
        _domains.Keep(domain, version, found);
        return found;
    }

    /// <summary>The inbox with exactly this address (lower case).</summary>
    public async ValueTask<LocalInbox?> InboxAsync(string address, CancellationToken cancellationToken)
    {
        if (_inboxes.TryGet(address, out var known))
            return known;
        var version = database.SettingsVersion;
        var found = await database.GlanceAsync(session => FindInbox(session, address), cancellationToken).ConfigureAwait(false);
        _inboxes.Keep(address, version, found);
        return found;
    }

    /// <summary>The inbox whose message (b, f) or delivery (u) a token of ours names, on the domain that the token is for.</summary>
    public ValueTask<LocalInbox?> TokenOwnerAsync(TokenKind kind, string id, string domain, CancellationToken cancellationToken) =>
        database.GlanceAsync(
            session =>
            {
                if (FindDomain(session, domain) is not { } owner)
                    return null;
                var inboxId = kind == TokenKind.Unsubscribe
                    ? session.Scalar<string>("SELECT inbox_id FROM deliveries WHERE workspace_id = @p1 AND delivery_id = @p2", owner.WorkspaceId, id)
                    : session.Scalar<string>("SELECT inbox_id FROM messages WHERE workspace_id = @p1 AND message_key = @p2", owner.WorkspaceId, id)
                        ?? session.Scalar<string>("SELECT inbox_id FROM deliveries WHERE workspace_id = @p1 AND message_key = @p2 LIMIT 1", owner.WorkspaceId, id);
                return inboxId is null || FindInbox(session, inboxId) is not { } inbox || inbox.WorkspaceId != owner.WorkspaceId ? null : inbox;
            },
            cancellationToken);

    /// <summary>Whether the inbox has ever sent: only then may it get mail from the null sender.</summary>
    public ValueTask<bool> HasSentAsync(LocalInbox inbox, CancellationToken cancellationToken) =>
        database.GlanceAsync(
            session => session.Scalar<long>(
                "SELECT 1 FROM message_labels WHERE workspace_id = @p1 AND inbox_id = @p2 AND label = @p3 LIMIT 1", inbox.WorkspaceId, inbox.InboxId, Labels.Sent) == 1,
            cancellationToken);

    private static LocalDomain? FindDomain(StoreSession session, string domain)
    {
        var name = domain;
        for (var labels = 0; labels < MaximumLabels; labels++)
        {
            var found = session.First("SELECT workspace_id, pod_id, domain, status, subdomains_enabled FROM domains WHERE domain = @p1", ReadDomain, name);
            if (found is not null)
                return name.Length == domain.Length || found.SubdomainsEnabled ? found : null;
            var dot = name.IndexOf('.');
            if (dot < 0)
                return null;
            name = name[(dot + 1)..];
        }

        return null;
    }

    private static LocalInbox? FindInbox(StoreSession session, string address)
    {
        var row = session.First(
            """
            SELECT i.workspace_id, i.pod_id, i.inbox_id, i.use_case_id, u.accepts_cold_inbound, u.greylist
            FROM inboxes i JOIN use_cases u ON u.workspace_id = i.workspace_id AND u.use_case_id = i.use_case_id
            WHERE i.inbox_id = @p1
            """,
            ReadInbox, address);
        return row is null ? null : row with { ReceiveLists = ListStore.Presence(session, row, "receive"), ReplyLists = ListStore.Presence(session, row, "reply") };
    }

    private static LocalDomain ReadDomain(DbDataReader row) => new(row.GetString(0), row.GetString(1), row.GetString(2), row.GetString(3), row.GetInt64(4) != 0);

    private static LocalInbox ReadInbox(DbDataReader row)
    {
        var id = row.GetString(2);
        return new LocalInbox(row.GetString(0), row.GetString(1), id, row.GetString(3), id[(id.LastIndexOf('@') + 1)..], row.GetInt64(4) != 0, default, default) { Greylist = row.IsDBNull(5) ? null : row.GetInt64(5) != 0 };
    }
}
