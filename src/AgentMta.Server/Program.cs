using System.CommandLine;
using AgentMta.Server.Cli;

namespace AgentMta.Server;

internal static class Program
{
    public static Task<int> Main(string[] args)
    {
        var root = new RootCommand("A mail server for software agents") { InspectCommand.Create() };
        return root.Parse(args).InvokeAsync();
    }
}
