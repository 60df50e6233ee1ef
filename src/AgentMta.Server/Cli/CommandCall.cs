using System.CommandLine;
using System.Text.Json;
using AgentMta.Server.Hosting;
using AgentMta.Server.Model;
using AgentMta.Server.Store;
using AgentMta.Server.Store.Sqlite;
using Microsoft.Extensions.Logging.Abstractions;

namespace AgentMta.Server.Cli;

/// <summary>One call of a command: its options, the store beside the running server, output for people or programs, and errors as exit codes.</summary>
internal sealed class CommandCall(ParseResult parsed, ConfigurationFlags flags)
{
    private static readonly JsonSerializerOptions Json = new() { PropertyNamingPolicy = JsonNamingPolicy.SnakeCaseLower, Encoder = System.Text.Encodings.Web.JavaScriptEncoder.UnsafeRelaxedJsonEscaping };

    /// <summary>--json: one object a line, for programs.</summary>
    public static readonly Option<bool> JsonOption = new("--json") { Description = "Print JSON, one object a line", Recursive = true };

    /// <summary>--workspace: which tenant; the oldest where not given.</summary>
    public static readonly Option<string?> WorkspaceOption = new("--workspace") { Description = "Workspace id (default: the oldest)", HelpName = "ID", Recursive = true };

    /// <summary>The call as it was parsed.</summary>
    public ParseResult Parsed => parsed;

    /// <summary>File, environment and flags together.</summary>
    public ServerOptions Options() => flags.Read(parsed);

    /// <summary>The same for a command beside the server: what it was not told is as the folder's server runs with it.</summary>
    public ServerOptions OptionsBesideServer()
    {
        var options = Options();
        ServerFacts.Read(options.Data)?.Complete(options, flags.IsGiven(parsed, nameof(ServerOptions.Http)));
        return options;
    }

    /// <summary>Runs the body and turns what goes wrong into a sentence on standard error and an exit code of sysexits(3).</summary>
    public static async Task<int> RunAsync(ParseResult parsed, ConfigurationFlags flags, Func<CommandCall, Task<int>> body)
    {
        try
        {
            return await body(new CommandCall(parsed, flags)).ConfigureAwait(false);
        }
        catch (ConfigurationException e)
        {
            foreach (var fault in e.Faults)
                await Console.Error.WriteLineAsync("agentmta: " + fault).ConfigureAwait(false);
            return ExitCodes.Configuration;
        }
        catch (Exception e) when (e is SchemaTooNewException or DatabaseDamagedException)
        {
            await Console.Error.WriteLineAsync("agentmta: " + e.Message).ConfigureAwait(false);
            return ExitCodes.Configuration;
        }
        catch (CommandException e)
        {
            await Console.Error.WriteLineAsync("agentmta: " + e.Message).ConfigureAwait(false);
            return e.ExitCode;
        }
        catch (Exception e) when (e is IOException or UnauthorizedAccessException or StoreException or HttpRequestException)
        {
            await Console.Error.WriteLineAsync("agentmta: " + e.Message).ConfigureAwait(false);
            return e is HttpRequestException ? ExitCodes.Unavailable : ExitCodes.InputOutput;
        }
    }

    /// <summary>Runs the body on the store in the data folder, whether the server runs or not.</summary>
    public async Task<int> WithStoreAsync(Func<CommandStore, Task<int>> body)
    {
        var options = OptionsBesideServer();
        using var folder = DataFolder.Visit(options.Data);
        await using var database = SqliteDatabase.Visit(folder.Database, TimeProvider.System, NullLogger<SqliteDatabase>.Instance);
        var workspaces = await new WorkspaceStore(database).AllAsync(CancellationToken.None).ConfigureAwait(false);
        var wanted = parsed.GetValue(WorkspaceOption);
        var workspace = wanted is null ? workspaces.FirstOrDefault() : workspaces.Find(w => w.WorkspaceId == wanted || w.Name == wanted);
        if (workspace is null)
            throw new CommandException(ExitCodes.NoInput, wanted is null ? "There is no workspace yet: start the server once." : $"There is no workspace '{wanted}'.");
        var keys = await MasterKeyFile.VisitAsync(folder, database, CancellationToken.None).ConfigureAwait(false);
        return await body(new CommandStore(options, folder, database, keys, new Scope(workspace.WorkspaceId))).ConfigureAwait(false);
    }

    /// <summary>Prints one result: an object for programs, or a line for people.</summary>
    public void Print(object forPrograms, string forPeople) => Console.Out.WriteLine(parsed.GetValue(JsonOption) ? JsonSerializer.Serialize(forPrograms, Json) : forPeople);
}

/// <summary>What a command needs of the store.</summary>
internal sealed record CommandStore(ServerOptions Options, DataFolder Folder, Database Database, KeyRing Keys, Scope Scope);

/// <summary>A command cannot do what was asked; the message says what to do next.</summary>
internal sealed class CommandException(int exitCode, string message) : Exception(message)
{
    /// <summary>One of <see cref="ExitCodes"/>.</summary>
    public int ExitCode { get; } = exitCode;
}
