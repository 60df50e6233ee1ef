using AgentMta.Server.Cli;
using AgentMta.Server.Tests.Support;

namespace AgentMta.Server.Tests.Hosting;

public sealed class ServiceUnitTests
{
    [Fact]
    public async Task What_starting_again_would_not_help_ends_the_service()
    {
        var unit = await File.ReadAllLinesAsync(Path.Combine(Repository.Root, "deploy", "agentmta.service"));
        var prevented = Assert.Single(unit, line => line.StartsWith("RestartPreventExitStatus=", StringComparison.Ordinal)).Split('=')[1].Split(' ').Select(int.Parse);
        Assert.Equal([ExitCodes.Usage, ExitCodes.NoPermission, ExitCodes.Configuration], prevented);
    }

    [RequiresProgramFact("systemd-analyze")]
    public async Task Systemd_finds_no_fault_in_the_unit()
    {
        var folder = Directory.CreateTempSubdirectory("agentmta-unit-").FullName;
        try
        {
            // The program, its account and its manual are not installed here; all else is as shipped.
            var unit = (await File.ReadAllTextAsync(Path.Combine(Repository.Root, "deploy", "agentmta.service")))
                .Replace("ExecStart=/opt/agentmta/agentmta ", "ExecStart=/bin/true ", StringComparison.Ordinal)
                .Replace("=agentmta\nGroup=agentmta", "=daemon\nGroup=daemon", StringComparison.Ordinal);
            Assert.Contains("ExecStart=/bin/true serve", unit, StringComparison.Ordinal);
            var path = Path.Combine(folder, "agentmta.service");
            await File.WriteAllTextAsync(path, unit);

            var verified = await Shell.RunAsync(folder, "systemd-analyze", "verify", "--man=no", path);
            Assert.True(verified.ExitCode == 0, verified.Output);
            Assert.DoesNotContain("agentmta.service", verified.Output, StringComparison.Ordinal);

            // It does find one where there is one.
            await File.WriteAllTextAsync(path, unit.Replace("Type=notify", "Type=nonsense", StringComparison.Ordinal));
            Assert.Contains("agentmta.service", (await Shell.RunAsync(folder, "systemd-analyze", "verify", "--man=no", path)).Output, StringComparison.Ordinal);
        }
        finally
        {
            Directory.Delete(folder, recursive: true);
        }
    }
}
