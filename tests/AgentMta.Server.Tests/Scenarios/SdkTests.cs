using System.Diagnostics;
using AgentMta.Server.Tests.Support;

namespace AgentMta.Server.Tests.Scenarios;

/// <summary>The official AgentMail SDK, unmodified, against the running program.</summary>
public sealed class SdkTests
{
    private static readonly string Folder = Path.Combine(Repository.Root, "tests", "sdk");

    [SdkFact]
    public async Task The_official_sdk_runs_unmodified_over_every_method_and_each_exchange_is_what_openapi_json_says()
    {
        // Webhooks and queued mail of the tests go to this machine, which nobody may reach unless the operator names it.
        await using var server = await ServerProcess.StartAsync("--config", Settings);
        var start = new ProcessStartInfo("node", ["run.mjs"]) { WorkingDirectory = Folder, RedirectStandardOutput = true, RedirectStandardError = true };
        start.Environment["AGENTMTA_URL"] = $"http://{server.Http}";
        start.Environment["AGENTMTA_SMTP"] = server.Smtp.ToString();
        start.Environment["AGENTMTA_KEY"] = server.ApiKey;
        using var node = Process.Start(start)!;
        var (output, error) = (node.StandardOutput.ReadToEndAsync(), node.StandardError.ReadToEndAsync());
        await node.WaitForExitAsync();
        var report = await output;
        Assert.True(node.ExitCode == 0, report + await error + "\n" + server.Output);
        Assert.DoesNotContain("\n# pass 0\n", report, StringComparison.Ordinal);
        Assert.Contains("\n# skipped 0\n", report, StringComparison.Ordinal);
    }

    private static string Settings => Path.Combine(Folder, "server.json");
}
