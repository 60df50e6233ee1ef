namespace AgentMta.Server.Tests.Store;

/// <summary>The WAL begins again from its start, whoever reads meanwhile and however slow the disk is.</summary>
public sealed class WalLengthTests : ArrivalLogStore
{
    private const int Page = 8192 + 24;
    private const int Limit = 5000;
    private const int Messages = 1000;
    private const int PagesEach = 37;

    [Fact]
    public async Task Where_more_comes_in_during_each_copy_than_it_takes_the_writer_waits_for_the_disk_in_the_end()
    {
        var arrived = 0;
        var isOver = false;
        Store.Database.WalLimit = Limit;
        Store.Database.AfterCopy = pages =>
        {
            if (Thread.CurrentThread.Name != "store flush")
                return;
            var until = Volatile.Read(ref arrived) + (pages * 3 / 2 / PagesEach); // half as much again as was taken
            SpinWait.SpinUntil(() => Volatile.Read(ref arrived) >= until || Volatile.Read(ref isOver), TimeSpan.FromSeconds(60));
        };
        for (; arrived < Messages; arrived++)
            await CommitAsync(arrived);

        Volatile.Write(ref isOver, true);
        Assert.InRange(LongestWal(), 1, 3 * Limit);
        Assert.Equal(Messages, await CountAsync(Store.Database));
    }

    [Fact]
    public async Task Readers_who_follow_each_other_without_a_gap_do_not_keep_the_WAL_from_beginning_again()
    {
        Store.Database.WalLimit = Limit;
        var begun = 0;
        var isOver = false;
        // Each goes when the next has begun.
        var readers = Enumerable.Range(0, 2).Select(n => Task.Factory.StartNew(
            () =>
            {
                while (!Volatile.Read(ref isOver))
                {
                    _ = Store.Database.GlanceAsync(s =>
                    {
                        _ = s.Scalar<long>("SELECT COUNT(*) FROM inboxes");
                        var own = Interlocked.Increment(ref begun);
                        return SpinWait.SpinUntil(() => Volatile.Read(ref begun) > own, TimeSpan.FromSeconds(1));
                    }).AsTask().GetAwaiter().GetResult();
                }
            },
            TaskCreationOptions.LongRunning)).ToArray();
        for (var i = 0; i < Messages; i++)
            await CommitAsync(i);

        Volatile.Write(ref isOver, true);
        await Task.WhenAll(readers);
        Assert.InRange(LongestWal(), 1, 3 * Limit);
    }

    private async Task CommitAsync(int message)
    {
        await ArriveAsync($"<{message}@x>", size: 60_000);
        await Task.Run(Store.Database.CommitNow);
    }

    // SQLite cuts the file only from 64 MiB on, as it begins again.
    private int LongestWal() => (int)(new FileInfo(Path.Combine(Store.Folder, "agentmta.db-wal")).Length / Page);
}
