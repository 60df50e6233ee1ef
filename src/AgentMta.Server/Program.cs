using System.CommandLine;
using AgentMta.Server.Cli;
using AgentMta.Server.Model;

namespace AgentMta.Server;

/// <summary>The command <c>agentmta</c>: its table of contents.</summary>
internal static class Program
{
    public static async Task<int> Main(string[] args)
    {
        PoolThread.ServeSockets();
        var flags = new ConfigurationFlags();
        var root = new RootCommand("AgentMta: a mail server with inboxes for software agents")
        {
            ServeCommand.Create(flags),
            DemoCommand.Create(flags),
            InboxCommand.Create(flags),
            DomainCommand.Create(flags),
            KeyCommand.Create(flags),
            SendCommand.Create(flags),
            QueueCommand.Create(flags),
            TurnsCommand.Create(flags),
            TraceCommand.Create(flags),
            GateCommand.Create(flags),
            HealthCommand.Create(flags),
            VersionCommand.Create(flags),
            AuthCommand.Create(),
            InspectCommand.Create(),
            ThreadsCommand.Create(),
        };
        flags.AddTo(root);
        root.Options.Add(CommandCall.JsonOption);
        root.Options.Add(CommandCall.WorkspaceOption);
        root.SetAction((parsed, cancellationToken) => ServeCommand.RunAsync(parsed, flags, cancellationToken));
        // No response files: @example.com is what trace is asked for.
        var call = root.Parse(args, new ParserConfiguration { ResponseFileTokenReplacer = null });
        var exitCode = await call.InvokeAsync().ConfigureAwait(false);
        return call.Errors.Count > 0 ? ExitCodes.Usage : exitCode;
    }
}
