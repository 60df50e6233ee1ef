using System.CommandLine;
using System.Net;
using AgentMta.Server.Hosting;

namespace AgentMta.Server.Cli;

/// <summary><c>agentmta demo</c>: the whole main job on loopback between two real servers, each step checked as it happens.</summary>
internal static class DemoCommand
{
    private const string AgentDomain = "shop.test";
    private const string RemoteDomain = "people.test";
    private const string AgentAddress = "127.0.0.2";
    private const string RemoteAddress = "127.0.0.3";

    private static readonly TimeSpan Limit = TimeSpan.FromSeconds(60);

    public static Command Create(ConfigurationFlags flags)
    {
        var command = new Command("demo", "Run the whole main job between two servers on loopback and check each step");
        command.SetAction((parsed, cancellationToken) => CommandCall.RunAsync(parsed, flags, _ => RunAsync(cancellationToken)));
        return command;
    }

    /// <summary>1 prepare both data folders → 2 publish both domains in one zone file → 3 start both servers → 4 the story.</summary>
    private static async Task<int> RunAsync(CancellationToken cancellationToken)
    {
        var folder = Directory.CreateTempSubdirectory("agentmta-demo-").FullName;
        using var limit = CancellationTokenSource.CreateLinkedTokenSource(cancellationToken);
        limit.CancelAfter(Limit);
        try
        {
            var zone = Path.Combine(folder, "zone");
            await File.WriteAllTextAsync(zone, "$TTL 60\n", limit.Token).ConfigureAwait(false);
            var port = DemoServer.FreePort(IPAddress.Parse(AgentAddress), IPAddress.Parse(RemoteAddress));
            var agent = DemoServer.Options(folder, AgentDomain, AgentAddress, port, zone);
            var remote = DemoServer.Options(folder, RemoteDomain, RemoteAddress, port, zone);
            var lines = DemoServer.ZoneLines(agent, await DataPreparation.RunAsync(agent, limit.Token).ConfigureAwait(false))
                .Concat(DemoServer.ZoneLines(remote, await DataPreparation.RunAsync(remote, limit.Token).ConfigureAwait(false))).ToList();
            await File.AppendAllLinesAsync(zone, lines, limit.Token).ConfigureAwait(false);
            await using var agentServer = await DemoServer.StartAsync(agent, limit.Token).ConfigureAwait(false);
            await using var remoteServer = await DemoServer.StartAsync(remote, limit.Token).ConfigureAwait(false);
            var story = new DemoStory(agentServer, remoteServer, limit.Token);
            DemoStory.Tell("The zone that both servers ask instead of DNS:");
            DemoStory.Show(lines.Select(l => l.Length > 140 ? l[..137] + "..." : l));
            await story.RunAsync().ConfigureAwait(false);
            return ExitCodes.Ok;
        }
        catch (DemoException e)
        {
            throw new CommandException(ExitCodes.Failed, "The demo stopped: " + e.Message);
        }
        catch (OperationCanceledException) when (limit.IsCancellationRequested && !cancellationToken.IsCancellationRequested)
        {
            throw new CommandException(ExitCodes.Failed, $"The demo stopped: a step did not happen within {Limit.TotalSeconds} seconds.");
        }
        finally
        {
            Directory.Delete(folder, recursive: true);
        }
    }
}

/// <summary>A step of the demo did not come out as it must.</summary>
internal sealed class DemoException(string message) : Exception(message);
