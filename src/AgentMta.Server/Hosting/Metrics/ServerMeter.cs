using System.Diagnostics;
using System.Diagnostics.Metrics;
using System.Globalization;
using AgentMta.Server.Store;

namespace AgentMta.Server.Hosting.Metrics;

/// <summary>Shows the state that no counter can: what waits in the store, room on the disk, the files, the process.</summary>
internal sealed class ServerMeter : IDisposable
{
    private const string StoreName = "agentmta.store.";

    private static readonly string[] QueueStates = ["queued", "deferred", "held"];
    private static readonly TimeSpan ShortestLook = TimeSpan.FromSeconds(10);
    private static readonly TimeSpan Stale = TimeSpan.FromMinutes(10);
    // Together less than the ten seconds that a scraper waits by default.
    private static readonly TimeSpan WriteLimit = TimeSpan.FromSeconds(4);
    private static readonly TimeSpan ReadLimit = TimeSpan.FromSeconds(3);

    private readonly Meter _meter = new("AgentMta.Server");
    private readonly Meter _process = new("AgentMta.Process");
    private readonly Database _database;
    private readonly BacklogStore _store;
    private readonly TimeProvider _time;
    private readonly ILogger _log;
    private Backlog? _backlog;
    private bool _isWritable;
    private Task<Backlog>? _reading;
    private long _readingSince;
    private long? _lookedAt;
    private TimeSpan _lookAgainAfter;

    /// <param name="files">The store's files by the word that stands for each.</param>
    public ServerMeter(Database database, RawSpool spool, long freeSpaceFloor, IReadOnlyList<(string Word, string Path)> files, TimeProvider time, ILogger log)
    {
        (_database, _store, _time, _log) = (database, new BacklogStore(database), time, log);
        _meter.CreateObservableGauge("agentmta.build_info", () => new Measurement<int>(1, Tag("version", StartUpNotes.Version)), description: "Always 1; the version of the program is its label");
        _meter.CreateObservableGauge(StoreName + "writable", () => _isWritable ? 1 : 0, description: "Whether the store takes changes: 0 means that mail is deferred and the API answers 503");
        _meter.CreateObservableGauge(StoreName + "file_size", () => files.Select(f => new Measurement<long>(SizeOf(f.Path), Tag("file", f.Word))), "By", "Size of each of the store's files");
        _meter.CreateObservableGauge("agentmta.disk.free", spool.FreeOctets, "By", "Free space on the disk of the data folder");
        _meter.CreateObservableGauge("agentmta.disk.free_floor", () => freeSpaceFloor, "By", "FreeSpaceFloor: with less free space no mail is taken");
        _meter.CreateObservableGauge("agentmta.outbound.queue.deliveries", () => Queue(q => q?.Count ?? 0), "{delivery}", "Recipients' copies that wait in the queue");
        _meter.CreateObservableGauge("agentmta.outbound.queue.oldest_age", () => Queue(q => q is null ? 0 : Age(q.Oldest)), "s", "How long the oldest of them has been in the queue");
        _meter.CreateObservableGauge("agentmta.outbound.queue.overdue", () => Known(b => Age(b.NextDue)), "s", "For how long the next delivery should have been tried; more than a minute means that the queue is not worked");
        _meter.CreateObservableGauge("agentmta.webhooks.waiting", () => Known(b => b.WebhooksWaiting), "{event}", "Events that an endpoint did not take and that are tried again");
        _meter.CreateObservableGauge("agentmta.webhooks.oldest_age", () => Known(b => Age(b.OldestWebhook)), "s", "How long the oldest of them has been waiting");
        _meter.CreateObservableGauge("agentmta.webhooks.dead_letters", () => Known(b => b.WebhooksDead), "{event}", "Events that are tried no more, until somebody replays them");
        _meter.CreateObservableGauge("agentmta.webhooks.failing", () => Known(b => b.EndpointsFailing), "{endpoint}", "Endpoints that took nothing since some time");
        _meter.CreateObservableGauge("agentmta.webhooks.disabled", () => Known(b => b.EndpointsDisabled), "{endpoint}", "Endpoints that are switched off, by their owners or because they took nothing for Webhooks:DisableAfter");
        // The names that Prometheus' own client libraries give them.
        _process.CreateObservableCounter("process.cpu", () => Environment.CpuUsage.TotalTime.TotalSeconds, "s", "Processor time of the process");
        _process.CreateObservableGauge("process.resident_memory", () => Environment.WorkingSet, "By", "Memory of the process");
        _process.CreateObservableGauge("process.open_fds", () => Directory.EnumerateFileSystemEntries("/proc/self/fd").Count(), description: "Open files and connections");
        _process.CreateObservableGauge("process.max_fds", MostFiles, description: "Files and connections that may be open");
        _process.CreateObservableGauge("dotnet.thread_pool.queue_length", () => ThreadPool.PendingWorkItemCount, "{work_item}", "Work that waits for a thread of the pool");
        _process.CreateObservableGauge("process.start_time", StartTime, "s", "When the process started, in seconds since 1970");
    }

    /// <summary>Looks at the store, before the gauges are read. What cannot be read leaves its gauges out instead of showing what was.</summary>
    public async Task RefreshAsync(CancellationToken cancellationToken)
    {
        _isWritable = await StoreCheck.FaultAsync(_database, WriteLimit, cancellationToken).ConfigureAwait(false) is null;
        if (_reading is null)
        {
            if (_lookedAt is { } at && _time.GetElapsedTime(at) < _lookAgainAfter)
                return;
            _readingSince = _time.GetTimestamp();
            _reading = Task.Run(() => _store.ReadAsync(CancellationToken.None).AsTask(), CancellationToken.None);
        }

        // A disk that hangs must not hang the scrape, and a queue that is long to count is shown by the next one.
        try
        {
            _backlog = await _reading.WaitAsync(ReadLimit, _time, cancellationToken).ConfigureAwait(false);
        }
        catch (TimeoutException)
        {
            if (_time.GetElapsedTime(_readingSince) > Stale)
                _backlog = null;
            return;
        }
        catch (Exception e) when (e is not OperationCanceledException)
        {
            _log.LogWarning(e, "What waits cannot be counted; its metrics are left out");
            _backlog = null;
        }

        // Counting takes a hundredth of the time at most.
        _reading = null;
        _lookedAt = _time.GetTimestamp();
        var took = 100 * _time.GetElapsedTime(_readingSince);
        _lookAgainAfter = took > ShortestLook ? took : ShortestLook;
    }

    /// <inheritdoc/>
    public void Dispose()
    {
        _meter.Dispose();
        _process.Dispose();
    }

    private IEnumerable<Measurement<T>> Known<T>(Func<Backlog, T> value)
        where T : struct => _backlog is { } backlog ? [new Measurement<T>(value(backlog))] : [];

    // All states each time, so that an empty queue is a 0 and no gap.
    private IEnumerable<Measurement<T>> Queue<T>(Func<QueueBacklog?, T> value)
        where T : struct => _backlog is not { } backlog ? [] :
            QueueStates.Select(state => new Measurement<T>(value(backlog.Queue.FirstOrDefault(q => q.State == state)), Tag("state", state)));

    private double Age(DateTimeOffset? since) => since is { } at ? Math.Max(0, (_time.GetUtcNow() - at).TotalSeconds) : 0;

    private static KeyValuePair<string, object?> Tag(string name, string value) => new(name, value);

    private static long SizeOf(string path) => new FileInfo(path) is { Exists: true } file ? file.Length : 0;

    private static double MostFiles()
    {
        var limit = File.ReadLines("/proc/self/limits").First(line => line.StartsWith("Max open files", StringComparison.Ordinal)).Split(' ', StringSplitOptions.RemoveEmptyEntries)[3];
        return limit == "unlimited" ? double.PositiveInfinity : double.Parse(limit, CultureInfo.InvariantCulture);
    }

    private static double StartTime()
    {
        using var process = Process.GetCurrentProcess();
        return new DateTimeOffset(process.StartTime).ToUnixTimeMilliseconds() / 1000.0;
    }
}
