using System.Collections.Concurrent;
using System.Net.Http.Json;
using System.Text.Json;
using AgentMta.Server.Store.Sqlite;
using AgentMta.Server.Tests.Support;
using Microsoft.Extensions.Logging.Abstractions;

namespace AgentMta.Server.Tests.Scenarios;

/// <summary>The real process is killed while two hundred agents claim: a lease that was handed out is kept, and what was lost with its answer comes again.</summary>
public sealed class ClaimKillTests
{
    private const string Messages = "/v0/inboxes/agent%40agentmta.test/messages";
    private const int Mails = 1500;
    private const int Agents = 200;

    [Fact]
    public async Task Kill_9_while_agents_claim_gives_no_message_to_two_and_loses_none()
    {
        using var config = new TemporaryFile("""{ "Api": { "RequestsPerSecond": 0 } }""");
        await using var server = await ServerProcess.StartAsync("--config", config.Path);
        var load = new SmtpLoad(server.Smtp, "agent@agentmta.test", "claim");
        await load.RunAsync(sessions: 8, messages: Mails, largeEvery: 1_000_000);
        Assert.Equal(Mails, load.Accepted.Count);

        // Message and lease of each claim that came back, and of each ack that did.
        var claimed = new ConcurrentBag<(string Id, string Token)>();
        var acked = new ConcurrentBag<string>();
        for (var round = 0; round < 3; round++)
        {
            var goal = claimed.Count + 200;
            var agents = Enumerable.Range(0, Agents).Select(_ => Task.Run(() => WorkAsync(server.Client(), claimed, acked))).ToList();
            var all = Task.WhenAll(agents);
            while (claimed.Count < goal && !all.IsCompleted)
                await Task.WhenAny(all, Task.Delay(2));
            await server.KillAsync();
            await all;
            await server.StartAgainAsync();
        }

        Assert.True(acked.Count < Mails, "all was done before the last kill: this was no kill in between");
        // Nobody's lease ran out, so nobody may have been given what another has.
        Assert.Equal(claimed.Count, claimed.Select(c => c.Id).Distinct(StringComparer.Ordinal).Count());
        Assert.Equal(acked.Count, acked.Distinct(StringComparer.Ordinal).Count());
        await ExpireAsync(server);
        using (var client = server.Client())
            await WorkAsync(client, claimed, acked);

        await using var database = Open(server);
        var states = await database.ReadAsync(session => session.Query("SELECT state, COUNT(*) FROM turns GROUP BY state", row => $"{row.GetString(0)} {row.GetInt64(1)}"));
        Assert.Equal([$"done {Mails}"], states);
        Assert.Equal(Mails, await database.ReadAsync(session => session.Scalar<long>("SELECT COUNT(DISTINCT message_id) FROM events WHERE event_type = 'turn.done'")));
        Assert.Equal(Mails, await database.ReadAsync(session => session.Scalar<long>("SELECT COUNT(*) FROM events WHERE event_type = 'turn.done'")));
        Assert.Equal(load.Accepted.Keys.Order(StringComparer.Ordinal), await AckedAsync(database));
    }

    // Claims and acks until nothing is left or the server is gone.
    private static async Task WorkAsync(HttpClient client, ConcurrentBag<(string, string)> claimed, ConcurrentBag<string> acked)
    {
        using var _ = client;
        try
        {
            while (true)
            {
                using var answer = await client.PostAsJsonAsync(Messages + "/claim", new { limit = 2, lease_seconds = 43_200 });
                Assert.True(answer.IsSuccessStatusCode, await answer.Content.ReadAsStringAsync());
                var messages = JsonElement.Parse(await answer.Content.ReadAsStringAsync()).GetProperty("messages");
                if (messages.GetArrayLength() == 0)
                    return;
                var leases = messages.EnumerateArray().Select(m => (Id: m.GetProperty("message_id").GetString()!, Token: m.GetProperty("lease").GetProperty("token").GetString()!)).ToList();
                leases.ForEach(claimed.Add);
                foreach (var (id, token) in leases)
                {
                    using var ack = await client.PostAsJsonAsync($"{Messages}/{Uri.EscapeDataString(id)}/ack", new { lease = token });
                    Assert.True(ack.IsSuccessStatusCode, await ack.Content.ReadAsStringAsync());
                    acked.Add(id);
                }
            }
        }
        catch (Exception e) when (e is HttpRequestException or IOException)
        {
            // The server was killed: that is the point.
        }
    }

    // Stands for the twelve hours after which the leases end.
    private static async Task ExpireAsync(ServerProcess server)
    {
        await using var database = Open(server);
        await database.WriteAsync(session => session.Execute("UPDATE turns SET due_at = 0, lease_until = 0 WHERE state = 'leased'"));
    }

    private static Task<List<string>> AckedAsync(SqliteDatabase database) => database.ReadAsync(session => session.Query(
        "SELECT m.message_id FROM turns t JOIN messages m ON m.message_key = t.message_key", row => row.GetString(0).Trim('<', '>'))).AsTask().ContinueWith(
        rows => rows.Result.Order(StringComparer.Ordinal).ToList(), TaskScheduler.Default);

    private static SqliteDatabase Open(ServerProcess server) => SqliteDatabase.Visit(Path.Combine(server.Data, "agentmta.db"), TimeProvider.System, NullLogger<SqliteDatabase>.Instance);
}
