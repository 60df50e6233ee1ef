using System.Diagnostics.Metrics;
using AgentMta.Server.Hosting.Metrics;
using AgentMta.Server.Store;
using AgentMta.Server.Tests.Support;

namespace AgentMta.Server.Tests.Hosting.Metrics;

public sealed class ServerMeterTests
{
    [Fact]
    public async Task A_disk_that_hangs_does_not_hang_the_scrape_and_is_seen_by_it()
    {
        var time = new ManualTimeProvider();
        await using var database = new HangingDatabase(time);
        using var scrape = new Scrape(database, time);

        var refreshed = scrape.Meter.RefreshAsync(CancellationToken.None);
        while (!refreshed.IsCompleted)
        {
            time.Advance(TimeSpan.FromSeconds(1));
            await Task.Yield();
        }

        await refreshed;
        var read = scrape.Read();
        Assert.Equal(0, Assert.Single(read.Families["agentmta_store_writable"].Samples).Value);
        Assert.Empty(read.Families["agentmta_outbound_queue_deliveries"].Samples);
        Assert.True(read["agentmta_disk_free_bytes"] > 0);
    }

    [Fact]
    public async Task The_queue_is_counted_by_state_with_the_age_of_its_oldest_at_most_every_ten_seconds()
    {
        var time = new ManualTimeProvider();
        await using var store = await TestStore.OpenAsync(time);
        using var scrape = new Scrape(store.Database, time);
        await QueueAsync(store, "d1", "deferred", dueIn: -60);
        time.Advance(TimeSpan.FromSeconds(100));
        await QueueAsync(store, "d2", "deferred", dueIn: 300);
        await QueueAsync(store, "d3", "held", dueIn: 0);
        await QueueAsync(store, "d4", "delivered", dueIn: 0);
        await scrape.Meter.RefreshAsync(CancellationToken.None);

        var read = scrape.Read();
        Assert.Equal((0, 2, 1), (read["agentmta_outbound_queue_deliveries", "state=queued"], read["agentmta_outbound_queue_deliveries", "state=deferred"], read["agentmta_outbound_queue_deliveries", "state=held"]));
        Assert.Equal((100, 0, 160), (read["agentmta_outbound_queue_oldest_age_seconds", "state=deferred"], read["agentmta_outbound_queue_oldest_age_seconds", "state=queued"], read["agentmta_outbound_queue_overdue_seconds"]));

        await QueueAsync(store, "d5", "queued", dueIn: 0);
        await scrape.Meter.RefreshAsync(CancellationToken.None);
        Assert.Equal(0, scrape.Read()["agentmta_outbound_queue_deliveries", "state=queued"]);
        time.Advance(TimeSpan.FromSeconds(10));
        await scrape.Meter.RefreshAsync(CancellationToken.None);
        Assert.Equal(1, scrape.Read()["agentmta_outbound_queue_deliveries", "state=queued"]);
    }

    private static Task QueueAsync(TestStore store, string id, string state, int dueIn) => store.Database.WriteAsync(session =>
    {
        session.Execute(
            """
            INSERT INTO deliveries (workspace_id, delivery_id, pod_id, inbox_id, use_case_id, message_key, message_id, thread_id, raw_id, reverse_path, recipient, destination, state, next_attempt_at, expires_at, created_at, updated_at)
            VALUES (@p1, @p2, 'p', 'i', 'u', 'k', '<m>', 't', 'r', '', 'x@elsewhere.test', 'elsewhere.test', @p3, @p4, @p4, @p5, @p5)
            """,
            store.WorkspaceId, id, state, session.Now + (dueIn * 1_000_000L), session.Now);
    });

    /// <summary>A meter of this store, and a listener to it alone.</summary>
    private sealed class Scrape : IDisposable
    {
        private readonly TemporaryFolder _folder = new();
        private readonly RawSpool _spool;
        private readonly LineLog _log = new();
        private readonly MetricsListener _listener;

        public Scrape(Database database, TimeProvider time)
        {
            _spool = new RawSpool(_folder.Path, 0, time);
            // Servers of other tests in this process have meters of the same name.
            var before = Existing();
            _listener = new MetricsListener(_log, instrument => instrument.Meter.Name == "AgentMta.Server" && !before.Contains(instrument.Meter));
            Meter = new ServerMeter(database, _spool, 0, [], time, _log);
        }

        public ServerMeter Meter { get; }

        public Exposition Read() => Exposition.Read(_listener.Write());

        public void Dispose()
        {
            Meter.Dispose();
            _listener.Dispose();
            _log.Dispose();
            _spool.Dispose();
            _folder.Dispose();
        }

        private static HashSet<Meter> Existing()
        {
            var found = new HashSet<Meter>();
            using var listener = new MeterListener { InstrumentPublished = (instrument, _) => found.Add(instrument.Meter) };
            listener.Start();
            return found;
        }
    }

    /// <summary>A store on a disk that answers nothing.</summary>
    private sealed class HangingDatabase(TimeProvider time) : Database(time)
    {
        public override Task<T> WriteAsync<T>(Func<WriteSession, T> work, CancellationToken cancellationToken = default) => new TaskCompletionSource<T>().Task;

        public override ValueTask<T> ReadAsync<T>(Func<ReadSession, T> query, CancellationToken cancellationToken = default) => new(new TaskCompletionSource<T>().Task);

        public override ValueTask DisposeAsync() => ValueTask.CompletedTask;
    }
}
