using AgentMta.Server.Store;
using AgentMta.Server.Tests.Support;
using Microsoft.Data.Sqlite;

namespace AgentMta.Server.Tests.Store;

/// <summary>A transaction whose first batch is dropped before its record is written leaves no gap in the log, behind which nothing would be run again.</summary>
public sealed class EmptyEpochTests : ArrivalLogStore
{
    [Theory]
    [InlineData(true)]
    [InlineData(false)]
    public async Task What_is_acknowledged_behind_a_batch_that_was_dropped_is_there(bool afterKill)
    {
        var acknowledged = 0;
        var dropped = 0;
        for (var round = 0; round < 20; round++)
        {
            await ArriveAsync($"<{acknowledged++}@x>");
            _ = await CountAsync(Store.Database); // committed and not flushed
            dropped += await DropAsync() ? 1 : 0;
            await Task.Run(Store.Database.CommitNow);
            await ArriveAsync($"<{acknowledged++}@x>");
            if (afterKill)
            {
                await using var again = Open(await KilledAsync());
                Assert.Equal(acknowledged, await CountAsync(again));
            }
            else
            {
                await Assert.ThrowsAsync<InvalidOperationException>(() => ArriveAsync("<bad@x>", fail: true)); // all is rolled back, and run again from the log
                Assert.Equal(acknowledged, await CountAsync(Store.Database));
            }
        }

        Assert.True(dropped > 0, "no batch was dropped: this tried nothing");
    }

    [Fact]
    public async Task A_store_that_is_closed_while_its_last_change_waits_ends()
    {
        for (var i = 0; i < 100; i++)
        {
            var store = await TestStore.OpenAsync();
            Task? all = null;
            var thread = new Thread(() => all = Task.WhenAll(store.Database.WriteAsync(s => s.Execute("UPDATE inboxes SET display_name = 'x'")), store.Database.DisposeAsync().AsTask()));
            thread.Start();
            thread.Join();
            await all!.WaitAsync(TimeSpan.FromSeconds(30));
            await store.DisposeAsync();
        }
    }

    // The second piece of work is queued while the first runs, and finds the disk full while the record of the first waits to be written.
    private async Task<bool> DropAsync()
    {
        Task? first = null;
        Task? second = null;
        var thread = new Thread(() => first = Store.Database.WriteRepeatableAsync(session =>
        {
            session.Execute("UPDATE inboxes SET display_name = @p1", "dropped");
            second ??= Store.Database.WriteRepeatableAsync<bool>(_ => throw new SqliteException("database or disk is full", SQLitePCL.raw.SQLITE_FULL));
            return true;
        }));
        thread.Start(); // no thread of the pool, which would write alone
        thread.Join();
        var isDropped = await Record.ExceptionAsync(() => first!) is StoreException;
        await Assert.ThrowsAsync<StoreException>(() => second!);
        return isDropped;
    }
}
