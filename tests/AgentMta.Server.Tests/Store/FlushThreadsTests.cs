using AgentMta.Server.Store;

namespace AgentMta.Server.Tests.Store;

public sealed class FlushThreadsTests
{
    [Fact]
    public async Task As_many_flushes_as_allowed_run_at_once_and_each_is_done_once()
    {
        using var threads = new FlushThreads(4);
        using var release = new ManualResetEventSlim();
        using var entered = new CountdownEvent(4);
        var (running, most, done) = (0, 0, 0);
        var flushes = Enumerable.Range(0, 50).Select(_ => threads.RunAsync(() =>
        {
            var now = Interlocked.Increment(ref running);
            InterlockedMax(ref most, now);
            if (!entered.IsSet)
                entered.Signal();
            release.Wait(TimeSpan.FromSeconds(30));
            Interlocked.Decrement(ref running);
            Interlocked.Increment(ref done);
        })).ToList();
        Assert.True(entered.Wait(TimeSpan.FromSeconds(30)));
        release.Set();
        await Task.WhenAll(flushes).WaitAsync(TimeSpan.FromSeconds(30));

        Assert.Equal((4, 50), (most, done));
    }

    [Fact]
    public async Task A_flush_that_fails_tells_its_own_caller_and_the_thread_goes_on()
    {
        using var threads = new FlushThreads(1);
        var failing = threads.RunAsync(() => throw new IOException("input/output error"));
        var next = threads.RunAsync(() => { });

        Assert.Equal("input/output error", (await Assert.ThrowsAsync<IOException>(() => failing)).Message);
        await next.WaitAsync(TimeSpan.FromSeconds(30));
    }

    [Fact]
    public async Task What_waits_when_they_are_closed_is_done_all_the_same()
    {
        var threads = new FlushThreads(1);
        using var release = new ManualResetEventSlim();
        var first = threads.RunAsync(() => release.Wait(TimeSpan.FromSeconds(30)));
        var second = threads.RunAsync(() => { });
        threads.Dispose();
        release.Set();

        await Task.WhenAll(first, second).WaitAsync(TimeSpan.FromSeconds(30));
    }

    private static void InterlockedMax(ref int target, int value)
    {
        for (var seen = Volatile.Read(ref target); seen < value;)
        {
            var before = Interlocked.CompareExchange(ref target, value, seen);
            if (before == seen)
                return;
            seen = before;
        }
    }
}
