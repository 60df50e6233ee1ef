using System.Diagnostics;
using System.Net.Http.Json;
using AgentMta.Server.Store.Sqlite;
using AgentMta.Server.Tests.Support;
using Microsoft.Extensions.Logging.Abstractions;

namespace AgentMta.Server.Tests.Scenarios;

/// <summary>The real process ends in the midst of sending: nothing queued is lost, nothing waits for a lease, and only what was under way may come twice.</summary>
public sealed class OutboundKillTests
{
    private const string Send = "/v0/inboxes/agent%40agentmta.test/messages/send";
    private const int ConnectionsLimit = 20;

    [Fact]
    public async Task Kill_9_while_sending_loses_nobody_and_repeats_at_most_what_was_under_way()
    {
        const int Mails = 60;
        await using var remote = new ScriptedSmtpServer();
        await using var server = await ServerProcess.StartAsync("--relay", $"127.0.0.1:{remote.Port}");
        using ManualResetEventSlim first = new(), second = new();
        var ends = 0;
        // Two are held open at their end while the sender dies: one is taken all the same, one is not.
        var stops = new Dictionary<int, (TaskCompletionSource Reached, ManualResetEventSlim Killed, string? Reply)>
        {
            [5] = (new(TaskCreationOptions.RunContinuationsAsynchronously), first, null),
            [30] = (new(TaskCreationOptions.RunContinuationsAsynchronously), second, ""),
        };
        remote.Reply = line =>
        {
            if (line != "DATA-END" || !stops.TryGetValue(Interlocked.Increment(ref ends), out var stop))
                return null;
            stop.Reached.SetResult();
            stop.Killed.Wait(TimeSpan.FromSeconds(60));
            return stop.Reply;
        };
        using (var api = server.Client())
        {
            for (var i = 0; i < Mails; i++)
                (await api.PostAsJsonAsync(Send, new { to = $"person{i}@people.test", subject = "Hello", text = $"This is number {i}." })).EnsureSuccessStatusCode();
        }

        foreach (var stop in stops.Values)
        {
            await stop.Reached.Task.WaitAsync(TimeSpan.FromSeconds(60));
            await server.KillAsync();
            stop.Killed.Set();
            await server.StartAgainAsync();
        }

        var watch = Stopwatch.StartNew();
        await DeliveredAsync(server, Mails);
        Assert.True(watch.Elapsed < TimeSpan.FromSeconds(60), $"it took {watch.Elapsed}: something waited for its lease");
        var copies = remote.Messages.GroupBy(m => Assert.Single(m.Recipients)).ToList();
        Assert.Equal(Mails, copies.Count);
        Assert.True(remote.Messages.Count - Mails <= stops.Count * ConnectionsLimit, $"{remote.Messages.Count - Mails} came twice");
        // What comes twice is the same message to the octet, and bounces to the same address.
        Assert.All(copies, same => Assert.Single(same.Select(m => m.Mail + m.Text).Distinct(StringComparer.Ordinal)));
    }

    [Fact]
    public async Task Sigterm_waits_for_the_reply_to_what_is_under_way_and_sends_it_once()
    {
        await using var remote = new ScriptedSmtpServer();
        await using var server = await ServerProcess.StartAsync("--relay", $"127.0.0.1:{remote.Port}");
        using var answer = new ManualResetEventSlim();
        var reached = new TaskCompletionSource(TaskCreationOptions.RunContinuationsAsynchronously);
        remote.Reply = line =>
        {
            if (line == "DATA-END" && reached.TrySetResult())
                answer.Wait(TimeSpan.FromSeconds(15));
            return null;
        };
        using (var api = server.Client())
            (await api.PostAsJsonAsync(Send, new { to = "ann@people.test", subject = "Hello", text = "Good morning." })).EnsureSuccessStatusCode();
        await reached.Task.WaitAsync(TimeSpan.FromSeconds(60));
        var stopping = server.StopAsync();
        await Task.WhenAny(stopping, Task.Delay(TimeSpan.FromMilliseconds(300)));
        Assert.False(stopping.IsCompleted, "it did not wait: " + server.Output);
        answer.Set();
        Assert.Equal(0, await stopping);
        await server.StartAgainAsync();
        await DeliveredAsync(server, 1);
        Assert.Single(remote.Messages);
    }

    private static async Task DeliveredAsync(ServerProcess server, int count)
    {
        await using var database = SqliteDatabase.Visit(Path.Combine(server.Data, "agentmta.db"), TimeProvider.System, NullLogger<SqliteDatabase>.Instance);
        await Eventually.TrueAsync(
            async () => await database.ReadAsync(session => session.Scalar<long>("SELECT COUNT(*) FROM deliveries WHERE state = 'delivered'")) == count,
            () => server.Output);
    }
}
