using System.Text.Json;
using AgentMta.Server.Tests.Support;

namespace AgentMta.Server.Tests.Scenarios;

/// <summary>The search index with the real process: it lags, it is killed, it loses nothing.</summary>
public sealed class SearchKillTests
{
    private const string Agent = "agent@agentmta.test";

    [Fact]
    public async Task Everything_accepted_is_found_after_kill_9_once_each_and_a_lost_index_fills_itself()
    {
        await using var server = await ServerProcess.StartAsync();
        var accepted = new HashSet<string>(StringComparer.Ordinal);
        for (var round = 0; round < 2; round++)
        {
            var load = new SmtpLoad(server.Smtp, Agent, "walrus");
            var running = load.RunAsync(sessions: 6, messages: 20_000);
            while (load.Accepted.Count < 400 + (round * 300) && !running.IsCompleted)
                await Task.WhenAny(running, Task.Delay(5));
            await server.KillAsync();
            await running;
            accepted.UnionWith(load.Accepted.Keys);
            await server.StartAgainAsync();
        }

        await AssertFoundAsync(server, accepted);
        await server.KillAsync();
        foreach (var file in Directory.GetFiles(server.Data, "search.db*"))
            File.Delete(file);
        await server.StartAgainAsync();
        await AssertFoundAsync(server, accepted);
    }

    private static async Task AssertFoundAsync(ServerProcess server, HashSet<string> accepted)
    {
        using var client = server.Client();
        var found = new List<string>();
        await Eventually.TrueAsync(
            async () =>
            {
                found = await FindAsync(client);
                return accepted.IsSubsetOf(found);
            },
            () => $"{accepted.Count} accepted, {found.Count} found\n{server.Output}");
        Assert.Equal(found.Count, found.Distinct(StringComparer.Ordinal).Count());
    }

    private static async Task<List<string>> FindAsync(HttpClient client)
    {
        var found = new List<string>();
        for (string? token = ""; token is not null;)
        {
            using var page = JsonDocument.Parse(await client.GetStringAsync($"/v0/inboxes/{Uri.EscapeDataString(Agent)}/messages/search?q=walrus&limit=100{(token.Length > 0 ? "&page_token=" + token : "")}"));
            found.AddRange(page.RootElement.GetProperty("messages").EnumerateArray().Select(m => m.GetProperty("message_id").GetString()!.Trim('<', '>')));
            token = page.RootElement.TryGetProperty("next_page_token", out var next) ? next.GetString() : null;
        }

        return found;
    }
}
