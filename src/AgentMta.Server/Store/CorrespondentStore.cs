using System.Collections.Concurrent;
using AgentMta.Server.Model;

namespace AgentMta.Server.Store;

/// <summary>An outbound message of this inbox that an arriving one refers to.</summary>
/// <param name="Recipients">Its envelope recipients.</param>
internal sealed record OutboundReference(string MessageId, string? MessageKey, string ThreadId, string UseCaseId, IReadOnlyList<string> Recipients);

/// <summary>What an inbox knows about who writes and what the message refers to.</summary>
/// <param name="Answers">Own outbound messages among the references, in their order.</param>
/// <param name="CrossUseCase">The references name outbound mail of another use case of the workspace.</param>
/// <param name="KnownSender">The sender has been let in before.</param>
internal sealed record Correspondence(IReadOnlyList<OutboundReference> Answers, bool CrossUseCase, bool KnownSender)
{
    /// <summary>Nothing referred to, and a sender of whom nothing is asked.</summary>
    public static Correspondence None { get; } = new([], false, false);
}

/// <summary>Who has written to whom: the memory behind proof of a reply, first contact and known mailing lists.</summary>
internal sealed class CorrespondentStore(Database database)
{
    private const int KnownCapacity = 100_000;

    // Contacts are never taken back, so what was once known may be kept without asking again.
    private readonly ConcurrentDictionary<(string, string, string), bool> _known = new();

    /// <summary>Answers from committed rows. Asks nothing of the database where the sender is known and nothing is referred to.</summary>
    public ValueTask<Correspondence> AskAsync(LocalInbox inbox, AddressParts? sender, IReadOnlyList<string> references, CancellationToken cancellationToken)
    {
        var known = sender is not null && _known.ContainsKey((inbox.WorkspaceId, inbox.InboxId, sender.Address));
        if (references.Count == 0 && (known || sender is null))
            return ValueTask.FromResult(known ? new Correspondence([], false, true) : Correspondence.None);
        return database.GlanceAsync(session => Ask(session, inbox, sender, references, known), cancellationToken);
    }

    /// <summary>Whether earlier mail of this list was aligned and carried a signature or envelope of one of these domains.</summary>
    public ValueTask<string?> KnownListDomainAsync(LocalInbox inbox, string listId, IReadOnlyList<string> domains, CancellationToken cancellationToken) =>
        domains.Count == 0 ? ValueTask.FromResult<string?>(null) : database.ReadAsync(
            session => session.Query(
                "SELECT domain FROM mailing_lists WHERE workspace_id = @p1 AND inbox_id = @p2 AND list_id = @p3",
                row => row.GetString(0), inbox.WorkspaceId, inbox.InboxId, listId).Find(domains.Contains),
            cancellationToken);

    /// <summary>Whether the contact has yet to be written.</summary>
    public bool IsNew(LocalInbox inbox, AddressParts sender) => !_known.ContainsKey((inbox.WorkspaceId, inbox.InboxId, sender.Address));

    /// <summary>To be called after the commit that wrote the contact.</summary>
    public void Remember(LocalInbox inbox, AddressParts sender)
    {
        if (_known.Count >= KnownCapacity)
            _known.Clear();
        _known[(inbox.WorkspaceId, inbox.InboxId, sender.Address)] = true;
    }

    /// <summary>Writes that the sender was let in, in the message's transaction.</summary>
    public static void AddContact(WriteSession session, LocalInbox inbox, AddressParts sender) =>
        session.Execute(
            "INSERT INTO contacts (workspace_id, inbox_id, address, created_at) VALUES (@p1, @p2, @p3, @p4) ON CONFLICT DO NOTHING",
            inbox.WorkspaceId, inbox.InboxId, sender.Address, session.Now);

    /// <summary>Writes that mail of a list came aligned and authenticated by these domains.</summary>
    public static void AddList(WriteSession session, LocalInbox inbox, string listId, IReadOnlyList<string> domains)
    {
        foreach (var domain in domains)
        {
            session.Execute(
                "INSERT INTO mailing_lists (workspace_id, inbox_id, list_id, domain, created_at) VALUES (@p1, @p2, @p3, @p4, @p5) ON CONFLICT DO NOTHING",
                inbox.WorkspaceId, inbox.InboxId, listId, domain, session.Now);
        }
    }

    private Correspondence Ask(ReadSession session, LocalInbox inbox, AddressParts? sender, IReadOnlyList<string> references, bool known)
    {
        var answers = new List<OutboundReference>();
        var cross = false;
        foreach (var id in references)
        {
            var row = session.First(
                "SELECT message_key, thread_id, use_case_id, direction, recipients FROM message_ids WHERE workspace_id = @p1 AND inbox_id = @p2 AND message_id = @p3",
                r => new { Key = r.Text(0), Thread = r.GetString(1), UseCase = r.GetString(2), Direction = r.GetString(3), Recipients = r.Text(4) },
                inbox.WorkspaceId, inbox.InboxId, id);
            if (row is { Direction: "out" } && row.UseCase == inbox.UseCaseId)
                answers.Add(new OutboundReference(id, row.Key, row.Thread, row.UseCase, StoreJson.ReadList(row.Recipients)));
            else if (row is null or { Direction: "ref" or "out" })
                cross = cross || IsOutboundElsewhere(session, inbox, id);
        }

        if (!known && sender is not null)
        {
            known = session.Scalar<long>(
                "SELECT 1 FROM contacts WHERE workspace_id = @p1 AND inbox_id = @p2 AND address = @p3", inbox.WorkspaceId, inbox.InboxId, sender.Address) == 1;
            if (known)
                Remember(inbox, sender);
        }

        return new Correspondence(answers, cross, known);
    }

    // The workspace as an expression, so that the index of message_ids_out is taken: the beginning of the primary key would lead through all ids of the workspace.
    private static bool IsOutboundElsewhere(ReadSession session, LocalInbox inbox, string id) =>
        session.Scalar<long>(
            "SELECT 1 FROM message_ids WHERE message_id = @p2 AND direction = 'out' AND workspace_id || '' = @p1 AND use_case_id <> @p3 LIMIT 1",
            inbox.WorkspaceId, id, inbox.UseCaseId) == 1;
}
