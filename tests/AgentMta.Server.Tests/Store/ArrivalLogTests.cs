using System.Diagnostics;
using System.Globalization;
using AgentMta.Server.Model;
using AgentMta.Server.Store;
using AgentMta.Server.Store.Sqlite;
using AgentMta.Server.Tests.Support;
using Microsoft.Extensions.Logging.Abstractions;

namespace AgentMta.Server.Tests.Store;

/// <summary>What was acknowledged from the log of arrivals is there whatever happens before the commit: a kill, a torn record, a full disk, a failed neighbour.</summary>
public sealed class ArrivalLogTests : IAsyncLifetime
{
    private static readonly (TimeSpan, TimeSpan) Never = (TimeSpan.FromHours(1), TimeSpan.FromHours(1));

    private readonly List<string> _folders = [];
    private TestStore _store = null!;

    public async Task InitializeAsync()
    {
        _store = await TestStore.OpenAsync();
        _store.Database.CommitAfter = Never;
    }

    public async Task DisposeAsync()
    {
        await _store.DisposeAsync();
        foreach (var folder in _folders)
            Directory.Delete(folder, recursive: true);
    }

    [Fact]
    public async Task What_was_acknowledged_and_not_committed_is_there_after_a_kill_row_for_row()
    {
        for (var i = 0; i < 20; i++)
            await ArriveAsync($"<{i}@x>", size: i * 977);
        var killed = await KilledAsync();
        Assert.Equal(20, _store.Database.Logged);
        var expected = await DumpAsync(_store.Database);

        await using (var again = Open(killed))
            Assert.Equal(expected, await DumpAsync(again));
        await using (var twice = Open(killed)) // nothing is taken a second time
            Assert.Equal(expected, await DumpAsync(twice));
    }

    [Fact]
    public async Task A_record_that_is_not_whole_counts_for_nothing_and_those_before_it_count()
    {
        var ends = new List<long>();
        for (var i = 0; i < 4; i++)
        {
            await ArriveAsync($"<{i}@x>", size: 50);
            ends.Add(WholeLength(Path.Combine(await KilledAsync(), "agentmta.db-arrivals")));
        }

        var random = new Random(4711);
        for (var round = 0; round < 60; round++)
        {
            var killed = await KilledAsync();
            var log = Path.Combine(killed, "agentmta.db-arrivals");
            var octets = await File.ReadAllBytesAsync(log);
            var at = random.Next((int)ends[^1]);
            if (round % 2 == 0)
                octets = octets[..at];
            else
                octets[at] ^= (byte)(1 << random.Next(8));
            await File.WriteAllBytesAsync(log, octets);

            await using var again = Open(killed);
            Assert.Equal(ends.Count(end => end <= at), await CountAsync(again));
        }
    }

    [Fact]
    public async Task A_batch_in_which_one_fails_takes_nothing_of_what_was_acknowledged_before()
    {
        await ArriveAsync("<1@x>");
        await ArriveAsync("<2@x>");
        await Assert.ThrowsAsync<InvalidOperationException>(() => ArriveAsync("<3@x>", fail: true));
        await ArriveAsync("<4@x>");
        Assert.Equal(3, _store.Database.Logged); // the batch of the failed one was committed, with those before it
        var killed = await KilledAsync();

        Assert.Equal(["<1@x>", "<2@x>", "<4@x>"], await IdsAsync(_store.Database));
        await using var again = Open(killed);
        Assert.Equal(await DumpAsync(_store.Database), await DumpAsync(again));
    }

    [Fact]
    public async Task Readers_see_at_once_what_was_acknowledged_and_those_who_only_glance_do_not_hurry_the_commit()
    {
        await ArriveAsync("<1@x>");

        Assert.Equal(0, await _store.Database.GlanceAsync(s => s.Scalar<long>("SELECT COUNT(*) FROM messages")));
        Assert.Equal(1, await CountAsync(_store.Database));
        Assert.Equal(1, await _store.Database.GlanceAsync(s => s.Scalar<long>("SELECT COUNT(*) FROM messages")));
    }

    [Fact]
    public async Task Followers_are_told_when_the_commit_has_come()
    {
        _store.Database.CommitAfter = (TimeSpan.FromMilliseconds(5), TimeSpan.FromMilliseconds(25));
        var change = _store.Database.Changes.Next;
        await ArriveAsync("<1@x>");

        await change.WaitAsync(TimeSpan.FromSeconds(30));
        Assert.Equal(1, await _store.Database.GlanceAsync(s => s.Scalar<long>("SELECT COUNT(*) FROM messages")));
    }

    [Fact]
    public async Task A_full_disk_refuses_what_does_not_fit_and_keeps_what_was_acknowledged()
    {
        var pages = int.Parse((await _store.Database.WriterPragmaAsync("page_count"))!, CultureInfo.InvariantCulture);
        await _store.Database.WriterPragmaAsync($"max_page_count = {pages + 60}");
        var acknowledged = new List<string>();
        for (var i = 0; i < 30; i++)
        {
            try
            {
                await ArriveAsync($"<{i}@x>", size: 60_000);
                acknowledged.Add($"<{i}@x>");
            }
            catch (StoreException)
            {
                // The disk is full.
            }
        }

        Assert.InRange(acknowledged.Count, 1, 29);
        Assert.Equal(acknowledged, await IdsAsync(_store.Database));
        await _store.Database.WriterPragmaAsync("max_page_count = 1000000");
        await ArriveAsync("<after@x>");
        Assert.Equal([.. acknowledged, "<after@x>"], await IdsAsync(_store.Database));
        var killed = await KilledAsync();
        await using var again = Open(killed);
        Assert.Equal(await DumpAsync(_store.Database), await DumpAsync(again));
    }

    [Fact]
    public async Task Where_the_log_cannot_be_written_each_message_is_committed()
    {
        await ArriveAsync("<1@x>");
        _store.Database.Log!.BeforeFlush = () => throw new IOException("input/output error");
        await ArriveAsync("<2@x>");
        await ArriveAsync("<3@x>");

        var killed = await KilledAsync();
        File.Delete(Path.Combine(killed, "agentmta.db-arrivals"));
        await using var again = Open(killed);
        Assert.Equal(["<1@x>", "<2@x>", "<3@x>"], await IdsAsync(again));
        Assert.Equal(1, _store.Database.Logged);
    }

    [Fact]
    public async Task What_neither_log_nor_commit_could_keep_never_comes_back()
    {
        await ArriveAsync("<1@x>");
        _store.Database.Log!.BeforeFlush = () => throw new IOException("input/output error"); // the octets are in the file
        _store.Database.BeforeCommit = () => throw new IOException("no space left on device");
        await Assert.ThrowsAsync<StoreException>(() => ArriveAsync("<2@x>"));
        var killed = await KilledAsync();
        _store.Database.BeforeCommit = null;
        await ArriveAsync("<3@x>");

        Assert.Equal(["<1@x>", "<3@x>"], await IdsAsync(_store.Database));
        await using var again = Open(killed);
        Assert.Equal(["<1@x>"], await IdsAsync(again));
    }

    [Fact]
    public async Task A_commit_that_fails_while_records_wait_for_their_flush_leaves_a_log_that_can_be_run()
    {
        for (var round = 0; round < 20; round++)
        {
            await ArriveAsync($"<{round}.first@x>");
            var mark = $"/* {round} */ UPDATE inboxes SET display_name = @p1";
            using var flushed = new ManualResetEventSlim();
            var flushing = new TaskCompletionSource(TaskCreationOptions.RunContinuationsAsynchronously);
            _store.Database.Log!.BeforeFlush = () =>
            {
                flushing.TrySetResult();
                flushed.Wait(TimeSpan.FromSeconds(30));
            };
            var leader = ArriveAsync($"<{round}.leader@x>");
            await flushing.Task.WaitAsync(TimeSpan.FromSeconds(30));
            // Recorded with a text of its own, and not yet flushed when the commit comes.
            var ran = new TaskCompletionSource(TaskCreationOptions.RunContinuationsAsynchronously);
            var waiting = Task.Run(() => _store.Database.WriteRepeatableAsync(session => ran.TrySetResult() | session.Execute(mark, "waiting") > 0));
            await ran.Task.WaitAsync(TimeSpan.FromSeconds(30));
            _store.Database.BeforeCommit = () => throw new IOException("no space left on device");
            var other = Task.Run(() => _store.Database.WriteAsync(session => session.Execute("UPDATE inboxes SET client_id = NULL")));
            flushed.Set();
            await leader;
            await Assert.ThrowsAsync<StoreException>(() => other);
            await Task.WhenAny(waiting); // kept or refused, as it came
            (_store.Database.BeforeCommit, _store.Database.Log!.BeforeFlush) = (null, null);
            await Task.Run(() => _store.Database.WriteRepeatableAsync(session => session.Execute(mark, $"round {round}")));
            var killed = await KilledAsync();

            await using var again = Open(killed);
            Assert.Equal(2 * (round + 1), await CountAsync(again));
            Assert.Equal([$"round {round}"], await again.ReadAsync(s => s.Query("SELECT DISTINCT display_name FROM inboxes", r => r.GetString(0))));
        }
    }

    [Fact]
    public async Task A_commit_that_fails_is_tried_again_each_second_and_not_all_the_time()
    {
        await ArriveAsync("<1@x>");
        var tries = 0;
        var third = new TaskCompletionSource(TaskCreationOptions.RunContinuationsAsynchronously);
        _store.Database.BeforeCommit = () =>
        {
            if (++tries == 4)
                third.TrySetResult();
            throw new IOException("no space left on device");
        };
        var watch = Stopwatch.StartNew();
        await Assert.ThrowsAsync<StoreException>(() => _store.Database.WriteAsync(_ => true));
        await third.Task.WaitAsync(TimeSpan.FromSeconds(60));

        Assert.True(watch.Elapsed > TimeSpan.FromSeconds(1.9), $"four tries within {watch.Elapsed}");
        _store.Database.BeforeCommit = null;
        await ArriveAsync("<2@x>");
        Assert.Equal(["<1@x>", "<2@x>"], await IdsAsync(_store.Database));
    }

    [Fact]
    public async Task A_command_does_not_write_in_front_of_what_the_server_acknowledged_and_cannot_commit_yet()
    {
        await ArriveAsync("<1@x>");
        var failed = new TaskCompletionSource(TaskCreationOptions.RunContinuationsAsynchronously);
        _store.Database.BeforeCommit = () =>
        {
            failed.TrySetResult();
            throw new IOException("no space left on device");
        };
        await Assert.ThrowsAsync<StoreException>(() => _store.Database.WriteAsync(_ => true)); // the lock is free now, and a message is owed
        await failed.Task;
        var command = Task.Run(async () =>
        {
            await using var beside = SqliteDatabase.Visit(Path.Combine(_store.Folder, "agentmta.db"), TimeProvider.System, NullLogger<SqliteDatabase>.Instance);
            return await beside.WriteAsync(session =>
            {
                EventStore.Append(session, _store.WorkspaceId, new NewEvent(EventTypes.InboxUpdated, _store.PodId, TestStore.Agent));
                return session.Scalar<long>("SELECT COUNT(*) FROM messages");
            });
        });
        _store.Database.BeforeCommit = null;

        Assert.Equal(1, await command); // it waited for the message
        await ArriveAsync("<2@x>");
        Assert.Equal(["<1@x>", "<2@x>"], await IdsAsync(_store.Database));
    }

    [Fact]
    public async Task A_change_that_the_log_cannot_tell_of_is_committed_with_all_before_it()
    {
        await ArriveAsync("<1@x>");
        await _store.Database.WriteRepeatableAsync(session =>
            session.Scalar<long>("UPDATE inboxes SET modseq = modseq + 100 WHERE inbox_id = @p1 RETURNING modseq", TestStore.Agent));

        var killed = await KilledAsync();
        File.Delete(Path.Combine(killed, "agentmta.db-arrivals"));
        await using var again = Open(killed);
        Assert.Equal(["<1@x>"], await IdsAsync(again));
        Assert.Equal(101, await again.ReadAsync(s => s.Scalar<long>("SELECT modseq FROM inboxes WHERE inbox_id = @p1", TestStore.Agent)));
    }

    [Fact]
    public async Task A_command_beside_the_server_sees_what_was_acknowledged_before_it_came()
    {
        _store.Database.CommitAfter = (TimeSpan.FromMilliseconds(5), TimeSpan.FromMilliseconds(25));
        for (var i = 0; i < 20; i++)
        {
            await ArriveAsync($"<{i}@x>");
            await using var visitor = SqliteDatabase.Visit(Path.Combine(_store.Folder, "agentmta.db"), TimeProvider.System, NullLogger<SqliteDatabase>.Instance);
            Assert.Equal(i + 1, await CountAsync(visitor));
        }
    }

    [Fact]
    public async Task A_command_after_a_kill_takes_what_the_server_left_and_the_server_does_not_take_it_again()
    {
        await ArriveAsync("<1@x>");
        await ArriveAsync("<2@x>");
        var killed = await KilledAsync();
        await using (var visitor = SqliteDatabase.Visit(Path.Combine(killed, "agentmta.db"), TimeProvider.System, NullLogger<SqliteDatabase>.Instance))
            Assert.Equal(["<1@x>", "<2@x>"], await IdsAsync(visitor));

        await using var again = Open(killed);
        Assert.Equal(await DumpAsync(_store.Database), await DumpAsync(again));
    }

    [Fact]
    public async Task The_log_of_another_history_is_not_taken()
    {
        await ArriveAsync("<1@x>");
        await CountAsync(_store.Database);
        var backup = await KilledAsync();
        await ArriveAsync("<2@x>");
        await CountAsync(_store.Database);
        await ArriveAsync("<3@x>");
        var later = await KilledAsync();
        File.Copy(Path.Combine(later, "agentmta.db-arrivals"), Path.Combine(backup, "agentmta.db-arrivals"), overwrite: true);

        await using var restored = Open(backup);
        Assert.Equal(["<1@x>"], await IdsAsync(restored));
    }

    [Fact]
    public async Task A_log_that_does_not_fit_its_database_stops_the_start_and_says_so()
    {
        await ArriveAsync("<1@x>");
        var killed = await KilledAsync();
        await using (var tampered = Open(killed))
            await tampered.WriteAsync(session => session.Execute("UPDATE arrival_log SET epoch = epoch - 1"));
        await using (var other = Open(await KilledAsync()))
            Assert.Equal(1, await CountAsync(other));
        var epoch = await EpochAsync(killed);
        using (var log = ArrivalLog.TryOpen(Path.Combine(killed, "agentmta.db-arrivals"), create: true)!)
        {
            log.Begin(epoch.Salt, epoch.Epoch + 1);
            byte[] record = [.. new byte[ArrivalLog.Room], 255, 255, 255, 255, 8, 0, 0, 0, .. "nonsense"u8, 0, 0, 0, 0];
            log.Seal(record);
            log.Write(record, 1);
        }

        var fault = Assert.Throws<StoreException>(() => Open(killed));
        Assert.Contains("agentmta.db-arrivals", fault.Message, StringComparison.Ordinal);
    }

    [Fact]
    public async Task Many_at_once_are_each_stored_once_whatever_fails_between_them()
    {
        _store.Database.CommitAfter = (TimeSpan.FromMilliseconds(1), TimeSpan.FromMilliseconds(3));
        var outcomes = await Task.WhenAll(Enumerable.Range(0, 16).Select(session => Task.Run(async () =>
        {
            var stored = new List<string>();
            for (var i = 0; i < 40; i++)
            {
                var id = $"<{session}.{i}@x>";
                try
                {
                    await ArriveAsync(id, fail: i % 11 == 5);
                    stored.Add(id);
                }
                catch (InvalidOperationException)
                {
                    // This one was to fail.
                }

                if (i % 13 == 7)
                    Assert.True(await CountAsync(_store.Database) > 0);
                if (i % 17 == 3)
                    await _store.Database.WriteAsync(s => s.Execute("UPDATE inboxes SET display_name = @p1 WHERE inbox_id = @p2", id, TestStore.Agent));
            }

            return stored;
        })));
        var killed = await KilledAsync();

        var expected = outcomes.SelectMany(o => o).Order(StringComparer.Ordinal).ToList();
        Assert.Equal(expected, (await IdsAsync(_store.Database)).Order(StringComparer.Ordinal));
        Assert.Equal(Enumerable.Range(1, expected.Count).Select(i => (long)i), await _store.Database.ReadAsync(s => s.Query("SELECT uid FROM messages ORDER BY uid", r => r.GetInt64(0))));
        await using var again = Open(killed);
        Assert.Equal(await DumpAsync(_store.Database), await DumpAsync(again));
        Assert.True(_store.Database.Logged > 0);
    }

    private static SqliteDatabase Open(string folder) => SqliteDatabase.Open(Path.Combine(folder, "agentmta.db"), TimeProvider.System, NullLogger<SqliteDatabase>.Instance);

    private static Task<long> CountAsync(SqliteDatabase database) => database.ReadAsync(s => s.Scalar<long>("SELECT COUNT(*) FROM messages")).AsTask();

    private static Task<List<string>> IdsAsync(SqliteDatabase database) => database.ReadAsync(s => s.Query("SELECT message_id FROM messages ORDER BY uid", r => r.GetString(0))).AsTask();

    private static async Task<(long Salt, long Epoch)> EpochAsync(string folder)
    {
        await using var visitor = SqliteDatabase.Visit(Path.Combine(folder, "agentmta.db"), TimeProvider.System, NullLogger<SqliteDatabase>.Instance);
        return await visitor.ReadAsync(s => s.Query("SELECT salt, epoch FROM arrival_log", r => (r.GetInt64(0), r.GetInt64(1))).Single());
    }

    // Every row of every table but the log's own.
    private static Task<List<string>> DumpAsync(SqliteDatabase database) => database.ReadAsync(session =>
    {
        var rows = new List<string>();
        foreach (var table in session.Query("SELECT name FROM sqlite_master WHERE type = 'table' AND name NOT LIKE 'sqlite_%' AND name <> 'arrival_log' ORDER BY name", r => r.GetString(0)))
        {
            rows.AddRange(session.Query($"SELECT * FROM {table} ORDER BY 1, 2, 3", r => table + ": " + string.Join('|', Enumerable.Range(0, r.FieldCount).Select(i =>
                r.GetValue(i) is byte[] octets ? Convert.ToHexString(octets) : Convert.ToString(r.GetValue(i), CultureInfo.InvariantCulture)))));
        }

        return rows;
    }).AsTask();

    // Octets up to the end of the last record of the present epoch: each record says its length.
    private static long WholeLength(string log)
    {
        var octets = File.ReadAllBytes(log);
        var (at, number) = (0, 0u);
        var epoch = BitConverter.ToInt64(octets, 16);
        while (at + 32 <= octets.Length && BitConverter.ToInt64(octets, at + 16) == epoch && BitConverter.ToUInt32(octets, at + 24) == number++)
            at += BitConverter.ToInt32(octets, at + 28);
        return at;
    }

    // What a killed process leaves: its files as they are. The log is locked, so .NET would not open it.
    private async Task<string> KilledAsync()
    {
        var folder = Directory.CreateTempSubdirectory("agentmta-test-").FullName;
        _folders.Add(folder);
        using var copy = Process.Start("cp", ["-r", _store.Folder + "/.", folder]);
        await copy.WaitForExitAsync();
        Assert.Equal(0, copy.ExitCode);
        File.Delete(Path.Combine(folder, "agentmta.db-shm"));
        return folder;
    }

    private Task<string> ArriveAsync(string id, int size = 100, bool fail = false) => Task.Run(() => _store.Database.WriteRepeatableAsync(session =>
    {
        var key = Ids.New(_store.Time);
        MessageStore.InsertRaw(session, new NewRaw(_store.WorkspaceId, key, new RawContent(new byte[size]), null, null, """{"größe":"ü"}""", null));
        var thread = MessageStore.Insert(session, new NewMessage
        {
            WorkspaceId = _store.WorkspaceId, PodId = _store.PodId, InboxId = TestStore.Agent, UseCaseId = "u", MessageKey = key, RawId = key, ThreadId = null, MessageId = id,
            Direction = MessageDirection.In, Timestamp = _store.Time.GetUtcNow(), From = "Änne <anna@sender.test>", To = [TestStore.Agent], Subject = "", Preview = "",
            Labels = [Labels.Received, Labels.Unread], Attachments = [], Size = size, ContentHash = [1], Aligned = true, EventType = EventTypes.Received,
        });
        return fail ? throw new InvalidOperationException(id) : thread;
    }));
}
