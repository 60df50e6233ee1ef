using AgentMta.Server.Tests.Support;

namespace AgentMta.Server.Tests.Store;

/// <summary>Who only answers goes on where its work became durable, and never within a lock of the store.</summary>
public sealed class AnswerTests : IAsyncLifetime
{
    private static readonly TimeSpan Patience = TimeSpan.FromSeconds(30);

    private TestStore _store = null!;

    public async Task InitializeAsync()
    {
        _store = await TestStore.OpenAsync();
        // On a slow machine the clock would have a message committed before its record is flushed, and who waits for a commit is answered in the pool.
        _store.Database.CommitAfter = (TimeSpan.FromHours(1), TimeSpan.FromHours(1));
        await _store.Database.WriteAsync(session => session.Execute("CREATE TABLE marks (mark INTEGER)"));
    }

    public async Task DisposeAsync() => await _store.DisposeAsync();

    [Fact]
    public async Task An_answer_is_given_on_the_stores_own_thread_and_the_store_can_be_used_from_there()
    {
        var (thread, used) = await AnswerAsync(() =>
        {
            // Somebody else's write and read, waited for: they would never end if this thread held anything.
            Assert.True(Task.Run(() => _store.Database.WriteAsync(session => session.Execute("INSERT INTO marks (mark) VALUES (2)"))).Wait(Patience));
            return Task.Run(() => _store.Database.ReadAsync(session => session.Scalar<long>("SELECT COUNT(*) FROM marks")).AsTask()).Result;
        });

        Assert.False(thread.IsThreadPoolThread);
        Assert.Equal(2, used);
    }

    [Fact]
    public async Task What_is_committed_instead_of_logged_is_answered_in_the_pool()
    {
        _store.Database.Log!.BeforeFlush = () => throw new IOException("no space left on device");
        var (thread, _) = await AnswerAsync(() => 0);
        Assert.True(thread.IsThreadPoolThread);
    }

    [Fact]
    public async Task A_failure_is_told_in_the_pool()
    {
        var told = new TaskCompletionSource<Thread>(TaskCreationOptions.RunContinuationsAsynchronously);
        using var awaited = new ManualResetEventSlim();
        FromOutside(() => _store.Database.WriteAndAnswerAsync<int>(_ =>
        {
            awaited.Wait(Patience);
            throw new InvalidOperationException("seven");
        }).ContinueWith(
            failed => told.SetResult(failed.Exception!.InnerException!.Message == "seven" ? Thread.CurrentThread : throw failed.Exception), TaskContinuationOptions.ExecuteSynchronously));
        awaited.Set();
        Assert.True((await told.Task.WaitAsync(Patience)).IsThreadPoolThread);
    }

    [Fact]
    public async Task The_store_can_be_closed_from_an_answer()
    {
        var closed = new TaskCompletionSource(TaskCreationOptions.RunContinuationsAsynchronously);
        FromOutside(async () =>
        {
            await _store.Database.WriteAndAnswerAsync(session => session.Execute("INSERT INTO marks (mark) VALUES (1)")).ConfigureAwait(false);
            await _store.Database.DisposeAsync().ConfigureAwait(false);
            closed.SetResult();
        });
        await closed.Task.WaitAsync(Patience);
    }

    // The thread on which what follows the write runs, and what it returns. Started outside of the pool, whose threads may do the store's work themselves.
    private async Task<(Thread Thread, T Result)> AnswerAsync<T>(Func<T> answer)
    {
        var answered = new TaskCompletionSource<(Thread, T)>(TaskCreationOptions.RunContinuationsAsynchronously);
        using var awaited = new ManualResetEventSlim();
        FromOutside(async () =>
        {
            await _store.Database.WriteAndAnswerAsync(session =>
            {
                awaited.Wait(Patience); // what is over while somebody begins to wait for it goes on in the pool
                return session.Execute("INSERT INTO marks (mark) VALUES (1)");
            }).ConfigureAwait(false);
            answered.SetResult((Thread.CurrentThread, answer()));
        });
        awaited.Set();
        return await answered.Task.WaitAsync(Patience);
    }

    private static void FromOutside(Func<Task> work)
    {
        var thread = new Thread(() => _ = work()) { IsBackground = true, Name = "outside" };
        thread.Start();
        thread.Join();
    }
}
