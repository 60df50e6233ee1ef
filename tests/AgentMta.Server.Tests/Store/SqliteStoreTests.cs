using AgentMta.Server.Model;
using AgentMta.Server.Store;
using AgentMta.Server.Store.Sqlite;
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
    public async Task A_newer_schema_is_not_opened()
    {
        await Sqlite.WriterPragmaAsync("user_version = 9999");
        await Database.DisposeAsync();

        Assert.Throws<SchemaTooNewException>(() => Open(File, TimeProvider.System));
    }

    private static SqliteDatabase Open(string file, TimeProvider time) => SqliteDatabase.Open(file, time, NullLogger<SqliteDatabase>.Instance);
}
