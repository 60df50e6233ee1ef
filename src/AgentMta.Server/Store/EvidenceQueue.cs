using System.Data.Common;
using System.Threading.Channels;

namespace AgentMta.Server.Store;

/// <summary>Rows of evidence on their way to disk in bounded batches without a flush: who records never waits, a flood costs the oldest that wait.</summary>
internal sealed class EvidenceQueue<T> : IAsyncDisposable
{
    private const int Waiting = 4096;
    private const int BatchLimit = 256;
    private const int BatchesPerSweep = 64;

    private static readonly TimeSpan WarnEach = TimeSpan.FromMinutes(1);

    private readonly Database _evidence;
    private readonly Action<WriteSession, List<T>> _write;
    private readonly Action<WriteSession> _sweep;
    private readonly ILogger _log;
    private readonly Channel<T> _queue = Channel.CreateBounded<T>(new BoundedChannelOptions(Waiting) { FullMode = BoundedChannelFullMode.DropOldest, SingleReader = true });
    private readonly Task _writing;

    /// <param name="write">Writes a batch.</param>
    /// <param name="sweep">Deletes what is too old or too much; with the first batch and each 64th.</param>
    public EvidenceQueue(Database evidence, Action<WriteSession, List<T>> write, Action<WriteSession> sweep, ILogger log)
    {
        (_evidence, _write, _sweep, _log) = (evidence, write, sweep, log);
        _writing = Task.Run(WriteAsync);
    }

    /// <summary>Takes a row; returns at once.</summary>
    public void Add(T row) => _queue.Writer.TryWrite(row);

    /// <summary>Writes what waits, then stops.</summary>
    public async ValueTask DisposeAsync()
    {
        _queue.Writer.TryComplete();
        await _writing.ConfigureAwait(false);
    }

    private async Task WriteAsync()
    {
        var batch = new List<T>(BatchLimit);
        var lost = 0;
        long? warnedAt = null;
        for (var batches = 0; await _queue.Reader.WaitToReadAsync().ConfigureAwait(false); batches++)
        {
            while (batch.Count < BatchLimit && _queue.Reader.TryRead(out var row))
                batch.Add(row);
            try
            {
                var due = batches % BatchesPerSweep == 0;
                await _evidence.WriteAsync(session =>
                {
                    _write(session, batch);
                    if (due)
                        _sweep(session);
                }).ConfigureAwait(false);
            }
            catch (Exception e) when (e is StoreException or DbException)
            {
                // A line for each batch would be one for each refused session, and fill the disk that the evidence could not.
                lost += batch.Count;
                if (warnedAt is null || _evidence.Time.GetElapsedTime(warnedAt.Value) >= WarnEach)
                {
                    _log.LogWarning(e, "{Count} rows of evidence could not be kept since the last such line; look at evidence.db and its disk", lost);
                    (lost, warnedAt) = (0, _evidence.Time.GetTimestamp());
                }
            }

            batch.Clear();
        }
    }
}
