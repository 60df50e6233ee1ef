using System.CommandLine;
using AgentMta.Server.Hosting;

namespace AgentMta.Server.Cli;

/// <summary><c>agentmta serve</c>, also without a command: runs the server until SIGTERM.</summary>
internal static class ServeCommand
{
    public static Command Create(ConfigurationFlags flags)
    {
        var command = new Command("serve", "Run the server (the default)");
        command.SetAction((call, cancellationToken) => RunAsync(call, flags, cancellationToken));
        return command;
    }

    /// <summary>Runs the server; the root command does the same.</summary>
    public static Task<int> RunAsync(ParseResult parsed, ConfigurationFlags flags, CancellationToken cancellationToken) => CommandCall.RunAsync(parsed, flags, async call =>
    {
        var options = call.Options();
        await using var server = await StartAsync(options, cancellationToken).ConfigureAwait(false);
        foreach (var line in StartUpNotes.Write(options, server.Data, server.Bound, server.FirstStart))
            await Console.Out.WriteLineAsync(line).ConfigureAwait(false);
        await server.WaitAsync(cancellationToken).ConfigureAwait(false);
        return ExitCodes.Ok;
    });

    private static async Task<ServerHost> StartAsync(ServerOptions options, CancellationToken cancellationToken)
    {
        try
        {
            return await ServerHost.StartAsync(options, cancellationToken).ConfigureAwait(false);
        }
        catch (IOException e) when (e.InnerException is Microsoft.AspNetCore.Connections.AddressInUseException)
        {
            throw new CommandException(ExitCodes.Unavailable, $"{e.Message.Replace("http://", "", StringComparison.Ordinal).Replace("https://", "", StringComparison.Ordinal)} Another program listens there: stop it, or choose other ports with --smtp, --submission and --http.");
        }
    }
}
