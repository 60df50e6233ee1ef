using System.Security.Cryptography;
using AgentMta.Server.Model;
using AgentMta.Server.Store;
using AgentMta.Server.Store.Sqlite;
using Microsoft.Extensions.Logging.Abstractions;

namespace AgentMta.Server.Tests.Support;

/// <summary>A real SQLite database in a folder of its own, with a workspace, its default pod, the domain <c>agentmta.test</c> and the inbox <c>agent@agentmta.test</c>.</summary>
internal sealed class TestStore : IAsyncDisposable
{
    public const string Domain = "agentmta.test";
    public const string Agent = "agent@agentmta.test";

    private TestStore(string folder, TimeProvider time)
    {
        Folder = folder;
        Time = time;
        Database = SqliteDatabase.Open(Path.Combine(folder, "agentmta.db"), time, NullLogger<SqliteDatabase>.Instance);
        Directory = new DirectoryStore(Database);
    }

    /// <summary>The temporary folder; goes with the store.</summary>
    public string Folder { get; }

    public TimeProvider Time { get; }

    public SqliteDatabase Database { get; private set; }

    public DirectoryStore Directory { get; }

    /// <summary>Keys from a random master key.</summary>
    public KeyRing Keys { get; } = new(RandomNumberGenerator.GetBytes(32));

    /// <summary>The first workspace and its default pod.</summary>
    public Scope Scope { get; private set; } = new("");

    public string WorkspaceId => Scope.WorkspaceId;

    public string PodId => Scope.PodId!;

    public static async Task<TestStore> OpenAsync(TimeProvider? time = null)
    {
        var store = new TestStore(System.IO.Directory.CreateTempSubdirectory("agentmta-test-").FullName, time ?? TimeProvider.System);
        store.Scope = await store.AddWorkspaceAsync("test", Domain);
        await store.AddInboxAsync(Agent);
        return store;
    }

    /// <summary>A further workspace with a verified domain (and its postmaster inbox).</summary>
    public Task<Scope> AddWorkspaceAsync(string name, string domain) =>
        Database.WriteAsync(session =>
        {
            var workspace = WorkspaceStore.Create(session, name);
            var scope = new Scope(workspace.WorkspaceId, workspace.DefaultPodId);
            var now = Time.GetUtcNow();
            DomainStore.Insert(session, new Domain(
                scope.WorkspaceId, domain, scope.PodId!, SetupName: null, DomainStatus.Verified, Reason: null, FeedbackEnabled: true, SubdomainsEnabled: false,
                TrackingEnabled: false, ClientId: null, VerificationToken: Ids.New(Time), Checks: null, now, now, now, now));
            InboxStore.Create(session, scope.WorkspaceId, scope.PodId!, $"postmaster@{domain}", displayName: null);
            return scope;
        });

    /// <summary>An inbox; in the first workspace's default pod unless another scope is given.</summary>
    public Task<UseCase> AddInboxAsync(string address, bool cold = true, Scope? scope = null, bool? greylist = null) =>
        Database.WriteAsync(session =>
        {
            var now = Time.GetUtcNow();
            var useCase = new UseCase(
                (scope ?? Scope).WorkspaceId, Ids.New(Time), (scope ?? Scope).PodId!, address, EmailType.Transactional, Unsubscribable: false, cold,
                UnsubscribeScope.UseCase, EntityName: null, Name: null, IsDefault: cold, now, now) { Greylist = greylist };
            UseCaseStore.Insert(session, useCase);
            InboxStore.Create(session, useCase.WorkspaceId, useCase.PodId, address, displayName: null, useCase: useCase);
            return useCase;
        });

    /// <summary>A list entry for the workspace, or for one inbox.</summary>
    public Task AddListEntryAsync(string direction, string type, string entry, string? inboxId = null) =>
        Database.WriteAsync(session =>
        {
            session.Execute(
                "INSERT INTO lists (workspace_id, pod_id, inbox_id, direction, list_type, entry, entry_type, created_at) VALUES (@p1, @p2, @p3, @p4, @p5, @p6, @p7, @p8)",
                WorkspaceId, inboxId is null ? "" : PodId, inboxId ?? "", direction, type, entry, entry.Contains('@') ? "email" : "domain", session.Now);
            EventStore.Append(session, WorkspaceId, new NewEvent(EventTypes.ListEntryAdded, PodId, inboxId));
        });

    /// <summary>Any number of rows, as text, for assertions.</summary>
    public async Task<List<string>> RowsAsync(string sql, params object?[] values) =>
        await Database.ReadAsync(session => session.Query(
            sql, row => string.Join('|', Enumerable.Range(0, row.FieldCount).Select(i => row.IsDBNull(i) ? "" : Convert.ToString(row.GetValue(i), System.Globalization.CultureInfo.InvariantCulture))), values));

    /// <summary>One number.</summary>
    public async Task<long> CountAsync(string sql, params object?[] values) => await Database.ReadAsync(session => session.Scalar<long>(sql, values));

    public async ValueTask DisposeAsync()
    {
        await Database.DisposeAsync();
        System.IO.Directory.Delete(Folder, recursive: true);
    }
}
