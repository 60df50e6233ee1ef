using System.Globalization;
using System.Net.Http.Json;
using System.Text.Json;
using AgentMta.Server.Tests.Support;

namespace AgentMta.Server.Tests.Scenarios;

/// <summary>What a person does in the first five minutes, as printed and as written in README.md.</summary>
public sealed class FirstStartTests
{
    [Fact]
    public async Task The_demo_does_the_whole_job()
    {
        var demo = await Shell.AgentMtaAsync("demo");
        Assert.True(demo.ExitCode == 0, demo.Output);
    }

    [RequiresProgramFact("curl")]
    public async Task The_three_printed_commands_send_read_and_answer()
    {
        await using var server = await ServerProcess.StartAsync();
        var commands = await Eventually.GetAsync(
            () => Task.FromResult(server.Output.Split('\n').SkipWhile(l => !l.Contains("Try it", StringComparison.Ordinal)).Skip(1).Select(l => l.Trim()).Where(l => l.Length > 0).Take(3).ToList() is { Count: 3 } all ? all : null),
            () => server.Output);

        foreach (var command in commands)
        {
            var done = await Shell.LineAsync(command);
            Assert.True(done.ExitCode == 0, command + "\n" + done.Output);
            if (command == commands[1])
                Assert.Equal("Hello", JsonSerializer.Deserialize<JsonElement>(done.StandardOutput).GetProperty("messages")[0].GetProperty("subject").GetString());
            if (command == commands[2])
                Assert.True(JsonSerializer.Deserialize<JsonElement>(done.StandardOutput).TryGetProperty("message_id", out _), done.Output);
        }
    }

    [RequiresProgramFact("curl", "swaks", "sh")]
    public async Task The_commands_of_the_readme_work_as_written()
    {
        var readme = (await File.ReadAllTextAsync(Path.Combine(Repository.Root, "README.md"))).ReplaceLineEndings("\n");
        var section = readme[readme.IndexOf("## Try it by hand", StringComparison.Ordinal)..];
        var script = section[(section.IndexOf("```sh\n", StringComparison.Ordinal) + 6)..];
        script = script[..script.IndexOf("```", StringComparison.Ordinal)];
        await using var server = await ServerProcess.StartAsync();
        // Ports, data folder and program are the only things that differ here.
        var run = script.Replace("127.0.0.1:2525", server.Smtp.ToString(), StringComparison.Ordinal).Replace("127.0.0.1:2587", server.Submission.ToString(), StringComparison.Ordinal)
            .Replace("127.0.0.1:8025", server.Http.ToString(), StringComparison.Ordinal).Replace("agentmta-data/", server.Data + "/", StringComparison.Ordinal)
            .Replace("./agentmta ", $"AGENTMTA__DATA='{server.Data}' dotnet '{ServerProcess.Program}' ", StringComparison.Ordinal);

        var done = await Shell.LineAsync("set -e\n" + run, Repository.Root);
        Assert.True(done.ExitCode == 0, string.Create(CultureInfo.InvariantCulture, $"{done.ExitCode}\n{done.Output}"));
        Assert.Contains("\"subject\":\"Hello\"", done.Output, StringComparison.Ordinal);

        using var api = server.Client();
        await Eventually.GetAsync(
            async () => (await api.GetStringAsync(new Uri("/v0/inboxes/postmaster%40agentmta.test/messages", UriKind.Relative))) is var list && list.Contains("From an app", StringComparison.Ordinal) ? list : null,
            () => done.Output + server.Output);
    }
}
