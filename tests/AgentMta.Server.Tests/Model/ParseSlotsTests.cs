using AgentMta.Server.Model;

namespace AgentMta.Server.Tests.Model;

public sealed class ParseSlotsTests
{
    [Fact]
    public async Task Owners_take_turns_however_many_one_of_them_waits_for()
    {
        var slots = new ParseSlots(1);
        var order = new List<string>();
        var taken = await slots.EnterAsync("first", default);
        Task[] waiting = [.. Enumerable.Range(0, 100).Select(i => TakeAsync("many", i)), TakeAsync("few", 0), TakeAsync("few", 1), TakeAsync("one", 0)];
        Assert.Equal(103, slots.Waiting);
        taken.Dispose();
        await Task.WhenAll(waiting);

        Assert.Equal(["many 0", "few 0", "one 0", "many 1", "few 1", "many 2", "many 3"], order[..7]);
        Assert.Equal(0, slots.Waiting);

        async Task TakeAsync(string owner, int number)
        {
            using var slot = await slots.EnterAsync(owner, default);
            order.Add($"{owner} {number}"); // one at a time, as there is one slot
        }
    }

    [Fact]
    public async Task Who_leaves_is_passed_over_and_no_slot_is_lost()
    {
        var slots = new ParseSlots(1);
        using var leaves = new CancellationTokenSource();
        var taken = await slots.EnterAsync("a", default);
        var gone = slots.EnterAsync("b", leaves.Token).AsTask();
        var stays = slots.EnterAsync("c", default).AsTask();
        await leaves.CancelAsync();
        await Assert.ThrowsAnyAsync<OperationCanceledException>(() => gone);
        Assert.Equal(1, slots.Waiting);
        taken.Dispose();
        (await stays).Dispose();

        var again = await slots.EnterAsync("b", default);
        var last = slots.EnterAsync("b", default).AsTask();
        Assert.False(last.IsCompleted);
        again.Dispose();
        (await last).Dispose();
    }
}
