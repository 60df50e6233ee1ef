using AgentMta.Server.Model;
using AgentMta.Server.Store;
using AgentMta.Server.Tests.Support;

namespace AgentMta.Server.Tests.Store;

public sealed class DeliveryStoreTests
{
    private static readonly TimeSpan Lease = TimeSpan.FromMinutes(2);

    [Fact]
    public async Task A_delivery_is_claimed_by_one_worker_alone()
    {
        await using var bench = await OutboundBench.OpenAsync(keys: false);
        await bench.SendAsync(["ann@example.net"]);
        var due = await DueAsync(bench);
        var claims = await Task.WhenAll(Enumerable.Range(0, 8).Select(i => Task.Run(() => bench.Deliveries.ClaimAsync(due, $"worker {i}", Lease, default))));
        Assert.Single(claims.SelectMany(c => c));
        Assert.Empty(await DueAsync(bench));
    }

    [Fact]
    public async Task A_lease_that_ran_out_is_due_again_and_its_old_owner_cannot_complete()
    {
        var time = new ManualTimeProvider();
        await using var bench = await OutboundBench.OpenAsync(time: time, keys: false);
        await bench.SendAsync(["ann@example.net"]);
        var first = Assert.Single(await bench.Deliveries.ClaimAsync(await DueAsync(bench), "first", Lease, default));
        time.Advance(Lease + TimeSpan.FromSeconds(1));
        var second = Assert.Single(await bench.Deliveries.ClaimAsync(await DueAsync(bench), "second", Lease, default));
        Assert.False(await CompleteAsync(bench, first));
        Assert.True(await CompleteAsync(bench, second));
        Assert.False(await CompleteAsync(bench, second));
        Assert.Equal(["delivered|1|1"], await bench.Store.RowsAsync("SELECT state, attempts, (SELECT COUNT(*) FROM attempts) FROM deliveries"));
    }

    [Fact]
    public async Task A_renewed_lease_stays()
    {
        var time = new ManualTimeProvider();
        await using var bench = await OutboundBench.OpenAsync(time: time, keys: false);
        await bench.SendAsync(["ann@example.net"]);
        var held = await bench.Deliveries.ClaimAsync(await DueAsync(bench), "first", Lease, default);
        time.Advance(Lease / 2);
        await bench.Deliveries.RenewAsync(held, Lease, default);
        time.Advance(Lease * 0.75);
        Assert.Empty(await DueAsync(bench));
        Assert.True(await CompleteAsync(bench, held[0]));
    }

    [Fact]
    public async Task A_lease_given_back_is_due_at_once_without_an_attempt()
    {
        await using var bench = await OutboundBench.OpenAsync(keys: false);
        await bench.SendAsync(["ann@example.net"]);
        var held = await bench.Deliveries.ClaimAsync(await DueAsync(bench), "first", Lease, default);
        await bench.Deliveries.ReleaseAsync(held, bench.Store.Time.GetUtcNow(), default);
        Assert.Single(await DueAsync(bench));
        Assert.False(await CompleteAsync(bench, held[0]));
        Assert.Equal(["queued|0"], await bench.Store.RowsAsync("SELECT state, attempts FROM deliveries"));
    }

    [Fact]
    public async Task A_backlog_for_one_destination_leaves_room_for_the_others()
    {
        await using var bench = await OutboundBench.OpenAsync(keys: false);
        await bench.SendAsync([.. Enumerable.Range(0, 50).Select(i => $"ann{i}@busy.example.net")]);
        await bench.SendAsync(["bob@other.example.net"]);
        var due = await bench.Deliveries.DueAsync(_ => false, "", 20, 10, bench.Store.Time.GetUtcNow(), default);
        Assert.Equal((10, 1), (due.Count(d => d.Destination == "busy.example.net"), due.Count(d => d.Destination == "other.example.net")));
        Assert.Equal("other.example.net", Assert.Single(await bench.Deliveries.DueAsync(d => d.StartsWith("busy", StringComparison.Ordinal), "", 20, 10, bench.Store.Time.GetUtcNow(), default)).Destination);
        Assert.Equal("other.example.net", (await bench.Deliveries.DueAsync(_ => false, "busy.example.net", 1, 10, bench.Store.Time.GetUtcNow(), default))[0].Destination);
    }

    [Fact]
    public async Task The_queue_is_held_released_flushed_and_dropped_by_destination()
    {
        await using var bench = await OutboundBench.OpenAsync(keys: false);
        await bench.SendAsync(["ann@one.example.net", "bob@two.example.net"]);
        var scope = bench.Store.Scope;
        Assert.Equal(1, await bench.Deliveries.HoldAsync(scope, "one.example.net", null, default));
        Assert.Equal("two.example.net", Assert.Single(await DueAsync(bench)).Destination);
        Assert.Equal(["one.example.net held 1", "two.example.net queued 1"], (await bench.Deliveries.TotalsAsync(scope, default)).Select(t => $"{t.Destination} {t.State} {t.Count}"));
        Assert.Equal(1, await bench.Deliveries.ReleaseHeldAsync(scope, null, null, default));
        Assert.Equal(2, (await DueAsync(bench)).Count);
        Assert.Equal(1, await bench.Deliveries.DropAsync(scope, "two.example.net", null, default));
        Assert.Equal(0, await bench.Deliveries.DropAsync(scope with { WorkspaceId = "another" }, null, null, default));
        Assert.Equal("ann@one.example.net", Assert.Single((await bench.Deliveries.ListAsync(scope, null, null, 10, default)).Rows).Recipient);
        Assert.Equal(EventTypes.Rejected, (await bench.EventsAsync())[^1]);
    }

    private static async Task<List<DeliveryKey>> DueAsync(OutboundBench bench) => await bench.Deliveries.DueAsync(_ => false, "", 100, 100, bench.Store.Time.GetUtcNow(), default);

    private static Task<bool> CompleteAsync(OutboundBench bench, LeasedDelivery delivery) => bench.Store.Database.WriteAsync(session => DeliveryStore.Complete(
        session, new DeliveryOutcome(delivery, DeliveryState.Delivered, 250, "2.0.0", "250 ok"), new AttemptTrace(bench.Store.Time.GetUtcNow(), TimeSpan.Zero, null, null, null, null)));
}
