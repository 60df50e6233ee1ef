using System.Diagnostics;
using AgentMta.Server.Model;
using Microsoft.Data.Sqlite;
using Microsoft.Extensions.Logging;

namespace AgentMta.Server.Store.Sqlite;

/// <content>The group commit: whatever waits is written in one transaction, each piece behind a savepoint of its own.</content>
internal sealed partial class SqliteDatabase
{
    private const int BatchLimit = 256;
    private const string NotNow = "The store cannot keep changes now.";
    private static readonly TimeSpan Readiness = TimeSpan.FromMicroseconds(400);

    // Taken by whoever works on the writer's connection.
    private readonly Lock _turn = new();
    private readonly WakeSignal _wake = new();
    private volatile bool _isExpecting;
    private volatile bool _wasInVain;
    private long _expectedAt;
    private long _expectations;

    /// <summary>How often the writer's thread stayed awake for a write to come, and whether the last time it was in vain, for tests.</summary>
    internal (long Count, bool WasInVain) Expectations => (Volatile.Read(ref _expectations), _wasInVain);

    /// <inheritdoc/>
    public override void Expect()
    {
        // Waking the writer's thread takes a tenth of a lone message's time. Where others write, it is awake or soon will be; on the only processor it would be in
        // the way. And mail that is refused does not keep it awake.
        Volatile.Write(ref _expectedAt, Stopwatch.GetTimestamp());
        if (_wasInVain || Environment.ProcessorCount == 1 || Volatile.Read(ref _underWay) > 0)
            return;
        _isExpecting = true;
        _wake.Signal();
    }

    private void WriteLoop()
    {
        var batch = new List<WriteItem>(BatchLimit);
        var rest = Timeout.InfiniteTimeSpan;
        while (Sleep(rest) || !_queue.Reader.Completion.IsCompleted)
        {
            lock (_turn)
            {
                while (batch.Count < BatchLimit && _queue.Reader.TryRead(out var item))
                    batch.Add(item);
                if (batch.Count > 0)
                    CommitBatch(_session, batch);
                rest = CommitWhenDue(hadWork: batch.Count > 0);
            }

            batch.Clear();
            if (_queue.Reader.Count == 0)
                FlushLog();
            else if (HasUnflushed())
                _logWork.Signal(); // the next batch runs meanwhile
        }
    }

    // Until somebody wakes the writer's thread, or the time is over.
    private bool Sleep(TimeSpan rest)
    {
        // Looked at here too: the signals for the last piece of work and for the end may have been one.
        if (_queue.Reader.Count == 0 && !_queue.Reader.Completion.IsCompleted)
            _wake.Wait(rest);
        if (_isExpecting)
            StayAwake();
        return _queue.Reader.Count > 0;
    }

    // A write that comes from the pool, or late, would not have been waited for: its checks asked the network, or this processor is slow.
    private void LookForExpected()
    {
        if (_wasInVain && !PoolThread.IsCurrent && Stopwatch.GetElapsedTime(Volatile.Read(ref _expectedAt)) <= Readiness)
            _wasInVain = false;
    }

    private void StayAwake()
    {
        _isExpecting = false;
        Interlocked.Increment(ref _expectations);
        var began = Stopwatch.GetTimestamp();
        while (Volatile.Read(ref _underWay) == 0 || _queue.Reader.Count == 0)
        {
            if (Stopwatch.GetElapsedTime(began) > Readiness)
            {
                _wasInVain = true; // until a write comes as soon as it should have
                return;
            }

            Thread.SpinWait(8);
        }
    }

    // False where somebody else has the turn, or the store is closed.
    private bool CommitAlone(WriteItem item)
    {
        if (!_turn.TryEnter())
            return false;
        try
        {
            if (_closed)
                return false;
            _alone.Add(item);
            CommitBatch(_session, _alone);
        }
        finally
        {
            _alone.Clear();
            _turn.Exit();
        }

        FlushLog();
        return true;
    }

    private void CommitBatch(SqliteWriteSession session, List<WriteItem> batch)
    {
        var repeatable = batch.TrueForAll(item => item.Repeatable);
        var changesNothing = batch.TrueForAll(item => item.ChangesNothing);
        if (changesNothing && !_isOpen && !_owed)
        {
            Complete(batch);
            return;
        }

        try
        {
            Begin(session);
            if (repeatable && _isLogging)
            {
                _recorder.Restart();
                session.Recorder = _recorder;
            }

            if (!repeatable || !RunTogether(session, batch))
            {
                foreach (var item in batch)
                    RunOne(session, item);
            }

            // Where one failed, all is committed: what fails again and again must not put the commit off again and again.
            if (session.Recorder is not null && TryRecord(session, batch))
                return;
            Commit(session, flush: !changesNothing);
        }
        catch (Exception e)
        {
            // Nothing of the batch is stored: neither half of it nor a part whose reply was sent.
            RollBack(session);
            _log.LogError(e, "The store could not commit {Count} changes", batch.Count);
            var fault = e as StoreException ?? new StoreException("The store cannot keep changes now: " + e.Message, e);
            foreach (var item in batch)
                item.Fail(fault);
            return;
        }
        finally
        {
            (session.Recorder, session.Unrecorded) = (null, false);
        }

        // Before the tasks: whoever awaited a write and then takes the next signal must not be woken by the write it has seen.
        Tell(session);
        Complete(batch);
    }

    private void Tell(WriteSession session)
    {
        if (session.WroteSettings)
            SettingsChanged();
        if (session.WroteEvents)
            Changes.Fire();
        if (session.WroteChores)
            Chores.Fire();
        (session.WroteEvents, session.WroteChores, session.WroteSettings) = (false, false, false);
    }

    // A savepoint has SQLite copy each page before its first change behind it: a batch of received messages does without, and almost never pays for that.
    private bool RunTogether(SqliteWriteSession session, List<WriteItem> batch)
    {
        try
        {
            foreach (var item in batch)
                item.Run(session);
            return true;
        }
        catch (Exception e)
        {
            ThrowIfBroken(e);
            session.Recorder = null; // what is run piece by piece is committed
            lock (_flushing)
                Complete(TryFlush()); // what it cannot make durable is rolled back with the rest
            RollBack(session);
            Begin(session); // and again what was acknowledged before
            return false;
        }
    }

    private void RunOne(SqliteWriteSession session, WriteItem item)
    {
        session.Execute("SAVEPOINT one");
        try
        {
            item.Run(session);
        }
        catch (Exception e)
        {
            ThrowIfBroken(e);
            session.Execute("ROLLBACK TO one");
            item.Fault = e;
        }

        session.Execute("RELEASE one");
    }

    // SQLITE_FULL and I/O errors may already have rolled the whole transaction back (sqlite.org/lang_transaction.html).
    private void ThrowIfBroken(Exception e)
    {
        if (SQLitePCL.raw.sqlite3_get_autocommit(_writer.Handle) != 0)
            throw new StoreException("The store cannot keep changes now: " + e.Message, e);
        if (e is SqliteException { SqliteErrorCode: SQLitePCL.raw.SQLITE_FULL or SQLitePCL.raw.SQLITE_IOERR or SQLitePCL.raw.SQLITE_CORRUPT } broken)
            throw new StoreException("The store cannot keep changes now: " + broken.Message, broken);
    }

    private void RollBack(WriteSession session)
    {
        List<WriteItem> lost;
        lock (_flushing)
            lost = TakeUnflushed();
        _recorder.Forget(ArrivalLog.Room); // texts that only a lost record named
        foreach (var item in lost)
            item.Fail(_mayComeBack ? new UnsureException(NotNow) : new StoreException(NotNow));
        // What the log holds of this transaction was acknowledged: the next one begins with it.
        if (_isOpen && _isLogged && _arrivals!.Length > 0)
        {
            _owed = true;
            _wake.Signal();
        }

        (_isOpen, _isLogged) = (false, false);
        try
        {
            if (SQLitePCL.raw.sqlite3_get_autocommit(_writer.Handle) == 0)
                session.Execute("ROLLBACK");
        }
        catch (SqliteException e)
        {
            _log.LogError(e, "The store could not roll back");
        }
    }

    private abstract class WriteItem(bool repeatable, bool answersHere) : IThreadPoolWorkItem
    {
        private bool _isOver;

        /// <summary>May be run again from its start.</summary>
        public bool Repeatable => repeatable;

        /// <summary>Waits for those before it only.</summary>
        public bool ChangesNothing { get; init; }

        public Exception? Fault { get; set; }

        public abstract void Run(WriteSession session);

        /// <summary>Whoever waits for it goes on in the pool, or here and now where it only answers; without a lock, then.</summary>
        public void Complete(bool here)
        {
            if (_isOver)
                return;
            _isOver = true;
            if (here || !answersHere)
                Tell();
            else
                ThreadPool.UnsafeQueueUserWorkItem(this, preferLocal: false);
        }

        public void Fail(Exception fault)
        {
            if (!_isOver)
                Fault ??= fault;
            Complete(here: false);
        }

        void IThreadPoolWorkItem.Execute() => Tell();

        protected abstract void Tell();
    }

    private sealed class WriteItem<T>(Func<WriteSession, T> work, bool repeatable, bool answersHere = false) : WriteItem(repeatable, answersHere)
    {
        private readonly TaskCompletionSource<T> _done = new(answersHere ? TaskCreationOptions.None : TaskCreationOptions.RunContinuationsAsynchronously);
        private T? _result;

        public Task<T> Done => _done.Task;

        public override void Run(WriteSession session) => _result = work(session);

        protected override void Tell()
        {
            if (Fault is null)
                _done.TrySetResult(_result!);
            else
                _done.TrySetException(Fault);
        }
    }
}
