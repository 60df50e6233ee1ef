using System.Diagnostics;
using AgentMta.Server.Model;
using Microsoft.Data.Sqlite;
using Microsoft.Extensions.Logging;
using Microsoft.Win32.SafeHandles;

namespace AgentMta.Server.Store.Sqlite;

/// <content>
/// The flush of SQLite's own log, the WAL. With synchronous=NORMAL a commit leaves it to whoever needs it: at once for what the log of arrivals does not hold, and
/// otherwise on a thread beside the writer, whenever a half of the log of arrivals is full.
/// </content>
internal sealed partial class SqliteDatabase
{
    private const string Broken = "The database's files cannot be flushed to the disk, so nothing more is taken. Look at the disk and start the server again.";
    // Pages of the WAL that are copied into the database at a time, and behind how many the WAL begins again from its start.
    private const int PassPages = 1000;
    private const int WalPages = 4 * PassPages;
    // Of which the writer copies a thousand pages itself, or such a part of it.
    private const int WalShare = 8;
    private const int ReaderMilliseconds = 50;
    private const int PagesWritten = 9; // SQLITE_DBSTATUS_CACHE_WRITE
    private const int NoCopyOnClose = 1006; // SQLITE_DBCONFIG_NO_CKPT_ON_CLOSE

    private readonly WakeSignal _logWork = new();
    private readonly WakeSignal _upkeepWork = new();
    // Taken behind the flushing lock, or alone.
    private readonly Lock _walFlush = new();
    private SafeFileHandle? _wal;
    private SafeFileHandle? _file;
    private Thread[] _flushers = [];
    private SqliteConnection? _checkpointer;
    private volatile bool _isBroken;
    private volatile Checkpoint _checkpoint;
    private int _walPages;
    private int _passPages;
    private int _copied;
    private int _taken;
    private int _left;
    private int _inWal;
    private long _flushes;

    /// <summary>Called before each flush of the WAL, for tests of a disk that fails.</summary>
    internal Action? BeforeFlush { get; set; }

    /// <summary>Called before each flush of the database's own file beside the writer, for tests of a disk that fails.</summary>
    internal Action? BeforeFileFlush { get; set; }

    /// <summary>Called behind each copy of the WAL into the database with how many pages it took, for tests.</summary>
    internal Action<int>? AfterCopy { get; set; }

    /// <summary>How often the WAL was flushed, for tests.</summary>
    internal long Flushed => Volatile.Read(ref _flushes);

    /// <summary>Behind how many pages of the WAL the writer has it begin again, though that holds everybody.</summary>
    internal int WalLimit { get; set; } = 4 * WalPages;

    // Before anything of an earlier run's log is void: what that run committed is in the database's own file, also where it could not flush the WAL and left it to the kernel.
    private void CopyEarlier()
    {
        var began = Stopwatch.GetTimestamp();
        while (_session.Query("PRAGMA wal_checkpoint(PASSIVE)", r => r.GetInt64(0) != 0 || r.GetInt64(1) != r.GetInt64(2))[0])
        {
            if (Stopwatch.GetElapsedTime(began) > LogWait)
                throw new StoreException($"'{_path}-wal' cannot be copied into the database, since another process reads an older state of it. End that one, then start again.");
            Thread.Sleep(5);
        }
    }

    private void StartFlushing()
    {
        // SQLite has no locks on the WAL, and on the database until it is closed: POSIX locks end with any descriptor of the file.
        _wal = FileFlush.OpenUnlocked(_path + "-wal") ?? throw new StoreException($"'{_path}-wal' cannot be opened.");
        _file = FileFlush.OpenUnlocked(_path) ?? throw new StoreException($"'{_path}' cannot be opened.");
        FlushWal();
        _arrivals!.Settle(_epoch);
        Run(_writer, "PRAGMA wal_autocheckpoint = 0");
        _checkpointer = Connect(SqliteOpenMode.ReadWrite);
        Run(_checkpointer, "SELECT COUNT(*) FROM arrival_log"); // it knows of the WAL once it has read something
        _flushers = [new Thread(FlushBatches) { IsBackground = true, Name = "store log" }, new Thread(Upkeep) { IsBackground = true, Name = "store flush" }];
        foreach (var flusher in _flushers)
            flusher.Start();
    }

    private void StopFlushing()
    {
        _closed = true;
        _logWork.Signal();
        _upkeepWork.Signal();
        foreach (var flusher in _flushers)
            flusher.Join();
        _checkpointer?.Dispose();
        _wal?.Dispose();
    }

    // To be called with the flushing lock, behind a commit; completes those who wait for it.
    private void FlushDatabase(List<WriteItem> waiting)
    {
        try
        {
            FlushWal();
        }
        catch (StoreException e)
        {
            var unsure = new UnsureException(e.Message, e.InnerException); // committed, and read
            foreach (var item in waiting)
                item.Fail(unsure);
            throw unsure;
        }

        _arrivals!.Settle(_epoch);
        Complete(waiting);
    }

    private void Upkeep()
    {
        while (true)
        {
            _upkeepWork.Wait(Timeout.InfiniteTimeSpan);
            if (_closed)
                return;
            FreeHalf();
            var wanted = _checkpoint;
            if (wanted is not (Checkpoint.Part or Checkpoint.Whole))
                continue;
            (_taken, _left) = Copy();
            _checkpoint = wanted == Checkpoint.Whole ? Checkpoint.Begun : Checkpoint.None;
        }
    }

    private void FreeHalf()
    {
        long epoch; // committed before the flush begins
        lock (_flushing)
        {
            epoch = _epoch;
            if (!_arrivals!.IsHeldUpBy(epoch))
                return;
        }

        try
        {
            FlushWal();
        }
        catch (StoreException)
        {
            return; // said already; the log keeps what it has
        }

        lock (_flushing)
            _arrivals.Settle(Math.Max(epoch, _arrivals.Settled));
    }

    // Copies what the WAL holds into the database, and returns how many pages that were and how many are left. SQLite flushes the database only behind the last page,
    // which is copied in the writer's turn: what is flushed here need not be then, while everybody waits.
    private (int Taken, int Left) Copy()
    {
        var (taken, left) = CopyPages(_checkpointer!);
        if (taken == 0)
            return (taken, left);
        try
        {
            BeforeFileFlush?.Invoke();
            FileFlush.Data(_file!);
        }
        catch (IOException e)
        {
            Break(e);
        }

        return (taken, left);
    }

    // To be called behind a commit, in one's turn. Copying the WAL's pages into the database takes long, and is done beside the writer, some at a time so that the
    // disk is free for the log in between; what came in behind the last of them is little, and copied here, so that the WAL begins again from its start.
    private void KeepWalShort()
    {
        SQLitePCL.raw.sqlite3_db_status(_writer.Handle, PagesWritten, out var pages, out _, 1);
        _walPages += pages;
        _passPages += pages;
        if (_checkpoint == Checkpoint.Begun)
        {
            if (IsTurnOfWriter() && CopyRest() == 0)
                _walPages = 0;
            _checkpoint = Checkpoint.None;
        }

        if (_checkpoint == Checkpoint.None && _passPages >= PassPages)
        {
            _checkpoint = _walPages >= WalPages ? Checkpoint.Whole : Checkpoint.Part;
            _passPages = 0;
            _upkeepWork.Signal();
        }
    }

    // Where a reader was in the way, or much came in while the file was flushed, the next pass copies that too. But where the WAL is long and each pass leaves more than
    // half of what it took, the disk is slower than the mail: passes alone never come to an end, and somebody has to wait for the disk.
    private bool IsTurnOfWriter() =>
        _left <= Math.Max(PassPages, _inWal / WalShare) - _passPages || (_left <= PassPages && _inWal >= WalLimit && _passPages > _taken / 2);

    // Readers who follow each other without a gap keep the last pages from being copied, or the WAL from beginning again, for ever. Where it is long they are waited for, a little:
    // who comes meanwhile sees what is copied, and is in nobody's way.
    private int CopyRest()
    {
        if (_inWal < WalLimit)
            return CopyPages(_writer).Left;
        SQLitePCL.raw.sqlite3_busy_timeout(_writer.Handle, ReaderMilliseconds);
        var (_, left) = CopyPages(_writer, SQLitePCL.raw.SQLITE_CHECKPOINT_RESTART);
        SQLitePCL.raw.sqlite3_busy_timeout(_writer.Handle, BusyMilliseconds);
        return left;
    }

    // By one thread at a time, as the state says whose turn it is.
    private (int Taken, int Left) CopyPages(SqliteConnection connection, int mode = SQLitePCL.raw.SQLITE_CHECKPOINT_PASSIVE)
    {
        // What could not be flushed may come back from the disk as something else, and a copy looks at no checksum.
        if (_isBroken)
            return (0, int.MaxValue);
        var result = SQLitePCL.raw.sqlite3_wal_checkpoint_v2(connection.Handle, null, mode, out var pages, out var copied);
        if (result == SQLitePCL.raw.SQLITE_OK)
        {
            var taken = copied < _copied ? copied : copied - _copied; // less: the WAL began again
            (_copied, _inWal) = (copied, pages);
            AfterCopy?.Invoke(taken);
            return (taken, pages - copied);
        }

        // As with the WAL: what a failed flush of the database's file leaves on disk is unknown, and SQLite counts what it has copied as done.
        if ((result & 0xff) == SQLitePCL.raw.SQLITE_IOERR)
            Break(new IOException(SQLitePCL.raw.sqlite3_errmsg(connection.Handle).utf8_to_string()));
        else if ((result & 0xff) != SQLitePCL.raw.SQLITE_BUSY) // a command beside the server copies, or a reader stays
            _log.LogError("The WAL cannot be copied into the database ({Error}); nothing is lost, and it is tried again. Look at the disk", SQLitePCL.raw.sqlite3_errmsg(connection.Handle).utf8_to_string());
        return (0, int.MaxValue); // left to the next pass
    }

    // The last connection that is closed copies the WAL into the database and deletes it. Where a flush failed that would be on the word of a disk that lies:
    // the start does it anew, behind a look at every checksum.
    private static void LeaveWal(SqliteConnection connection) => SQLitePCL.raw.sqlite3_db_config(connection.Handle, NoCopyOnClose, 1, out _);

    // What a failed flush leaves on disk is unknown, and asking again would be answered with a lie.
    private void FlushWal()
    {
        // One at a time: the kernel tells of a failure once, and whoever asked beside would hear that all is well.
        using var alone = _walFlush.EnterScope();
        if (_isBroken)
            throw new StoreException(Broken);
        try
        {
            BeforeFlush?.Invoke();
            FileFlush.Data(_wal!);
            Interlocked.Increment(ref _flushes);
        }
        catch (Exception e)
        {
            Break(e);
            throw new StoreException(Broken, e);
        }
    }

    private void Break(Exception e)
    {
        _isBroken = true;
        _log.LogCritical(e, Broken);
    }

    private enum Checkpoint
    {
        None,

        /// <summary>Copy what there is, beside the writer.</summary>
        Part,

        /// <summary>The same, and the writer copies the rest.</summary>
        Whole,

        /// <summary>The rest is left.</summary>
        Begun,
    }
}
