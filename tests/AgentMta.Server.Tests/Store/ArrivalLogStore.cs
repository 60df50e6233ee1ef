using System.Diagnostics;
using System.Globalization;
using AgentMta.Server.Model;
using AgentMta.Server.Store;
using AgentMta.Server.Store.Sqlite;
using AgentMta.Server.Tests.Support;
using Microsoft.Extensions.Logging.Abstractions;

namespace AgentMta.Server.Tests.Store;

/// <summary>A store that commits only when it must, and copies of what a killed process would leave of it.</summary>
public abstract class ArrivalLogStore : IAsyncLifetime
{
    private protected static readonly (TimeSpan, TimeSpan) Never = (TimeSpan.FromHours(1), TimeSpan.FromHours(1));

    private readonly List<string> _folders = [];

    private protected TestStore Store { get; private set; } = null!;

    public async Task InitializeAsync()
    {
        Store = await TestStore.OpenAsync();
        Store.Database.CommitAfter = Never;
    }

    public async Task DisposeAsync()
    {
        await Store.DisposeAsync();
        foreach (var folder in _folders)
            Directory.Delete(folder, recursive: true);
    }

    private protected static SqliteDatabase Open(string folder) => SqliteDatabase.Open(Path.Combine(folder, "agentmta.db"), TimeProvider.System, NullLogger<SqliteDatabase>.Instance);

    private protected static Task<long> CountAsync(SqliteDatabase database) => database.ReadAsync(s => s.Scalar<long>("SELECT COUNT(*) FROM messages")).AsTask();

    private protected static Task<List<string>> IdsAsync(SqliteDatabase database) => database.ReadAsync(s => s.Query("SELECT message_id FROM messages ORDER BY uid", r => r.GetString(0))).AsTask();

    private protected static async Task<(long Salt, long Epoch)> EpochAsync(string folder)
    {
        await using var visitor = SqliteDatabase.Visit(Path.Combine(folder, "agentmta.db"), TimeProvider.System, NullLogger<SqliteDatabase>.Instance);
        return await visitor.ReadAsync(s => s.Query("SELECT salt, epoch FROM arrival_log", r => (r.GetInt64(0), r.GetInt64(1))).Single());
    }

    // Every row of every table but the log's own.
    private protected static Task<List<string>> DumpAsync(SqliteDatabase database) => database.ReadAsync(session =>
    {
        var rows = new List<string>();
        foreach (var table in session.Query("SELECT name FROM sqlite_master WHERE type = 'table' AND name NOT LIKE 'sqlite_%' AND name <> 'arrival_log' ORDER BY name", r => r.GetString(0)))
        {
            rows.AddRange(session.Query($"SELECT * FROM {table} ORDER BY 1, 2, 3", r => table + ": " + string.Join('|', Enumerable.Range(0, r.FieldCount).Select(i =>
                r.GetValue(i) is byte[] octets ? Convert.ToHexString(octets) : Convert.ToString(r.GetValue(i), CultureInfo.InvariantCulture)))));
        }

        return rows;
    }).AsTask();

    // Octets up to the end of the last record of the present epoch: each record says its length.
    private protected static long WholeLength(string log)
    {
        var octets = File.ReadAllBytes(log);
        var (at, number) = (0, 0u);
        var epoch = BitConverter.ToInt64(octets, 16);
        while (at + 32 <= octets.Length && BitConverter.ToInt64(octets, at + 16) == epoch && BitConverter.ToUInt32(octets, at + 24) == number++)
            at += BitConverter.ToInt32(octets, at + 28);
        return at;
    }

    // What a killed process leaves: its files as they are. The log is locked, so .NET would not open it.
    private protected async Task<string> KilledAsync()
    {
        var folder = Directory.CreateTempSubdirectory("agentmta-test-").FullName;
        _folders.Add(folder);
        using var copy = Process.Start("cp", ["-r", Store.Folder + "/.", folder]);
        await copy.WaitForExitAsync();
        Assert.Equal(0, copy.ExitCode);
        File.Delete(Path.Combine(folder, "agentmta.db-shm"));
        return folder;
    }

    private protected Task<string> ArriveAsync(string id, int size = 100, bool fail = false) => Task.Run(() => Store.Database.WriteRepeatableAsync(session =>
    {
        var key = Ids.New(Store.Time);
        MessageStore.InsertRaw(session, new NewRaw(Store.WorkspaceId, key, new RawContent(new byte[size]), null, null, """{"größe":"ü"}""", null));
        var thread = MessageStore.Insert(session, new NewMessage
        {
            WorkspaceId = Store.WorkspaceId, PodId = Store.PodId, InboxId = TestStore.Agent, UseCaseId = "u", MessageKey = key, RawId = key, ThreadId = null, MessageId = id,
            Direction = MessageDirection.In, Timestamp = Store.Time.GetUtcNow(), From = "Änne <anna@sender.test>", To = [TestStore.Agent], Subject = "", Preview = "",
            Labels = [Labels.Received, Labels.Unread], Attachments = [], Size = size, ContentHash = [1], Aligned = true, EventType = EventTypes.Received,
        });
        return fail ? throw new InvalidOperationException(id) : thread;
    }));
}
