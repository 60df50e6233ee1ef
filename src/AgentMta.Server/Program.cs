using System.CommandLine;
using AgentMta.Server.Cli;

namespace AgentMta.Server;

internal static class Program
{
    public static Task<int> Main(string[] args) => new RootCommand("A mail server with inboxes for agents.")
    {
        InspectCommand.Create(),
        ThreadsCommand.Create(),
    }.Parse(args).InvokeAsync();
}
