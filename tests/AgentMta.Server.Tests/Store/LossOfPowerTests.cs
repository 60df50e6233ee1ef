using AgentMta.Server.Store;
using AgentMta.Server.Store.Sqlite;

namespace AgentMta.Server.Tests.Store;

/// <summary>
/// What a loss of power leaves is less than what a kill leaves: of the WAL only what was flushed is sure, of the rest any part or nothing. Promise 1 holds all the
/// same, because what was acknowledged lies in the flushed log of arrivals until the WAL is flushed too.
/// </summary>
public sealed class LossOfPowerTests : ArrivalLogStore
{
    private const int Block = 4096;

    private volatile Begun _begun = new(0, 0);

    [Fact]
    public async Task What_was_acknowledged_is_there_whatever_the_disk_kept_of_the_commits_behind_the_last_flush()
    {
        Watch();
        Store.Database.Log!.Turn = 40_000; // a half is full behind some arrivals: the log begins again many times
        var random = new Random(1789);
        for (var round = 0; round < 30; round++)
        {
            for (var i = 0; i < 12; i++)
            {
                await ArriveAsync($"<{round}.{i}@x>", size: random.Next(6000));
                if (random.Next(4) == 0)
                    _ = await CountAsync(Store.Database); // a commit
                if (random.Next(40) == 0)
                    await Store.Database.WriteAsync(s => s.Execute("UPDATE inboxes SET display_name = @p1", $"{round}.{i}"));
            }

            if (round % 2 == 0)
                _ = await CountAsync(Store.Database); // or else an epoch is open behind those that are lost
            var left = await PowerCutAsync(random);
            await using var again = Open(left);
            Assert.Equal(await DumpAsync(Store.Database), await DumpAsync(again));
        }

        Assert.True(Store.Database.Flushed > 30, $"only {Store.Database.Flushed} flushes: the log never began again");
        Assert.InRange(new FileInfo(Path.Combine(Store.Folder, "agentmta.db-arrivals")).Length, 1, ArrivalLog.HalfLength + 100_000);
    }

    [Fact]
    public async Task A_change_that_is_no_arrival_is_flushed_before_it_is_acknowledged_with_all_before_it()
    {
        Watch();
        for (var round = 0; round < 10; round++)
        {
            await ArriveAsync($"<{round}@x>");
            await Store.Database.WriteAsync(s => s.Execute("UPDATE inboxes SET display_name = @p1", $"round {round}"));
            var left = await PowerCutAsync(new Random(round));
            File.Delete(Path.Combine(left, "agentmta.db-arrivals"));

            await using var again = Open(left);
            Assert.Equal([$"round {round}"], await again.ReadAsync(s => s.Query("SELECT DISTINCT display_name FROM inboxes", r => r.GetString(0))));
            Assert.Equal(round + 1, await CountAsync(again));
        }
    }

    [Fact]
    public async Task A_commit_for_a_reader_costs_no_flush_of_the_WAL()
    {
        await ArriveAsync("<1@x>");
        var before = Store.Database.Flushed;

        Assert.Equal(1, await CountAsync(Store.Database));
        Assert.Equal(before, Store.Database.Flushed);
    }

    [Fact]
    public async Task No_arrival_is_seen_by_a_reader_before_its_record_is_on_disk()
    {
        var commits = 0;
        var early = 0;
        Store.Database.BeforeCommit = () =>
        {
            commits++;
            early += Store.Database.HasWaiting ? 1 : 0;
        };
        await Task.WhenAll(Enumerable.Range(0, 8).Select(session => Task.Run(async () =>
        {
            for (var i = 0; i < 40; i++)
            {
                await ArriveAsync($"<{session}.{i}@x>");
                _ = await CountAsync(Store.Database); // has the writer commit
            }
        })));

        Assert.True(commits > 20, $"only {commits} commits");
        Assert.Equal(0, early);
    }

    [Fact]
    public async Task A_change_that_is_no_arrival_leaves_no_reader_before_it_is_flushed()
    {
        var waits = new TaskCompletionSource(TaskCreationOptions.RunContinuationsAsynchronously);
        using var release = new ManualResetEventSlim();
        var flushing = new TaskCompletionSource(TaskCreationOptions.RunContinuationsAsynchronously);
        Store.Database.BeforeWait = () => waits.TrySetResult();
        Store.Database.BeforeFlush = () =>
        {
            flushing.TrySetResult();
            release.Wait(TimeSpan.FromSeconds(30));
        };
        var change = Task.Run(() => Store.Database.WriteAsync(s => s.Execute("UPDATE inboxes SET display_name = 'unsure'")));
        await flushing.Task.WaitAsync(TimeSpan.FromSeconds(30));
        var reading = Task.Run(() => Store.Database.GlanceAsync(s => s.Query("SELECT DISTINCT display_name FROM inboxes", r => r.GetString(0))).AsTask());

        Assert.Same(waits.Task, await Task.WhenAny(waits.Task, reading).WaitAsync(TimeSpan.FromSeconds(30)));
        Assert.False(reading.IsCompleted);
        release.Set();
        await change;
        Assert.Equal(["unsure"], await reading);
    }

    [Fact]
    public async Task Where_the_WAL_cannot_be_flushed_nothing_more_is_taken_and_a_restart_has_what_was_acknowledged()
    {
        await ArriveAsync("<1@x>");
        _ = await CountAsync(Store.Database);
        Store.Database.BeforeFlush = () => throw new IOException("input/output error");

        var fault = await Assert.ThrowsAnyAsync<StoreException>(() => Store.Database.WriteAsync(s => s.Execute("UPDATE inboxes SET display_name = 'lost'")));
        Assert.Contains("start the server again", fault.Message, StringComparison.Ordinal);
        Store.Database.BeforeFlush = null;
        await Assert.ThrowsAnyAsync<StoreException>(() => ArriveAsync("<2@x>")); // a second flush would be answered with a lie
        Assert.Equal(1, await CountAsync(Store.Database)); // reading goes on
        await using var again = Open(await KilledAsync());
        Assert.Equal(["<1@x>"], await IdsAsync(again));
        await again.WriteAsync(s => s.Execute("UPDATE inboxes SET display_name = 'kept'"));
    }

    [Fact]
    public async Task Under_load_the_WAL_begins_again_from_its_start()
    {
        Store.Database.CommitAfter = (TimeSpan.FromMilliseconds(2), TimeSpan.FromMilliseconds(10));
        const int Messages = 2400;
        await Task.WhenAll(Enumerable.Range(0, 8).Select(session => Task.Run(async () =>
        {
            for (var i = 0; i < Messages / 8; i++)
                await ArriveAsync($"<{session}.{i}@x>", size: 60_000);
        })));

        Assert.Equal(Messages, await CountAsync(Store.Database));
        var wal = new FileInfo(Path.Combine(Store.Folder, "agentmta.db-wal")).Length;
        Assert.InRange(wal, 1, Messages * 60_000 * 2 / 3);
    }

    [Fact]
    public async Task The_database_is_flushed_beside_the_writer_long_before_the_WAL_begins_again()
    {
        using var flushed = new ManualResetEventSlim();
        string? thread = null;
        Store.Database.BeforeFileFlush = () =>
        {
            thread = Thread.CurrentThread.Name;
            flushed.Set();
        };
        for (var i = 0; i < 200; i++) // eight pages each, of the four thousand behind which it begins again
        {
            await ArriveAsync($"<{i}@x>", size: 60_000);
            _ = await CountAsync(Store.Database); // a commit
        }

        Assert.True(flushed.Wait(TimeSpan.FromSeconds(30)));
        Assert.Equal("store flush", thread);
        Assert.Equal(200, await CountAsync(Store.Database));
    }

    [Fact]
    public async Task Where_the_database_s_own_file_cannot_be_flushed_nothing_more_is_taken_and_a_restart_has_what_was_acknowledged()
    {
        using var failed = new ManualResetEventSlim();
        Store.Database.BeforeFileFlush = () =>
        {
            failed.Set();
            throw new IOException("input/output error");
        };
        var stored = 0;
        var fault = await Assert.ThrowsAnyAsync<StoreException>(async () =>
        {
            for (; stored < 5000; stored++)
            {
                await ArriveAsync($"<{stored}@x>", size: 60_000);
                await Store.Database.WriteAsync(s => s.Execute("UPDATE inboxes SET display_name = @p1", $"{stored}"));
            }
        });

        Assert.True(failed.IsSet);
        Assert.Contains("start the server again", fault.Message, StringComparison.Ordinal);
        await using var again = Open(await KilledAsync());
        Assert.InRange(await CountAsync(again), stored, stored + 1); // the last was taken before its own change was not
    }

    [Fact]
    public async Task A_WAL_that_cannot_be_flushed_is_not_copied_into_the_database_and_is_there_for_the_next_start()
    {
        using var flushing = new ManualResetEventSlim();
        using var release = new ManualResetEventSlim();
        Store.Database.Log!.Turn = 100_000;
        Store.Database.BeforeFlush = () =>
        {
            flushing.Set();
            release.Wait(TimeSpan.FromSeconds(60));
            throw new IOException("input/output error");
        };
        for (var i = 0; i < 200; i++) // more than the thousand pages behind which a copy is asked for
        {
            await ArriveAsync($"<{i}@x>", size: 60_000);
            _ = await CountAsync(Store.Database); // a commit
        }

        Assert.True(flushing.IsSet);
        var file = Path.Combine(Store.Folder, "agentmta.db");
        var before = await File.ReadAllBytesAsync(file);
        release.Set();
        await Assert.ThrowsAnyAsync<StoreException>(() => Store.Database.WriteAsync(s => s.Execute("UPDATE inboxes SET display_name = 'lost'")));
        await Store.Database.DisposeAsync();

        var after = await File.ReadAllBytesAsync(file);
        Assert.True(before.AsSpan().SequenceEqual(after));
        await using var again = Open(Store.Folder);
        Assert.Equal(200, await CountAsync(again));
    }

    [Fact]
    public async Task Where_the_database_s_own_file_could_not_be_flushed_an_orderly_end_leaves_the_WAL_to_the_next_start()
    {
        Store.Database.BeforeFileFlush = () => throw new IOException("input/output error");
        var stored = 0;
        await Assert.ThrowsAnyAsync<StoreException>(async () =>
        {
            for (; stored < 5000; stored++)
            {
                await ArriveAsync($"<{stored}@x>", size: 60_000);
                await Store.Database.WriteAsync(s => s.Execute("UPDATE inboxes SET display_name = @p1", $"{stored}"));
            }
        });
        await Store.Database.DisposeAsync();

        Assert.InRange(new FileInfo(Path.Combine(Store.Folder, "agentmta.db-wal")).Length, 1_000_000, long.MaxValue);
        await using var again = Open(Store.Folder);
        Assert.InRange(await CountAsync(again), stored, stored + 1);
    }

    [Fact]
    public async Task What_a_reader_of_an_older_state_kept_from_being_copied_is_not_copied_in_the_writer_s_turn()
    {
        using var reading = new ManualResetEventSlim();
        using var read = new ManualResetEventSlim();
        using var isCopying = new ManualResetEventSlim();
        using var copy = new ManualResetEventSlim();
        var (beside, inTurn) = (0, 0);
        var longest = 0L;
        var reader = Task.Run(() => Store.Database.GlanceAsync(s =>
        {
            _ = s.Scalar<long>("SELECT COUNT(*) FROM messages");
            reading.Set();
            return read.Wait(TimeSpan.FromSeconds(60));
        }).AsTask());
        Assert.True(reading.Wait(TimeSpan.FromSeconds(30)));
        var i = 0;
        await CommitAsync(600); // some five thousand pages
        Store.Database.AfterCopy = pages =>
        {
            if (Thread.CurrentThread.Name == "store flush")
            {
                beside += pages;
                isCopying.Set();
                copy.Wait(TimeSpan.FromSeconds(60));
            }
            else
            {
                inTurn = Math.Max(inTurn, pages);
            }
        };
        while (!isCopying.IsSet)
            await CommitAsync(10);
        read.Set();
        Assert.True(await reader);
        copy.Set();
        await CommitAsync(300);
        await Store.Database.DisposeAsync(); // ends the thread beside the writer

        Assert.True(beside > 4000, $"only {beside} pages were copied beside the writer");
        Assert.InRange(inTurn, 0, Math.Max(1000, longest / (8192 + 24) / 8));

        async Task CommitAsync(int messages)
        {
            for (var end = i + messages; i < end; i++)
            {
                await ArriveAsync($"<{i}@x>", size: 60_000);
                _ = await CountAsync(Store.Database);
                longest = Math.Max(longest, new FileInfo(Path.Combine(Store.Folder, "agentmta.db-wal")).Length);
            }
        }
    }

    // Each flush makes sure of what was in the WAL when it began.
    private void Watch()
    {
        var wal = Path.Combine(Store.Folder, "agentmta.db-wal");
        var before = Store.Database.Flushed;
        Store.Database.BeforeFlush = () => _begun = new Begun(_begun.Count + 1, new FileInfo(wal).Length);
        _begun = new Begun(before, new FileInfo(wal).Length);
    }

    // The files now, but of the WAL behind the last flush only what chance left of it.
    private async Task<string> PowerCutAsync(Random random)
    {
        Assert.True(SpinWait.SpinUntil(() => Store.Database.Flushed == _begun.Count, TimeSpan.FromSeconds(30)));
        var sure = _begun.Length; // one that begins later makes sure of more, and nothing was written to the log since
        var left = await KilledAsync();
        var path = Path.Combine(left, "agentmta.db-wal");
        var wal = await File.ReadAllBytesAsync(path);
        if (random.Next(2) == 0)
            wal = wal[..(int)random.NextInt64(sure, wal.Length + 1)];
        for (var at = (sure + Block - 1) / Block * Block; at < wal.Length; at += Block)
        {
            if (random.Next(4) == 0)
                wal.AsSpan((int)at, (int)Math.Min(Block, wal.Length - at)).Clear();
        }

        await File.WriteAllBytesAsync(path, wal);
        return left;
    }

    private sealed record Begun(long Count, long Length);
}
