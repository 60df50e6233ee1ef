using System.Diagnostics;
using System.Globalization;
using System.Net;
using System.Net.Sockets;
using System.Text.RegularExpressions;
using AgentMta.Server.Tests.Support;

namespace AgentMta.Server.Tests.Scenarios;

/// <summary>The examples of docs/api.md, taken from the page itself and run in order, one language at a time, against the running program. What a line prints stands behind #> or //>.</summary>
public sealed partial class ApiDocumentationTests
{
    private static readonly string Page = Path.Combine(Repository.Root, "docs", "api.md");
    private static readonly string SdkFolder = Path.Combine(Repository.Root, "tests", "sdk");

    private static readonly string[] Strict = ["--strict", "--module", "nodenext", "--target", "es2022", "--types", "node", "--skipLibCheck", "--noEmitOnError"];

    [RequiresProgramFact("bash", "curl", "jq")]
    public Task The_examples_for_the_shell_print_what_they_say() => RunAsync("sh", "#>", "example.sh", ["bash", "-eu", "example.sh"]);

    [RequiresProgramFact("python3")]
    public Task The_examples_in_python_print_what_they_say() => RunAsync("python", "#>", "example.py", ["python3", "example.py"]);

    [SdkFact]
    public Task The_examples_in_typescript_have_the_types_of_the_sdk_and_print_what_they_say() =>
        RunAsync("ts", "//>", "example.mts", ["node", "node_modules/typescript/bin/tsc", .. Strict, "example.mts"], ["node", "example.mjs"]);

    [Fact]
    public void Every_example_is_in_a_language_that_is_run_and_every_chapter_is_linked()
    {
        var text = File.ReadAllText(Page);
        Assert.Equal(["python", "sh", "ts"], Fence().Matches(text).Select(m => m.Groups[1].Value).Where(l => l.Length > 0).Distinct().Order(StringComparer.Ordinal));
        foreach (Match chapter in Chapter().Matches(text))
            Assert.Contains($"(#{chapter.Groups[1].Value.ToLowerInvariant().Replace(",", "", StringComparison.Ordinal).Replace(' ', '-')})", text, StringComparison.Ordinal);
    }

    private static async Task RunAsync(string language, string mark, string file, params string[][] commands)
    {
        await using var server = await ServerProcess.StartAsync("--config", Path.Combine(SdkFolder, "server.json"));
        var folder = Directory.CreateTempSubdirectory("agentmta-docs-").FullName;
        var modules = Path.Combine(folder, "node_modules");
        try
        {
            Directory.CreateDirectory(Path.Combine(folder, "agentmta-data"));
            File.Copy(Path.Combine(server.Data, "api-key"), Path.Combine(folder, "agentmta-data", "api-key"));
            if (language == "ts")
                File.CreateSymbolicLink(modules, Path.Combine(SdkFolder, "node_modules"));
            var example = string.Join('\n', Block().Matches(await File.ReadAllTextAsync(Page)).Where(m => m.Groups[1].Value == language).Select(m => m.Groups[2].Value));
            var expected = example.Split('\n').Where(l => l.Contains(mark, StringComparison.Ordinal)).Select(l => l[(l.IndexOf(mark, StringComparison.Ordinal) + mark.Length)..].Trim()).ToList();
            Assert.True(expected.Count > 10, "The examples print nothing.");
            // The ports of the page are those of a server started with nothing configured, and two that are likely to be free.
            var placed = example.Replace("127.0.0.1:8025", server.Http.ToString(), StringComparison.Ordinal).Replace("127.0.0.1:2525", server.Smtp.ToString(), StringComparison.Ordinal);
            await File.WriteAllTextAsync(Path.Combine(folder, file), OwnPort().Replace(placed, FreePort().ToString(CultureInfo.InvariantCulture)));
            var printed = "";
            foreach (var command in commands)
            {
                using var run = Process.Start(new ProcessStartInfo(command[0], command[1..]) { WorkingDirectory = folder, RedirectStandardOutput = true, RedirectStandardError = true })!;
                var (output, error) = (run.StandardOutput.ReadToEndAsync(), run.StandardError.ReadToEndAsync());
                await run.WaitForExitAsync();
                printed = await output;
                Assert.True(run.ExitCode == 0, $"{command[0]} ended with {run.ExitCode}:\n{printed}\n{await error}\n{server.Output}");
            }

            Assert.Equal(expected, printed.Split('\n', StringSplitOptions.RemoveEmptyEntries).Select(l => l.Trim()));
        }
        finally
        {
            // The link first, so that nothing follows it.
            File.Delete(modules);
            Directory.Delete(folder, recursive: true);
        }
    }

    private static int FreePort()
    {
        using var listener = new TcpListener(IPAddress.Loopback, 0);
        listener.Start();
        return ((IPEndPoint)listener.LocalEndpoint).Port;
    }

    [GeneratedRegex("\\b809[89]\\b")]
    private static partial Regex OwnPort();

    [GeneratedRegex("^```(\\w+)\n(.*?)^```", RegexOptions.Singleline | RegexOptions.Multiline)]
    private static partial Regex Block();

    [GeneratedRegex("^```(\\w*)$", RegexOptions.Multiline)]
    private static partial Regex Fence();

    [GeneratedRegex("^## (.+)$", RegexOptions.Multiline)]
    private static partial Regex Chapter();
}
