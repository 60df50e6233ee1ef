using Microsoft.Data.Sqlite;
using Microsoft.Extensions.Logging;

namespace AgentMta.Server.Store.Sqlite;

/// <content>The group commit: whatever waits is written in one transaction, each piece behind a savepoint of its own.</content>
internal sealed partial class SqliteDatabase
{
    private const int BatchLimit = 256;

    private void WriteLoop()
    {
        var batch = new List<WriteItem>(BatchLimit);
        while (_queue.Reader.WaitToReadAsync().AsTask().GetAwaiter().GetResult())
        {
            _turn.Wait();
            try
            {
                while (batch.Count < BatchLimit && _queue.Reader.TryRead(out var item))
                    batch.Add(item);
                CommitBatch(_session, batch);
            }
            finally
            {
                _turn.Release();
            }

            batch.Clear();
        }
    }

    // False where somebody else has the turn.
    private bool CommitAlone(WriteItem item)
    {
        if (!_turn.Wait(0))
            return false;
        try
        {
            _alone.Add(item);
            CommitBatch(_session, _alone);
        }
        finally
        {
            _alone.Clear();
            _turn.Release();
        }

        return true;
    }

    private void CommitBatch(WriteSession session, List<WriteItem> batch)
    {
        session.WroteEvents = false;
        session.WroteChores = false;
        session.WroteSettings = false;
        try
        {
            session.Execute("BEGIN IMMEDIATE");
            if (!RunTogether(session, batch))
            {
                foreach (var item in batch)
                    RunOne(session, item);
            }

            session.Execute("COMMIT");
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

        if (session.WroteSettings)
            SettingsChanged();
        // Before the tasks: whoever awaited a write and then takes the next signal must not be woken by the write it has seen.
        if (session.WroteEvents)
            Changes.Fire();
        if (session.WroteChores)
            Chores.Fire();
        foreach (var item in batch)
            item.Complete();
    }

    // A savepoint has SQLite copy each page before its first change behind it: a batch of received messages does without, and almost never pays for that.
    private bool RunTogether(WriteSession session, List<WriteItem> batch)
    {
        if (!batch.TrueForAll(item => item.Repeatable))
            return false;
        try
        {
            foreach (var item in batch)
                item.Run(session);
            return true;
        }
        catch (Exception e)
        {
            ThrowIfBroken(e);
            session.Execute("ROLLBACK");
            session.Execute("BEGIN IMMEDIATE");
            return false;
        }
    }

    private void RunOne(WriteSession session, WriteItem item)
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

    private abstract class WriteItem(bool repeatable)
    {
        /// <summary>May be run again from its start.</summary>
        public bool Repeatable => repeatable;

        public Exception? Fault { get; set; }

        public abstract void Run(WriteSession session);

        public abstract void Complete();

        public abstract void Fail(Exception fault);
    }

    private sealed class WriteItem<T>(Func<WriteSession, T> work, bool repeatable) : WriteItem(repeatable)
    {
        private readonly TaskCompletionSource<T> _done = new(TaskCreationOptions.RunContinuationsAsynchronously);
        private T? _result;

        public Task<T> Done => _done.Task;

        public override void Run(WriteSession session) => _result = work(session);

        public override void Complete()
        {
            if (Fault is null)
                _done.SetResult(_result!);
            else
                _done.SetException(Fault);
        }

        public override void Fail(Exception fault) => _done.SetException(Fault ?? fault);
    }
}
