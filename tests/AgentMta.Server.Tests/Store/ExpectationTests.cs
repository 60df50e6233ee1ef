using AgentMta.Server.Tests.Support;

namespace AgentMta.Server.Tests.Store;

/// <summary>The writer's thread may be woken ahead of a write; whether that write then comes, and when, must not matter to anybody.</summary>
public sealed class ExpectationTests
{
    // On the only processor nobody stays awake.
    private static readonly int Once = Environment.ProcessorCount > 1 ? 1 : 0;

    [Fact]
    public async Task Who_waited_in_vain_is_not_kept_awake_again_before_something_is_written()
    {
        await using var store = await TestStore.OpenAsync();
        store.Database.Expect();
        await Eventually.TrueAsync(() => store.Database.Expectations == (Once, Once == 1));

        for (var i = 0; i < 10_000; i++)
            store.Database.Expect();
        Assert.Equal((Once, Once == 1), store.Database.Expectations);

        await Task.Run(() => store.Database.WriteAsync(session => session.Execute("CREATE TABLE marks (mark INTEGER)")));
        Assert.Equal((Once, Once == 1), store.Database.Expectations); // what the pool writes was not checked in place

        // One that comes as soon as it should is expected from then on; a busy machine may need several.
        await Eventually.TrueAsync(async () =>
        {
            await FromOutsideAsync(() =>
            {
                store.Database.Expect();
                return store.Database.WriteAsync(session => session.Execute("INSERT INTO marks (mark) VALUES (1)"));
            });
            return store.Database.Expectations.Count >= 2 * Once;
        });
    }

    [Fact]
    public async Task A_write_that_comes_late_does_not_keep_anybody_awake_for_the_next()
    {
        await using var store = await TestStore.OpenAsync();
        await store.Database.WriteAsync(session => session.Execute("CREATE TABLE marks (mark INTEGER)"));
        store.Database.Expect();
        await Eventually.TrueAsync(() => store.Database.Expectations == (Once, Once == 1)); // its time is over, then

        for (var i = 0; i < 100; i++)
            await FromOutsideAsync(() => store.Database.WriteAsync(session => session.Execute("INSERT INTO marks (mark) VALUES (1)")));
        store.Database.Expect();
        await store.Database.DisposeAsync(); // whoever stayed awake is done
        Assert.Equal(Once, store.Database.Expectations.Count);
    }

    [Fact]
    public async Task Writes_are_done_whether_they_were_expected_or_not_and_the_store_closes_while_it_expects_one()
    {
        await using var store = await TestStore.OpenAsync();
        await store.Database.WriteAsync(session => session.Execute("CREATE TABLE marks (mark INTEGER)"));
        await Parallel.ForAsync(0, 200, async (mark, _) =>
        {
            if (mark % 3 != 0)
                store.Database.Expect();
            if (mark % 5 == 0)
                await Task.Yield(); // nobody else begins to write where it was expected
            await (mark % 2 == 0
                ? store.Database.WriteAsync(session => session.Execute("INSERT INTO marks (mark) VALUES (@p1)", mark), CancellationToken.None)
                : store.Database.WriteAndAnswerAsync(session => session.Execute("INSERT INTO marks (mark) VALUES (@p1)", mark), CancellationToken.None));
        });
        Assert.Equal(200, await store.Database.ReadAsync(session => session.Scalar<long>("SELECT COUNT(DISTINCT mark) FROM marks")));
        store.Database.Expect();
        await store.Database.DisposeAsync().AsTask().WaitAsync(TimeSpan.FromSeconds(30));
    }

    [Fact]
    public async Task A_small_message_is_expected_while_it_is_checked_and_one_for_nobody_is_not()
    {
        await using var receiver = await TestReceiver.OpenAsync();
        var message = receiver.Incoming(TestReceiver.Mail()) with { InPlace = true };
        Assert.Equal(250, (await receiver.Receiver.AcceptAsync(message, CancellationToken.None)).Code);
        await Eventually.TrueAsync(() => receiver.Store.Database.Expectations.Count == Once);

        await using var other = await TestReceiver.OpenAsync();
        Assert.True((await other.Receiver.AcceptAsync(message with { Recipients = [new("nobody@agentmta.test")] }, CancellationToken.None)).Code >= 500);
        Assert.Equal(250, (await other.Receiver.AcceptAsync(message with { InPlace = false }, CancellationToken.None)).Code);
        await other.Store.Database.DisposeAsync(); // whoever stayed awake is done
        Assert.Equal(0, other.Store.Database.Expectations.Count);
    }

    private static Task FromOutsideAsync(Func<Task> work)
    {
        var started = new TaskCompletionSource<Task>(TaskCreationOptions.RunContinuationsAsynchronously);
        new Thread(() => started.SetResult(work())) { IsBackground = true, Name = "outside" }.Start();
        return started.Task.Unwrap();
    }
}
