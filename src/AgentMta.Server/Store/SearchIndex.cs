using AgentMta.Server.Model;

namespace AgentMta.Server.Store;

/// <summary>What of a message is searched.</summary>
internal sealed record SearchFields(string Subject, string From, IReadOnlyList<string> Recipients, IReadOnlyList<string> Attachments, string Text);

/// <summary>A message as the index takes it.</summary>
internal sealed record SearchDocument(
    string WorkspaceId, string PodId, string InboxId, string MessageId, string MessageKey, DateTimeOffset Timestamp, SearchFields Fields);

/// <summary>How far the index of a workspace has come.</summary>
/// <param name="Cursor">Every event up to here is in the index.</param>
/// <param name="EventId">The event at that cursor: another one there means that the store is not the one that was indexed.</param>
/// <param name="Walked">The message key up to which the first walk through all messages has come; null once it is done.</param>
internal sealed record SearchProgress(string WorkspaceId, long Cursor, string? EventId, string? Walked);

/// <summary>
/// Where a find stands: by rank (0: every term in the subject, 1: every term in sender or recipients, 2: anywhere), and within one newest first. It does not
/// depend on other messages or tenants, so pages go on from it whatever comes in meanwhile.
/// </summary>
internal sealed record SearchPosition(int Rank, long Document);

/// <summary>A message that was found.</summary>
internal sealed record SearchHit(SearchPosition Position, string MessageKey);

/// <summary>A query within a scope as an engine has prepared it, for as many questions as a page asks.</summary>
internal abstract class SearchPlan
{
    /// <summary>Where it looks.</summary>
    public required Scope Scope { get; init; }
}

/// <summary>Which times a search looks at, both ends left out.</summary>
internal sealed record SearchRange(DateTimeOffset? After, DateTimeOffset? Before);

/// <summary>
/// The full-text index: derived from the store, behind it by a moment, and free to be thrown away. An engine keeps words for documents; what a word is, what is shown
/// and who may see it is decided above. Each change is one transaction together with the progress it makes.
/// </summary>
internal abstract class SearchIndex : IAsyncDisposable
{
    /// <summary>How many ranks there are.</summary>
    protected const int Ranks = 3;

    /// <summary>How far it has come in a workspace; null where it has not begun.</summary>
    public abstract ValueTask<SearchProgress?> ProgressAsync(string workspaceId, CancellationToken cancellationToken);

    /// <summary>The key under which it knows each of these messages of a workspace; those that it does not know are left out.</summary>
    public abstract ValueTask<Dictionary<(string InboxId, string MessageId), string>> KnownAsync(
        string workspaceId, IReadOnlyList<(string InboxId, string MessageId)> messages, CancellationToken cancellationToken);

    /// <summary>Takes documents in (in place of those under the same inbox and Message-ID), lets others go, and notes the progress.</summary>
    public abstract Task ApplyAsync(SearchProgress progress, IReadOnlyList<SearchDocument> added, IReadOnlyList<(string InboxId, string MessageId)> gone, CancellationToken cancellationToken);

    /// <summary>Forgets everything.</summary>
    public abstract Task ClearAsync(CancellationToken cancellationToken);

    /// <summary>Prepares a query.</summary>
    public abstract ValueTask<SearchPlan> PrepareAsync(Scope scope, SearchQuery query, CancellationToken cancellationToken);

    /// <summary>Finds within the plan's scope, in the order of positions, behind one of them. What is gone from the store may still be found; the caller looks there.</summary>
    public abstract ValueTask<List<SearchHit>> FindAsync(SearchPlan plan, SearchRange range, SearchPosition? after, int limit, CancellationToken cancellationToken);

    /// <summary>Those of the messages of an inbox that the plan finds before a position.</summary>
    public abstract ValueTask<List<string>> FoundBeforeAsync(SearchPlan plan, SearchPosition position, string inboxId, IReadOnlyList<string> messageIds, CancellationToken cancellationToken);

    /// <summary>What was indexed of these documents, by document.</summary>
    public abstract ValueTask<Dictionary<long, SearchFields>> FieldsAsync(IReadOnlyList<long> documents, CancellationToken cancellationToken);

    /// <inheritdoc/>
    public abstract ValueTask DisposeAsync();
}
