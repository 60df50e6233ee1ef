using System.CommandLine;

namespace AgentMta.Server.Cli;

/// <summary><c>agentmta health</c>: asks the running server, for containers and scripts.</summary>
internal static class HealthCommand
{
    public static Command Create(ConfigurationFlags flags)
    {
        var command = new Command("health", "Ask the running server whether it is well; exit 0 if so");
        command.SetAction(p => CommandCall.RunAsync(p, flags, async call =>
        {
            var options = call.OptionsBesideServer();
            using var client = ServerClient.Open(options);
            using var response = await ServerClient.AskAsync(options, () => client.GetAsync(new Uri("healthz", UriKind.Relative))).ConfigureAwait(false);
            await Console.Out.WriteLineAsync(await response.Content.ReadAsStringAsync().ConfigureAwait(false)).ConfigureAwait(false);
            return response.IsSuccessStatusCode ? ExitCodes.Ok : ExitCodes.Unavailable;
        }));
        return command;
    }
}
