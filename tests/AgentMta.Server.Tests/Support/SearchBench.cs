using System.Text;
using AgentMta.Protocol.Mime;
using AgentMta.Server.Model;
using AgentMta.Server.Search;
using AgentMta.Server.Store;
using Microsoft.Extensions.Logging.Abstractions;

namespace AgentMta.Server.Tests.Support;

/// <summary>A store with messages that were put there directly, its search index, and an indexer that is driven by hand.</summary>
internal sealed class SearchBench : IAsyncDisposable
{
    private readonly Func<string, SearchIndex> _open;
    private int _count;

    private SearchBench(TestStore store, Func<string, SearchIndex> open)
    {
        _open = open;
        Store = store;
        Spool = new RawSpool(Path.Combine(store.Folder, "raws"), freeSpaceFloor: 0, store.Time);
        Index = open(IndexPath);
    }

    public TestStore Store { get; }

    public RawSpool Spool { get; }

    public SearchIndex Index { get; private set; }

    public SearchMeter Meter { get; } = new();

    public string IndexPath => Path.Combine(Store.Folder, "search.db");

    public Scope Agent => new(Store.WorkspaceId, Store.PodId, TestStore.Agent);

    public static async Task<SearchBench> OpenAsync(Func<string, SearchIndex> open) => new(await TestStore.OpenAsync(), open);

    /// <summary>Stores a message as receiving does; returns its id.</summary>
    public async Task<string> AddAsync(
        string subject, string text, string from = "Anna Smith <anna@sender.test>", string to = TestStore.Agent, string inbox = TestStore.Agent, Scope? scope = null, string? thread = null,
        string? attachment = null, string[]? labels = null, DateTimeOffset? at = null)
    {
        var where = scope ?? new Scope(Store.WorkspaceId, Store.PodId);
        var id = $"<m{Interlocked.Increment(ref _count)}@sender.test>";
        var file = attachment is null ? "" : $"--b\r\nContent-Type: application/pdf; name=\"{attachment}\"\r\nContent-Disposition: attachment; filename=\"{attachment}\"\r\n\r\nx\r\n";
        var raw = Encoding.UTF8.GetBytes(
            $"From: {from}\r\nTo: {to}\r\nSubject: {subject}\r\nMessage-ID: {id}\r\nMIME-Version: 1.0\r\nContent-Type: multipart/mixed; boundary=b\r\n\r\n" +
            $"--b\r\nContent-Type: text/plain; charset=utf-8\r\n\r\n{text}\r\n{file}--b--\r\n");
        var content = MessageContent.Read(MimeMessage.Parse(raw));
        var key = Ids.New(Store.Time);
        await Store.Database.WriteAsync(session =>
        {
            MessageStore.InsertRaw(session, new NewRaw(where.WorkspaceId, key, new RawContent(raw), null, null, null, null));
            return MessageStore.Insert(session, new NewMessage
            {
                WorkspaceId = where.WorkspaceId, PodId = where.PodId!, InboxId = inbox, UseCaseId = "u", MessageKey = key, RawId = key, ThreadId = thread, MessageId = id,
                Direction = MessageDirection.In, Timestamp = at ?? Store.Time.GetUtcNow(), From = from, To = [to], Subject = subject, Preview = content.Preview,
                Labels = [Labels.Received, Labels.Unread, .. labels ?? []], Attachments = StoredAttachments.Of(content, key), Size = raw.Length, ContentHash = [1], Aligned = true,
                EventType = EventTypes.Received,
            });
        });
        return id;
    }

    /// <summary>The thread of a message.</summary>
    public async Task<string> ThreadOfAsync(string messageId) => (await new MessageStore(Store.Database).GetAsync(new Scope(Store.WorkspaceId), TestStore.Agent, messageId, default))!.ThreadId;

    /// <summary>A fresh indexer over the same files, as after a start of the server.</summary>
    public Indexer NewIndexer() => new(Store.Database, Index, Spool, Meter, Store.Time, NullLogger<Indexer>.Instance);

    /// <summary>Works until there is nothing left to do; returns in how many rounds.</summary>
    public async Task<int> CatchUpAsync(Indexer? indexer = null)
    {
        using var own = indexer is null ? NewIndexer() : null;
        var rounds = 0;
        while (await (indexer ?? own!).RoundAsync(default))
            rounds++;
        return rounds;
    }

    /// <summary>Subjects of the messages found, in order.</summary>
    public async Task<List<string>> FindAsync(string query, MessageFilter? filter = null, Scope? scope = null) =>
        [.. (await PageAsync(query, null, 100, filter, scope)).Items.Select(f => f.Item.Subject!)];

    public Task<SearchResult<StoredMessage>> PageAsync(string query, SearchPosition? after, int limit, MessageFilter? filter = null, Scope? scope = null) =>
        new Searcher(Store.Database, Index).MessagesAsync(scope ?? Agent, Query(query), filter ?? new MessageFilter(), after, limit, default);

    public Task<SearchResult<StoredThread>> ThreadPageAsync(string query, SearchPosition? after = null, int limit = 100, ThreadFilter? filter = null, Scope? scope = null) =>
        new Searcher(Store.Database, Index).ThreadsAsync(scope ?? Agent, Query(query), filter ?? new ThreadFilter(), after, limit, default);

    /// <summary>What the index itself names for the agent's inbox, whether the store has it or not.</summary>
    public async Task<List<SearchHit>> HitsAsync(string query) => await Index.FindAsync(await Index.PrepareAsync(Agent, Query(query), default), new SearchRange(null, null), null, 10, default);

    public static SearchQuery Query(string text) => SearchQuery.Read(text).Query ?? throw new ArgumentException(SearchQuery.Read(text).Fault, nameof(text));

    /// <summary>Closes the index and opens its file again.</summary>
    public async Task ReopenIndexAsync()
    {
        await Index.DisposeAsync();
        Index = _open(IndexPath);
    }

    /// <summary>Closes the index, lets its file be changed, and opens it again.</summary>
    public async Task ReplaceIndexAsync(Action<string> change)
    {
        await Index.DisposeAsync();
        change(IndexPath);
        Index = _open(IndexPath);
    }

    public async ValueTask DisposeAsync()
    {
        await Index.DisposeAsync();
        Meter.Dispose();
        Spool.Dispose();
        await Store.DisposeAsync();
    }
}
