using System.Security.Cryptography;
using AgentMta.Server.Hosting;
using AgentMta.Server.Store.Sqlite;
using AgentMta.Server.Tests.Support;
using Microsoft.Extensions.Logging.Abstractions;

namespace AgentMta.Server.Tests.Scenarios;

/// <summary>A data folder of which a part is lost or broken: a sentence with the file and the next step and exit code 78, or what can be made anew is made anew.</summary>
public sealed class DamagedDataTests : IAsyncLifetime, IDisposable
{
    private readonly TemporaryFolder _folder = new();

    private string Data => Path.Combine(_folder.Path, "data");

    private string Key => Path.Combine(Data, "master.key");

    public Task InitializeAsync() => DataPreparation.RunAsync(new ServerOptions { Data = Data }, CancellationToken.None);

    public Task DisposeAsync() => Task.CompletedTask;

    public void Dispose() => _folder.Dispose();

    [Theory]
    [InlineData("serve")]
    [InlineData("domain", "show", "agentmta.test")]
    public async Task A_lost_master_key_is_never_replaced(params string[] command)
    {
        File.Delete(Key);

        var run = await RunAsync(command);

        AssertRefused(run, Key, "restore it from the backup");
        Assert.False(File.Exists(Key));
    }

    [Theory]
    [InlineData("serve")]
    [InlineData("domain", "show", "agentmta.test")]
    public async Task The_master_key_of_another_database_is_refused(params string[] command)
    {
        var other = Convert.ToHexStringLower(RandomNumberGenerator.GetBytes(32)) + "\n";
        File.WriteAllText(Key, other);

        var run = await RunAsync(command);

        AssertRefused(run, Key, "belongs to another database");
        Assert.Equal(other, File.ReadAllText(Key));
    }

    [Fact]
    public async Task A_first_start_that_was_cut_short_before_its_key_goes_on()
    {
        var fresh = Path.Combine(_folder.Path, "fresh");
        Directory.CreateDirectory(fresh);
        await using (SqliteDatabase.Open(Path.Combine(fresh, "agentmta.db"), TimeProvider.System, NullLogger<SqliteDatabase>.Instance))
        {
        }

        await DataPreparation.RunAsync(new ServerOptions { Data = fresh }, CancellationToken.None);

        Assert.True(File.Exists(Path.Combine(fresh, "master.key")));
    }

    [Theory]
    [InlineData("serve")]
    [InlineData("domain", "show", "agentmta.test")]
    public async Task A_database_that_is_none_is_named(params string[] command)
    {
        var database = Path.Combine(Data, "agentmta.db");
        Spoil(database);

        var run = await RunAsync(command);

        AssertRefused(run, database, "restore it from the backup");
    }

    [Fact]
    public async Task A_database_with_a_broken_schema_is_named()
    {
        var database = Path.Combine(Data, "agentmta.db");
        foreach (var end in new[] { "-wal", "-shm" })
            File.Delete(database + end);
        using (var stream = File.OpenWrite(database))
        {
            stream.Position = 100; // behind the header of the file: the root page of the schema
            stream.Write(RandomNumberGenerator.GetBytes(4000));
        }

        AssertRefused(await RunAsync("serve"), database, "restore it from the backup");
    }

    [Fact]
    public async Task Evidence_that_is_no_database_is_set_aside_and_made_anew()
    {
        var evidence = Path.Combine(Data, "evidence.db");
        Spoil(evidence);
        var spoiled = await File.ReadAllBytesAsync(evidence);

        var command = await RunAsync("trace");
        Assert.True(command.ExitCode == 78, command.Output);
        Assert.Contains(evidence, command.Output, StringComparison.Ordinal);
        Assert.Equal(spoiled, await File.ReadAllBytesAsync(evidence)); // a command beside the server leaves it alone

        await using var server = await ServerHost.StartAsync(
            new ServerOptions { Data = Data, Smtp = "127.0.0.1:0", Submission = "", Http = "", LogLevel = Microsoft.Extensions.Logging.LogLevel.Error }, CancellationToken.None);
        Assert.Equal(spoiled, await File.ReadAllBytesAsync(evidence + ".damaged"));
        Assert.Equal("SQLite format 3", System.Text.Encoding.ASCII.GetString(await File.ReadAllBytesAsync(evidence), 0, 15));
    }

    private static void Spoil(string path)
    {
        File.WriteAllBytes(path, RandomNumberGenerator.GetBytes(40_000));
        foreach (var end in new[] { "-wal", "-shm" })
            File.Delete(path + end);
    }

    private Task<ShellResult> RunAsync(params string[] command) => Shell.RunAsync(
        null, "timeout", ["60", "dotnet", ServerProcess.Program, .. command, "--data", Data, "--smtp", "127.0.0.1:0", "--submission", "127.0.0.1:0", "--http", "127.0.0.1:0"]);

    private static void AssertRefused(ShellResult run, string file, string told)
    {
        Assert.True(run.ExitCode == 78, run.Output);
        Assert.Contains(file, run.Output, StringComparison.Ordinal);
        Assert.Contains(told, run.Output, StringComparison.Ordinal);
        Assert.DoesNotContain("Unhandled", run.Output, StringComparison.Ordinal);
        Assert.DoesNotContain("   at ", run.Output, StringComparison.Ordinal);
    }
}
