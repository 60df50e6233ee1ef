namespace AgentMta.Server.Store;

/// <summary>
/// Threads that wait for the disk, so that none of the pool's few does: made when they are needed, a given number at most, and kept while there is work. What follows
/// a flush goes back to the pool.
/// </summary>
internal sealed class FlushThreads(int most) : IDisposable
{
    private static readonly TimeSpan IdleTime = TimeSpan.FromSeconds(10);

    private readonly object _gate = new();
    private readonly Queue<Item> _items = new();
    private int _threads;
    private int _idle;
    private bool _closed;

    /// <summary>Runs <paramref name="flush"/> on one of them; what it throws, the task does.</summary>
    public Task RunAsync(Action flush)
    {
        var item = new Item(flush);
        lock (_gate)
        {
            _items.Enqueue(item);
            if (_idle >= _items.Count)
            {
                Monitor.Pulse(_gate);
            }
            else if (_threads < most)
            {
                _threads++;
                new Thread(Work) { IsBackground = true, Name = "raw flush" }.Start();
            }
        }

        return item.Done;
    }

    /// <summary>Those without work end at once.</summary>
    public void Dispose()
    {
        lock (_gate)
        {
            _closed = true;
            Monitor.PulseAll(_gate);
        }
    }

    private void Work()
    {
        while (Next() is { } item)
            item.Run();
    }

    private Item? Next()
    {
        lock (_gate)
        {
            while (_items.Count == 0)
            {
                _idle++;
                var isWoken = Monitor.Wait(_gate, IdleTime);
                _idle--;
                if ((!isWoken || _closed) && _items.Count == 0)
                {
                    _threads--;
                    return null;
                }
            }

            return _items.Dequeue();
        }
    }

    private sealed class Item(Action flush)
    {
        private readonly TaskCompletionSource _done = new(TaskCreationOptions.RunContinuationsAsynchronously);

        public Task Done => _done.Task;

        public void Run()
        {
            try
            {
                flush();
                _done.SetResult();
            }
            catch (Exception e)
            {
                _done.SetException(e);
            }
        }
    }
}
