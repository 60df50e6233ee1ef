using AgentMta.Server.Tests.Support;

namespace AgentMta.Server.Tests.Store;

/// <summary>One failure does not sink the batch, whether or not each piece had a savepoint.</summary>
public sealed class GroupCommitTests
{
    [Fact]
    public async Task Repeatable_work_that_fails_leaves_nothing_and_takes_no_other_with_it()
    {
        await using var store = await TestStore.OpenAsync();
        await store.Database.WriteAsync(session => session.Execute("CREATE TABLE marks (mark INTEGER PRIMARY KEY)"));
        using var gate = new ManualResetEventSlim();
        // Holds the writer in a batch of its own, so that what follows becomes one batch.
        var held = new TaskCompletionSource(TaskCreationOptions.RunContinuationsAsynchronously);
        var holding = Task.Run(() => store.Database.WriteAsync(_ => held.TrySetResult() && gate.Wait(TimeSpan.FromSeconds(30))));
        await held.Task;
        var runs = 0;
        var work = Enumerable.Range(0, 20).Select(i => store.Database.WriteRepeatableAsync(session =>
        {
            Interlocked.Increment(ref runs);
            session.Execute("INSERT INTO marks (mark) VALUES (@p1)", i);
            return i == 7 ? throw new InvalidOperationException("seven") : i;
        })).ToList();
        gate.Set();
        Assert.True(await holding);

        for (var i = 0; i < work.Count; i++)
        {
            if (i == 7)
                await Assert.ThrowsAsync<InvalidOperationException>(() => work[7]);
            else
                Assert.Equal(i, await work[i]);
        }

        var marks = await store.Database.ReadAsync(session => session.Query("SELECT mark FROM marks ORDER BY mark", row => row.GetInt32(0)));
        Assert.Equal(Enumerable.Range(0, 20).Where(i => i != 7), marks);
        Assert.True(runs > 20, "the batch was never run together: this tests nothing");
    }
}
