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

        Assert.Equal(before, await api.GetStringAsync(new Uri("/v0/events", UriKind.Relative)));
        Assert.Equal(64, (await Shell.AgentMtaAsync("gate", "--since", "soon", "--data", server.Data)).ExitCode);
    }

    private static string Mail(string from, string id) => $"From: {from}\nTo: {Agent}\nSubject: {id}\nMessage-ID: <{id}@test>\nDate: Sat, 21 Nov 2026 10:00:00 +0000\n\nHello agent.\n";
}
