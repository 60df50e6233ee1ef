using System.Text.Json;
using AgentMta.Server.Tests.Support;

namespace AgentMta.Server.Tests.Scenarios;

/// <summary>A changed policy is tried on mail that came, before it decides about mail that comes.</summary>
public sealed class GateReplayTests
{
    private const string Agent = "agent@agentmta.test";

    [Fact]
    public async Task A_changed_policy_shows_which_verdicts_would_differ_and_changes_nothing()
    {
        await using var server = await ServerProcess.StartAsync();
        using var api = server.Client();
        await PlainSmtp.SendAsync(server.Smtp, "sender.test", "ann@sender.test", Agent, Mail("ann@sender.test", "good"));
        await PlainSmtp.SendAsync(server.Smtp, "nowhere.test", "bob@nowhere.test", Agent, Mail("bob@nowhere.test", "unproven"));
        var policy = Path.Combine(server.Folder, "policy.json");
        await File.WriteAllTextAsync(policy, """{ "Receiver": { "Gates": { "Unauthenticated": "Refuse" } } }""");
        var before = await api.GetStringAsync(new Uri("/v0/events", UriKind.Relative));

        var same = await Shell.AgentMtaAsync("gate", "--data", server.Data);
        Assert.True(same.ExitCode == 0, same.Output);
        Assert.Contains("2 messages, 0 verdicts would differ", same.Output, StringComparison.Ordinal);

        var changed = await Shell.AgentMtaAsync("gate", "--since", "1h", "--policy", policy, "--json", "--data", server.Data);
        var difference = JsonSerializer.Deserialize<JsonElement>(Assert.Single(changed.StandardOutput.Split('\n', StringSplitOptions.RemoveEmptyEntries)));
        Assert.Equal("<unproven@test>", difference.GetProperty("message").GetString());
        Assert.Equal("unauthenticated", difference.GetProperty("before").GetProperty("labels")[0].GetString());
        Assert.Equal("unauthenticated", difference.GetProperty("after").GetProperty("gate").GetString());
        Assert.StartsWith("550", difference.GetProperty("after").GetProperty("reply").GetString(), StringComparison.Ordinal);

        var file = Path.Combine(server.Folder, "given.eml");
        await File.WriteAllTextAsync(file, Mail("bob@nowhere.test", "given").ReplaceLineEndings("\r\n"));
        var given = await Shell.AgentMtaAsync("gate", file, "--policy", policy, "--data", server.Data);
        Assert.Contains("kept as unauthenticated -> refused by unauthenticated", given.Output, StringComparison.Ordinal);
        Assert.Contains("1 messages, 1 judged", (await Shell.AgentMtaAsync("gate", file, "--data", server.Data)).Output, StringComparison.Ordinal);

        // The environment is how a container is configured: what the file says counts all the same.
        var command = $"AGENTMTA__RECEIVER__GATES__UNAUTHENTICATED=Label dotnet '{ServerProcess.Program}' gate --policy '{policy}' --data '{server.Data}'";
        Assert.Contains("2 messages, 1 verdicts would differ", (await Shell.LineAsync(command)).Output, StringComparison.Ordinal);

        Assert.Equal(before, await api.GetStringAsync(new Uri("/v0/events", UriKind.Relative)));
        foreach (var wrong in new string[][] { ["--since", "soon"], [file, "--since", "soon"], [file, "--since", "7d"] })
        {
            var refused = await Shell.AgentMtaAsync(["gate", .. wrong, "--data", server.Data]);
            Assert.True(refused.ExitCode == 64, refused.Output);
            Assert.Contains("--since", refused.Output, StringComparison.Ordinal);
        }

        var missing = await Shell.AgentMtaAsync("gate", "--policy", "nope.json", "--data", server.Data);
        Assert.True(missing.ExitCode == 78, missing.Output);
        Assert.Contains("--policy = 'nope.json': there is no such file", missing.Output, StringComparison.Ordinal);
    }

    private static string Mail(string from, string id) => $"From: {from}\nTo: {Agent}\nSubject: {id}\nMessage-ID: <{id}@test>\nDate: Sat, 21 Nov 2026 10:00:00 +0000\n\nHello agent.\n";
}
