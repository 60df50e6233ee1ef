using AgentMta.Server.Store;
using AgentMta.Server.Store.Sqlite;
using Microsoft.Data.Sqlite;
using Microsoft.Extensions.Logging.Abstractions;

namespace AgentMta.Server.Tests.Search;

public sealed class SqliteSearchTests : SearchContract
{
    private protected override SearchIndex Open(string path) => SqliteSearchIndex.Open(path, TimeProvider.System, NullLogger<SqliteDatabase>.Instance);

    [Fact]
    public async Task A_file_that_cannot_be_used_is_thrown_away_and_filled_again()
    {
        await Bench.AddAsync("kept", "needle");
        await Bench.CatchUpAsync();
        await Bench.ReplaceIndexAsync(path => File.WriteAllBytes(path, [.. Enumerable.Repeat((byte)7, 8192)]));
        Assert.Empty(await Bench.FindAsync("needle"));
        await Bench.CatchUpAsync();
        Assert.Equal(["kept"], await Bench.FindAsync("needle"));
    }

    [Theory]
    [InlineData(1)]
    [InlineData(9999)]
    public async Task A_file_of_another_version_is_thrown_away_and_filled_again(int version)
    {
        await Bench.AddAsync("kept", "needle");
        await Bench.CatchUpAsync();
        await Bench.ReplaceIndexAsync(path =>
        {
            using var connection = new SqliteConnection($"Data Source={path};Pooling=False");
            connection.Open();
            using var command = connection.CreateCommand();
            command.CommandText = $"PRAGMA user_version = {version}";
            command.ExecuteNonQuery();
        });
        await Bench.CatchUpAsync();
        Assert.Equal(["kept"], await Bench.FindAsync("needle"));
    }

    [Fact]
    public async Task The_words_stay_consistent_through_changes()
    {
        var ids = new List<string>();
        for (var i = 0; i < 50; i++)
            ids.Add(await Bench.AddAsync($"subject {i}", $"text {i} 東京 café", from: $"P{i} <p{i}@sender.test>", attachment: i % 5 == 0 ? "a.pdf" : null));
        await Bench.CatchUpAsync();
        foreach (var id in ids.Where((_, i) => i % 2 == 0))
            await Bench.Store.Database.WriteAsync(session => MessageStore.Delete(session, Bench.Agent, Bench.Agent.InboxId!, id, []));
        await Bench.CatchUpAsync();
        await Bench.ReplaceIndexAsync(path =>
        {
            using var connection = new SqliteConnection($"Data Source={path};Pooling=False");
            connection.Open();
            using var command = connection.CreateCommand();
            // Fails where what was taken out is not what was put in.
            command.CommandText = "INSERT INTO words (words) VALUES ('integrity-check')";
            command.ExecuteNonQuery();
            command.CommandText = "SELECT COUNT(*) FROM name_words WHERE word GLOB 'p[0-9]*'";
            Assert.Equal(25L, command.ExecuteScalar());
        });
        Assert.Equal(25, (await Bench.FindAsync("cafe")).Count);
    }
}
