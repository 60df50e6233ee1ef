using System.CommandLine;
using System.Net.Sockets;
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
        try
        {
            foreach (var line in StartUpNotes.Write(options, server.Data, server.Bound, server.FirstStart))
                await Console.Out.WriteLineAsync(line).ConfigureAwait(false);
        }
        catch (IOException)
        {
            // Standard output leads to a full disk: mail comes all the same.
        }

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
        catch (SocketException e) when (e.SocketErrorCode == SocketError.AccessDenied)
        {
            throw new CommandException(ExitCodes.NoPermission, $"{Listeners(options)}: this user may not listen on a port that low. Give the program CAP_NET_BIND_SERVICE (deploy/agentmta.service does), or choose ports from 1024.");
        }
        catch (SocketException e)
        {
            throw new CommandException(ExitCodes.Configuration, $"{Listeners(options)}: {e.Message}. Allowed are addresses of this machine, 0.0.0.0 and [::].");
        }
    }

    private static string Listeners(ServerOptions options) => string.Join(
        ", ", new[] { ("Smtp", options.Smtp), ("Submission", options.Submission), ("Submissions", options.Submissions), ("Http", options.Http), ("Https", options.Https) }
            .Where(l => l.Item2.Length > 0).Select(l => $"{l.Item1} = '{l.Item2}'"));
}
