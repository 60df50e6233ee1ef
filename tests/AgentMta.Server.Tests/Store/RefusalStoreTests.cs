using AgentMta.Server.Model;
using AgentMta.Server.Store;
using AgentMta.Server.Store.Sqlite;
using AgentMta.Server.Tests.Support;
using Microsoft.Extensions.Logging.Abstractions;

namespace AgentMta.Server.Tests.Store;

public sealed class RefusalStoreTests : IAsyncDisposable
{
    private readonly string _folder = Directory.CreateTempSubdirectory("agentmta-test-").FullName;
    private readonly ManualTimeProvider _time = new();
    private readonly SqliteDatabase _evidence;

    public RefusalStoreTests() => _evidence = SqliteDatabase.OpenEvidence(Path.Combine(_folder, "evidence.db"), _time, NullLogger<SqliteDatabase>.Instance);

    public async ValueTask DisposeAsync()
    {
        await _evidence.DisposeAsync();
        Directory.Delete(_folder, recursive: true);
    }

    [Fact]
    public async Task A_refusal_is_found_by_its_id_and_only_in_its_workspace()
    {
        string id;
        await using (var store = Open())
        {
            id = store.NewId();
            store.Record(One(id, "w1") with { Verdicts = "{}", Helo = "h" });
        }

        var reader = Open();
        Assert.Equal("h", (await reader.GetAsync(new Scope("w1"), id, default))!.Helo);
        Assert.Null(await reader.GetAsync(new Scope("w2"), id, default));
        Assert.Equal("w1", (await reader.FindAsync(id, default))!.WorkspaceId);
        await reader.DisposeAsync();
    }

    [Fact]
    public async Task Refusals_older_than_seven_days_are_swept()
    {
        await using (var store = Open())
            store.Record(One("old", "w1"));
        _time.Advance(TimeSpan.FromDays(8));
        await using (var store = Open())
            store.Record(One("new", "w1"));

        await using var reader = Open();
        Assert.Equal(["new"], (await reader.ListAsync(new Scope("w1"), null, 10, default)).Select(r => r.RefusalId));
    }

    [Fact]
    public async Task A_flood_is_bounded_and_never_waits()
    {
        await using (var store = Open())
        {
            for (var i = 0; i < 20_000; i++)
                store.Record(One($"r{i}", "w1"));
        }

        await using var reader = Open();
        var newest = Assert.Single(await reader.ListAsync(new Scope("w1"), null, 1, default));
        Assert.NotNull(newest);
        Assert.NotNull(await reader.FindAsync("r19999", default));
    }

    private RefusalStore Open() => new(_evidence, _time, NullLogger<RefusalStore>.Instance);

    private Refusal One(string id, string workspace) => new()
    {
        RefusalId = id, Stage = "data", WorkspaceId = workspace, SessionId = "s", ClientAddress = "192.0.2.1", Code = 550, Reply = "no", At = _time.GetUtcNow(),
    };
}
