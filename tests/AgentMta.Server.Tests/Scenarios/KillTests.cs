using System.Diagnostics;
using System.Net.Http.Json;
using AgentMta.Server.Store.Sqlite;
using AgentMta.Server.Tests.Support;
using Microsoft.Extensions.Logging.Abstractions;

namespace AgentMta.Server.Tests.Scenarios;

/// <summary>Promise 1 with the real process: 250 means durable.</summary>
public sealed class KillTests
{
    private const string Agent = "agent@agentmta.test";

    [Fact]
    public async Task Kill_9_under_load_loses_no_accepted_message_and_stores_none_twice()
    {
        await using var server = await ServerProcess.StartAsync();
        var accepted = new HashSet<string>(StringComparer.Ordinal);
        var sent = new HashSet<string>(StringComparer.Ordinal);
        for (var round = 0; round < 4; round++)
        {
            var load = new SmtpLoad(server.Smtp, Agent, $"round{round}");
            var running = load.RunAsync(sessions: 12, messages: 20_000);
            // Killed in the middle of the load, at another depth each round.
            while (load.Accepted.Count < 300 + (round * 350) && !running.IsCompleted)
                await Task.WhenAny(running, Task.Delay(5));
            await server.KillAsync();
            await running;
            accepted.UnionWith(load.Accepted.Keys);
            sent.UnionWith(load.Sent.Keys);
            await server.StartAgainAsync();
            var stored = await StoredAsync(server);
            Assert.Equal(stored.Distinct(StringComparer.Ordinal).Count(), stored.Count);
            Assert.Empty(accepted.Except(stored));
            Assert.Empty(stored.Except(sent));
        }

        Assert.True(accepted.Count > 2000, $"only {accepted.Count} messages were accepted: this was no load");
        await AssertWholeAsync(server);
        // The same messages again, as a sender does whose 250 was lost: still one each.
        var again = new SmtpLoad(server.Smtp, Agent, "round0");
        await again.RunAsync(sessions: 4, messages: 300);
        Assert.Equal(300, again.Accepted.Count);
        var final = await StoredAsync(server);
        Assert.Equal(final.Distinct(StringComparer.Ordinal).Count(), final.Count);
    }

    [RequiresProgramFact("strace")]
    public async Task Each_250_stands_behind_a_flush_of_the_log_and_of_a_large_message_and_its_folder()
    {
        await using var server = await ServerProcess.StartAsync();
        await server.KillAsync();
        var trace = Path.Combine(server.Folder, "trace");
        await server.StartAgainAsync("strace", "-f", "-y", "-o", trace, "-e", "trace=fsync,fdatasync,sendto,sendmsg,write");
        var load = new SmtpLoad(server.Smtp, Agent, "flush");
        await load.RunAsync(sessions: 1, messages: 10, largeEvery: 5);
        Assert.Equal(10, load.Accepted.Count);
        await server.KillAsync();

        var sinceReply = new List<string>();
        var replies = 0;
        foreach (var line in await File.ReadAllLinesAsync(trace))
        {
            if (line.Contains("sync(", StringComparison.Ordinal))
            {
                sinceReply.Add(line);
            }
            else if (line.Contains("250 2.0.0 Stored", StringComparison.Ordinal))
            {
                replies++;
                Assert.Contains(sinceReply, l => l.Contains("agentmta.db-arrivals", StringComparison.Ordinal) || l.Contains("agentmta.db-wal", StringComparison.Ordinal));
                if (replies % 5 == 0)
                {
                    Assert.Contains(sinceReply, l => l.Contains(".eml>", StringComparison.Ordinal));
                    Assert.Contains(sinceReply, l => l.Contains("/raws/", StringComparison.Ordinal) && !l.Contains(".eml", StringComparison.Ordinal));
                }

                sinceReply.Clear();
            }
        }

        Assert.Equal(10, replies);
    }

    [RequiresProgramFact("strace")]
    public async Task A_change_by_the_API_is_flushed_before_its_answer()
    {
        await using var server = await ServerProcess.StartAsync();
        await server.KillAsync();
        var trace = Path.Combine(server.Folder, "trace");
        await server.StartAgainAsync("strace", "-f", "-y", "-s", "200", "-o", trace, "-e", "trace=fsync,fdatasync,sendto,sendmsg,write,recvfrom");
        using var client = server.Client();
        for (var i = 0; i < 5; i++)
        {
            using var response = await client.PostAsync(new Uri("v0/inboxes", UriKind.Relative), JsonContent.Create(new { username = $"kept{i}", display_name = $"kept {i}" }));
            response.EnsureSuccessStatusCode();
        }

        await server.KillAsync();
        var isFlushed = false;
        var answers = 0;
        foreach (var line in await File.ReadAllLinesAsync(trace))
        {
            if (line.Contains("POST /v0/inboxes", StringComparison.Ordinal))
            {
                isFlushed = false;
            }
            else if (line.Contains("sync(", StringComparison.Ordinal) && line.Contains("agentmta.db-wal", StringComparison.Ordinal))
            {
                isFlushed = true;
            }
            else if (line.Contains("HTTP/1.1 200", StringComparison.Ordinal))
            {
                answers++;
                Assert.True(isFlushed, line);
            }
        }

        Assert.Equal(5, answers);
    }

    [Fact]
    public async Task Sigterm_ends_the_server_with_exit_code_0()
    {
        await using var server = await ServerProcess.StartAsync();
        var load = new SmtpLoad(server.Smtp, Agent, "term");
        var running = load.RunAsync(sessions: 4, messages: 100_000);
        while (load.Accepted.Count < 50)
            await Task.WhenAny(running, Task.Delay(5));
        var watch = Stopwatch.StartNew();
        Assert.Equal(0, await server.StopAsync());
        Assert.True(watch.Elapsed < TimeSpan.FromSeconds(30), $"stopping took {watch.Elapsed}");
        await running;
        await server.StartAgainAsync();
        Assert.Empty(load.Accepted.Keys.Except(await StoredAsync(server)));
    }

    private static async Task<List<string>> StoredAsync(ServerProcess server)
    {
        await using var database = SqliteDatabase.Visit(Path.Combine(server.Data, "agentmta.db"), TimeProvider.System, NullLogger<SqliteDatabase>.Instance);
        return await database.ReadAsync(session => session.Query("SELECT message_id FROM messages WHERE direction = 'in'", row => row.GetString(0).Trim('<', '>')));
    }

    /// <summary>Each message has its raw, thread, label and event; each large raw its file.</summary>
    private static async Task AssertWholeAsync(ServerProcess server)
    {
        await using var database = SqliteDatabase.Visit(Path.Combine(server.Data, "agentmta.db"), TimeProvider.System, NullLogger<SqliteDatabase>.Instance);
        var (messages, joined, events, files) = await database.ReadAsync(session => (
            session.Scalar<long>("SELECT COUNT(*) FROM messages"),
            session.Scalar<long>("SELECT COUNT(*) FROM messages m JOIN raws r ON r.raw_id = m.raw_id JOIN threads t ON t.thread_id = m.thread_id JOIN message_labels l ON l.message_key = m.message_key AND l.label = 'unread'"),
            session.Scalar<long>("SELECT COUNT(*) FROM events WHERE event_type = 'message.received'"),
            session.Query("SELECT file, size FROM raws WHERE file IS NOT NULL", row => (File: row.GetString(0), Size: row.GetInt64(1)))));
        Assert.Equal(messages, joined);
        Assert.Equal(messages, events);
        Assert.NotEmpty(files);
        Assert.All(files, f => Assert.Equal(f.Size, new FileInfo(Path.Combine(server.Data, "raws", f.File)).Length));
        Assert.Equal("ok", await database.WriterPragmaAsync("integrity_check"));
    }
}
