using System.Diagnostics;
using System.Globalization;
using AgentMta.Server.Model;
using AgentMta.Server.Store;
using AgentMta.Server.Store.Sqlite;
using AgentMta.Server.Tests.Support;
using Microsoft.Extensions.Logging.Abstractions;

namespace AgentMta.Server.Tests.Store;

/// <summary>What was acknowledged from the log of arrivals is there whatever happens before the commit: a kill, a torn record, a full disk, a failed neighbour.</summary>
public sealed class ArrivalLogTests : ArrivalLogStore
{
    [Fact]
    public async Task What_was_acknowledged_and_not_committed_is_there_after_a_kill_row_for_row()
    {
        for (var i = 0; i < 20; i++)
            await ArriveAsync($"<{i}@x>", size: i * 977);
        var killed = await KilledAsync();
        Assert.Equal(20, Store.Database.Logged);
        var expected = await DumpAsync(Store.Database);

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
        Assert.Equal(3, Store.Database.Logged); // the batch of the failed one was committed, with those before it
        var killed = await KilledAsync();

        Assert.Equal(["<1@x>", "<2@x>", "<4@x>"], await IdsAsync(Store.Database));
        await using var again = Open(killed);
        Assert.Equal(await DumpAsync(Store.Database), await DumpAsync(again));
    }

    [Fact]
    public async Task Readers_see_at_once_what_was_acknowledged_and_those_who_only_glance_do_not_hurry_the_commit()
    {
        await ArriveAsync("<1@x>");

        Assert.Equal(0, await Store.Database.GlanceAsync(s => s.Scalar<long>("SELECT COUNT(*) FROM messages")));
        Assert.Equal(1, await CountAsync(Store.Database));
        Assert.Equal(1, await Store.Database.GlanceAsync(s => s.Scalar<long>("SELECT COUNT(*) FROM messages")));
    }

    [Fact]
    public async Task Followers_are_told_when_the_commit_has_come()
    {
        Store.Database.CommitAfter = (TimeSpan.FromMilliseconds(5), TimeSpan.FromMilliseconds(25));
        var change = Store.Database.Changes.Next;
        await ArriveAsync("<1@x>");

        await change.WaitAsync(TimeSpan.FromSeconds(30));
        Assert.Equal(1, await Store.Database.GlanceAsync(s => s.Scalar<long>("SELECT COUNT(*) FROM messages")));
    }

    [Fact]
    public async Task A_full_disk_refuses_what_does_not_fit_and_keeps_what_was_acknowledged()
    {
        var pages = int.Parse((await Store.Database.WriterPragmaAsync("page_count"))!, CultureInfo.InvariantCulture);
        await Store.Database.WriterPragmaAsync($"max_page_count = {pages + 60}");
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
        Assert.Equal(acknowledged, await IdsAsync(Store.Database));
        await Store.Database.WriterPragmaAsync("max_page_count = 1000000");
        await ArriveAsync("<after@x>");
        Assert.Equal([.. acknowledged, "<after@x>"], await IdsAsync(Store.Database));
        var killed = await KilledAsync();
        await using var again = Open(killed);
        Assert.Equal(await DumpAsync(Store.Database), await DumpAsync(again));
    }

    [Fact]
    public async Task Where_the_log_cannot_be_written_each_message_is_committed()
    {
        await ArriveAsync("<1@x>");
        Store.Database.Log!.BeforeFlush = () => throw new IOException("input/output error");
        await ArriveAsync("<2@x>");
        await ArriveAsync("<3@x>");

        var killed = await KilledAsync();
        File.Delete(Path.Combine(killed, "agentmta.db-arrivals"));
        await using var again = Open(killed);
        Assert.Equal(["<1@x>", "<2@x>", "<3@x>"], await IdsAsync(again));
        Assert.Equal(1, Store.Database.Logged);
    }

    [Fact]
    public async Task What_neither_log_nor_commit_could_keep_never_comes_back()
    {
        await ArriveAsync("<1@x>");
        Store.Database.Log!.BeforeFlush = () => throw new IOException("input/output error"); // the octets are in the file
        Store.Database.BeforeCommit = () => throw new IOException("no space left on device");
        await Assert.ThrowsAsync<StoreException>(() => ArriveAsync("<2@x>"));
        var killed = await KilledAsync();
        Store.Database.BeforeCommit = null;
        await ArriveAsync("<3@x>");

        Assert.Equal(["<1@x>", "<3@x>"], await IdsAsync(Store.Database));
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
            Store.Database.Log!.BeforeFlush = () =>
            {
                flushing.TrySetResult();
                flushed.Wait(TimeSpan.FromSeconds(30));
            };
            var leader = ArriveAsync($"<{round}.leader@x>");
            await flushing.Task.WaitAsync(TimeSpan.FromSeconds(30));
            // Recorded with a text of its own, and not yet flushed when the commit comes.
            var ran = new TaskCompletionSource(TaskCreationOptions.RunContinuationsAsynchronously);
            var waiting = Task.Run(() => Store.Database.WriteRepeatableAsync(session => ran.TrySetResult() | session.Execute(mark, "waiting") > 0));
            await ran.Task.WaitAsync(TimeSpan.FromSeconds(30));
            Store.Database.BeforeCommit = () => throw new IOException("no space left on device");
            var other = Task.Run(() => Store.Database.WriteAsync(session => session.Execute("UPDATE inboxes SET client_id = NULL")));
            flushed.Set();
            await leader;
            await Assert.ThrowsAsync<StoreException>(() => other);
            await Task.WhenAny(waiting); // kept or refused, as it came
            (Store.Database.BeforeCommit, Store.Database.Log!.BeforeFlush) = (null, null);
            await Task.Run(() => Store.Database.WriteRepeatableAsync(session => session.Execute(mark, $"round {round}")));
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
        Store.Database.BeforeCommit = () =>
        {
            if (++tries == 4)
                third.TrySetResult();
            throw new IOException("no space left on device");
        };
        var watch = Stopwatch.StartNew();
        await Assert.ThrowsAsync<StoreException>(() => Store.Database.WriteAsync(_ => true));
        await third.Task.WaitAsync(TimeSpan.FromSeconds(60));

        Assert.True(watch.Elapsed > TimeSpan.FromSeconds(1.9), $"four tries within {watch.Elapsed}");
        Store.Database.BeforeCommit = null;
        await ArriveAsync("<2@x>");
        Assert.Equal(["<1@x>", "<2@x>"], await IdsAsync(Store.Database));
    }

    [Fact]
    public async Task A_command_does_not_write_in_front_of_what_the_server_acknowledged_and_cannot_commit_yet()
    {
        await ArriveAsync("<1@x>");
        var failed = new TaskCompletionSource(TaskCreationOptions.RunContinuationsAsynchronously);
        Store.Database.BeforeCommit = () =>
        {
            failed.TrySetResult();
            throw new IOException("no space left on device");
        };
        await Assert.ThrowsAsync<StoreException>(() => Store.Database.WriteAsync(_ => true)); // the lock is free now, and a message is owed
        await failed.Task;
        var command = Task.Run(async () =>
        {
            await using var beside = SqliteDatabase.Visit(Path.Combine(Store.Folder, "agentmta.db"), TimeProvider.System, NullLogger<SqliteDatabase>.Instance);
            return await beside.WriteAsync(session =>
            {
                EventStore.Append(session, Store.WorkspaceId, new NewEvent(EventTypes.InboxUpdated, Store.PodId, TestStore.Agent));
                return session.Scalar<long>("SELECT COUNT(*) FROM messages");
            });
        });
        Store.Database.BeforeCommit = null;

        Assert.Equal(1, await command); // it waited for the message
        await ArriveAsync("<2@x>");
        Assert.Equal(["<1@x>", "<2@x>"], await IdsAsync(Store.Database));
    }

    [Fact]
    public async Task A_change_that_the_log_cannot_tell_of_is_committed_with_all_before_it()
    {
        await ArriveAsync("<1@x>");
        await Store.Database.WriteRepeatableAsync(session =>
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
        Store.Database.CommitAfter = (TimeSpan.FromMilliseconds(5), TimeSpan.FromMilliseconds(25));
        for (var i = 0; i < 20; i++)
        {
            await ArriveAsync($"<{i}@x>");
            await using var visitor = SqliteDatabase.Visit(Path.Combine(Store.Folder, "agentmta.db"), TimeProvider.System, NullLogger<SqliteDatabase>.Instance);
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
        Assert.Equal(await DumpAsync(Store.Database), await DumpAsync(again));
    }

    [Fact]
    public async Task The_log_of_another_history_is_not_taken()
    {
        await ArriveAsync("<1@x>");
        await CountAsync(Store.Database);
        var backup = await KilledAsync();
        await Store.Database.WriteAsync(session => session.Execute("UPDATE inboxes SET display_name = 'later'"));
        await ArriveAsync("<2@x>");
        await CountAsync(Store.Database);
        await ArriveAsync("<3@x>");
        await TakeLogAsync(backup);

        await using var restored = Open(backup);
        Assert.Equal(["<1@x>"], await IdsAsync(restored));
    }

    [Fact]
    public async Task A_log_that_goes_on_where_a_restored_backup_ends_brings_it_up_to_date()
    {
        await ArriveAsync("<1@x>");
        await CountAsync(Store.Database);
        var backup = await KilledAsync();
        await ArriveAsync("<2@x>");
        await CountAsync(Store.Database);
        await ArriveAsync("<3@x>");
        await TakeLogAsync(backup);

        await using var restored = Open(backup);
        Assert.Equal(await DumpAsync(Store.Database), await DumpAsync(restored));
    }

    private async Task TakeLogAsync(string folder) =>
        File.Copy(Path.Combine(await KilledAsync(), "agentmta.db-arrivals"), Path.Combine(folder, "agentmta.db-arrivals"), overwrite: true);

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
    public async Task Many_at_once_are_eachStored_once_whatever_fails_between_them()
    {
        Store.Database.CommitAfter = (TimeSpan.FromMilliseconds(1), TimeSpan.FromMilliseconds(3));
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
                    Assert.True(await CountAsync(Store.Database) > 0);
                if (i % 17 == 3)
                    await Store.Database.WriteAsync(s => s.Execute("UPDATE inboxes SET display_name = @p1 WHERE inbox_id = @p2", id, TestStore.Agent));
            }

            return stored;
        })));
        var killed = await KilledAsync();

        var expected = outcomes.SelectMany(o => o).Order(StringComparer.Ordinal).ToList();
        Assert.Equal(expected, (await IdsAsync(Store.Database)).Order(StringComparer.Ordinal));
        Assert.Equal(Enumerable.Range(1, expected.Count).Select(i => (long)i), await Store.Database.ReadAsync(s => s.Query("SELECT uid FROM messages ORDER BY uid", r => r.GetInt64(0))));
        await using var again = Open(killed);
        Assert.Equal(await DumpAsync(Store.Database), await DumpAsync(again));
        Assert.True(Store.Database.Logged > 0);
    }
}
