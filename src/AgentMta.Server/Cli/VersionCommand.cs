using System.CommandLine;
using System.Runtime.InteropServices;
using AgentMta.Server.Store.Schema;
using AgentMta.Server.Store.Sqlite;

namespace AgentMta.Server.Cli;

/// <summary><c>agentmta version</c>: what is needed in a bug report.</summary>
internal static class VersionCommand
{
    public static Command Create(ConfigurationFlags flags)
    {
        var command = new Command("version", "Show versions of program, schema, runtime and SQLite");
        command.SetAction(p => CommandCall.RunAsync(p, flags, call =>
        {
            var version = typeof(VersionCommand).Assembly.GetName().Version?.ToString(3);
            var (schema, sqlite) = (Migrations.All[^1].Number, SqliteLibrary.Load());
            call.Print(
                new { Version = version, Schema = schema, Runtime = RuntimeInformation.FrameworkDescription, Sqlite = sqlite },
                $"agentmta {version} (schema {schema}, {RuntimeInformation.FrameworkDescription}, SQLite {sqlite})");
            return Task.FromResult(ExitCodes.Ok);
        }));
        return command;
    }
}
