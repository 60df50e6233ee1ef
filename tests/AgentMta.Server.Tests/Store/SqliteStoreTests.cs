using AgentMta.Server.Model;
using AgentMta.Server.Store;
using AgentMta.Server.Store.Schema;
using AgentMta.Server.Store.Sqlite;
using Microsoft.Data.Sqlite;
using Microsoft.Extensions.Logging.Abstractions;

namespace AgentMta.Server.Tests.Store;

/// <summary>The contract on SQLite, and what is SQLite's own: pragmas, a full disk, schema versions.</summary>
public sealed class SqliteStoreTests : StoreContract
{
    private readonly string _folder = Directory.CreateTempSubdirectory("agentmta-test-").FullName;

    private string File => Path.Combine(_folder, "agentmta.db");

    private SqliteDatabase Sqlite => (SqliteDatabase)Database;

    private protected override Database Open(TimeProvider time) => Open(File, time);

    public override async Task DisposeAsync()
    {
        await base.DisposeAsync();
        Directory.Delete(_folder, recursive: true);
    }

    [Theory]
    [InlineData("journal_mode", "wal")]
    [InlineData("synchronous", "1")] // NORMAL: the flush of a commit is the store's own (docs/decisions/0012-log-of-arrivals.md; LossOfPowerTests)
    [InlineData("wal_autocheckpoint", "0")]
    [InlineData("foreign_keys", "1")]
    public async Task The_writer_runs_with(string pragma, string value) => Assert.Equal(value, await Sqlite.WriterPragmaAsync(pragma));

    [Fact]
    public async Task Evidence_is_not_flushed()
    {
        await using var evidence = SqliteDatabase.OpenEvidence(Path.Combine(_folder, "evidence.db"), TimeProvider.System, NullLogger<SqliteDatabase>.Instance);

        Assert.Equal("0", await evidence.WriterPragmaAsync("synchronous"));
    }

    [Fact]
    public async Task A_full_disk_fails_the_message_and_what_was_stored_stays()
    {
        await InsertAsync(First, "inbox@first.test", "<1@x>");
        var pages = int.Parse((await Sqlite.WriterPragmaAsync("page_count"))!, System.Globalization.CultureInfo.InvariantCulture);
        await Sqlite.WriterPragmaAsync($"max_page_count = {pages}");

        var writes = Enumerable.Range(2, 20).Select(i => InsertAsync(First, "inbox@first.test", $"<{i}@x>", 60_000)).ToList();
        foreach (var write in writes)
            await Assert.ThrowsAsync<StoreException>(() => write);

        await Sqlite.WriterPragmaAsync("max_page_count = 1000000");
        await InsertAsync(First, "inbox@first.test", "<99@x>", 60_000);
        Assert.Equal(["<1@x>", "<99@x>"], await Database.ReadAsync(s => s.Query("SELECT message_id FROM messages ORDER BY uid", r => r.GetString(0))));
        Assert.Equal(2, await Database.ReadAsync(s => s.Scalar<long>("SELECT COUNT(*) FROM raws")));
    }

    [Fact]
    public async Task What_was_stored_is_there_after_opening_again()
    {
        await InsertAsync(First, "inbox@first.test", "<1@x>");
        await Database.DisposeAsync();
        await using var again = Open(File, TimeProvider.System);

        Assert.Equal(1, await again.ReadAsync(s => s.Scalar<long>("SELECT COUNT(*) FROM messages")));
    }

    [Fact]
    public async Task An_older_schema_keeps_its_threads_and_events()
    {
        var file = Path.Combine(_folder, "older.db");
        var rows = new Dictionary<string, List<string>>();
        using (var older = new SqliteConnection($"Data Source={file};Pooling=False"))
        {
            older.Open();
            foreach (var (number, sql) in Migrations.All.Where(m => m.Number < 52))
                Run(older, $"{sql.Replace("/* clustered */", "WITHOUT ROWID", StringComparison.Ordinal)}; PRAGMA user_version = {number}");
            for (var i = 3; i > 0; i--)
            {
                Run(older, $"INSERT INTO threads VALUES ('w', 't{i}', 'p', 'i', 'Subject', NULL, 'preview', '<{i}@x>', {i}, 10, '[]', '[]', '{"{}"}', {i}, {i}, NULL, 5, 6)");
                Run(older, $"INSERT INTO events VALUES ('w', {i}, 'e{i}', 'p', NULL, 'message.received', '<{i}@x>', 't{i}', NULL, 7)");
            }

            foreach (var table in new[] { "threads", "events" })
                rows[table] = Rows(older, table);
        }

        await using (Open(file, TimeProvider.System))
        {
        }

        using var now = new SqliteConnection($"Data Source={file};Pooling=False");
        now.Open();
        Assert.Equal(rows["threads"], Rows(now, "threads"));
        Assert.Equal(rows["events"], Rows(now, "events"));
        Assert.Equal("ok", Rows(now, "pragma_integrity_check").Single());
        Assert.Equal(
            ["events_id", "events_inbox", "events_time", "threads_inbox", "threads_pod", "threads_subject", "threads_workspace"],
            Rows(now, "(SELECT name FROM sqlite_master WHERE type = 'index' AND tbl_name IN ('threads', 'events') AND sql IS NOT NULL)"));
    }

    [Fact]
    public async Task A_newer_schema_is_not_opened()
    {
        await Sqlite.WriterPragmaAsync("user_version = 9999");
        await Database.DisposeAsync();

        Assert.Throws<SchemaTooNewException>(() => Open(File, TimeProvider.System));
    }

    [Fact]
    public void A_file_that_cannot_be_opened_is_named_with_what_to_do()
    {
        var file = Path.Combine(_folder, "folder.db");
        Directory.CreateDirectory(file);

        var fault = Assert.Throws<StoreException>(() => Open(file, TimeProvider.System));
        Assert.Contains($"'{file}' cannot be used", fault.Message, StringComparison.Ordinal);
        Assert.Contains("writable for the server's user", fault.Message, StringComparison.Ordinal);
    }

    [Fact]
    public async Task The_start_finds_the_names_of_files_without_reading_the_raws()
    {
        Assert.Empty(await Database.ReadAsync(s => MessageStore.Files(s, "ab")));
        var plan = await Database.ReadAsync(s => s.Query("EXPLAIN QUERY PLAN " + MessageStore.FilesOfFolder, row => row.GetString(3), "ab/", "ab0"));

        Assert.Contains("COVERING INDEX raws_file", Assert.Single(plan), StringComparison.Ordinal);
    }

    private static void Run(SqliteConnection connection, string sql)
    {
        using var command = connection.CreateCommand();
        command.CommandText = sql;
        command.ExecuteNonQuery();
    }

    private static List<string> Rows(SqliteConnection connection, string table)
    {
        using var command = connection.CreateCommand();
        command.CommandText = $"SELECT * FROM {table}";
        using var reader = command.ExecuteReader();
        var rows = new List<string>();
        while (reader.Read())
            rows.Add(string.Join('|', Enumerable.Range(0, reader.FieldCount).Select(i => reader.GetValue(i))));
        return [.. rows.Order(StringComparer.Ordinal)];
    }

    private static SqliteDatabase Open(string file, TimeProvider time) => SqliteDatabase.Open(file, time, NullLogger<SqliteDatabase>.Instance);
}
