using System.Buffers;
using System.Diagnostics;
using System.Security.Cryptography;
using Microsoft.Extensions.Logging;

namespace AgentMta.Server.Store.Sqlite;

/// <content>
/// The log of arrivals: a transaction stays open over several batches, each made durable by one small record of its statements; its commit, which writes every page
/// once that they changed, comes a little later. What a killed process left behind is run again from the records, before anybody else reads or writes.
/// </content>
internal sealed partial class SqliteDatabase
{
    private const int LogLimit = 4 * 1024 * 1024;
    private const int KeptBuffer = 4 * 1024 * 1024;
    private const int BusyMilliseconds = 10_000;
    private static readonly TimeSpan OwedTick = TimeSpan.FromSeconds(1);
    private static readonly TimeSpan LogWait = TimeSpan.FromSeconds(15);

    private readonly string? _logPath;
    private readonly StatementRecorder _recorder = new();
    // Taken behind the turn, never before it.
    private readonly Lock _flushing = new();
    private readonly Lock _handing = new();
    private List<WriteItem> _unflushed = [];
    private List<WriteItem> _flushed = [];
    private ArrayBufferWriter<byte> _unwritten = new();
    private ArrayBufferWriter<byte> _written = new();
    private int _unwrittenCount;
    private ArrivalLog? _arrivals;
    private long _salt;
    private long _epoch;
    private long _openSince;
    private long _lookedAt;
    private long _triedAt;
    private int _appended;
    private int _appendedBefore;
    private volatile bool _isLogging;
    private bool _isOpen;
    // Something was acknowledged that no reader sees yet.
    private volatile bool _isAhead;
    private bool _isLogged;
    private bool _owed;

    /// <summary>How many batches were acknowledged from the log, for tests.</summary>
    internal long Logged { get; private set; }

    /// <summary>When an open transaction is committed: after so long without a further batch, and after so long in any case.</summary>
    internal (TimeSpan Quiet, TimeSpan Longest) CommitAfter { get; set; } = (TimeSpan.FromMilliseconds(5), TimeSpan.FromMilliseconds(25));

    /// <summary>Called before each commit, for tests of a disk that fails.</summary>
    internal Action? BeforeCommit { get; set; }

    /// <summary>The log, for tests.</summary>
    internal ArrivalLog? Log => _arrivals;

    // Whoever has the log runs what it holds; the server keeps it from then on, a command beside it only looks.
    private void OpenLog(bool keep)
    {
        if (_logPath is null)
            return;
        if (!keep)
        {
            Visit();
            return;
        }

        var began = Stopwatch.GetTimestamp();
        while ((_arrivals = ArrivalLog.TryOpen(_logPath, create: true)) is null)
        {
            if (Stopwatch.GetElapsedTime(began) > LogWait)
                throw new StoreException($"'{_logPath}' is in use by another process. Is a command of this program still at work on the data folder?");
            Thread.Sleep(5); // a command that looks into it is done at once
        }

        _session.Execute("BEGIN IMMEDIATE");
        (_, _epoch) = Recover(_session);
        _salt = BitConverter.ToInt64(RandomNumberGenerator.GetBytes(sizeof(long)));
        _session.Execute("UPDATE arrival_log SET salt = @p1, epoch = @p2", _salt, _epoch);
        _session.Execute("COMMIT");
        _arrivals.Begin(_salt, _epoch + 1);
        _isLogging = true;
    }

    // The server has the write lock as long as it holds anything that is not committed, so what was acknowledged before is there behind this.
    private void Visit()
    {
        try
        {
            Begin(_session);
            _session.Execute("COMMIT");
        }
        catch (Microsoft.Data.Sqlite.SqliteException e) when (e.SqliteErrorCode == SQLitePCL.raw.SQLITE_BUSY)
        {
            _log.LogWarning("The server is so busy that its newest messages are not waited for");
        }

        _isOpen = false;
    }

    private void Begin(WriteSession session)
    {
        if (_isOpen)
            return;
        Lock(session);
        (_isOpen, _isLogged, _appended, _appendedBefore) = (true, false, 0, 0);
        _openSince = _lookedAt = Stopwatch.GetTimestamp();
        if (_arrivals is null && _logPath is not null)
        {
            TakeOver(session);
        }
        else if (_owed)
        {
            Replay(session, _arrivals!.ReadOwn());
            (_isLogged, _owed) = (true, false);
        }
    }

    // A command beside the server: where the log holds what the database has not, though nobody has the write lock, the server was killed, starts, or cannot commit.
    private void TakeOver(WriteSession session)
    {
        var began = Stopwatch.GetTimestamp();
        while (Last(session) is var last && ArrivalLog.Holds(_logPath!, last.Salt, last.Epoch + 1))
        {
            using (_arrivals = ArrivalLog.TryOpen(_logPath!, create: false))
            {
                if (_arrivals is not null)
                {
                    try
                    {
                        var (_, epoch) = Recover(session);
                        session.Execute("UPDATE arrival_log SET epoch = @p1", epoch);
                        session.Execute("COMMIT");
                        session.Execute("BEGIN IMMEDIATE");
                    }
                    finally
                    {
                        _arrivals = null;
                    }

                    return;
                }
            }

            session.Execute("ROLLBACK");
            if (Stopwatch.GetElapsedTime(began) > LogWait)
                throw new StoreException("The server holds messages that it cannot commit (is its disk full?); nothing can be changed before it has.");
            Thread.Sleep(20);
            Lock(session);
        }
    }

    // A busy server lets go of the write lock for moments only, and SQLite looks for them each tenth of a second: a command beside it looks more often.
    private void Lock(WriteSession session)
    {
        if (_arrivals is not null || _logPath is null)
        {
            session.Execute("BEGIN IMMEDIATE");
            return;
        }

        var began = Stopwatch.GetTimestamp();
        SQLitePCL.raw.sqlite3_busy_timeout(_writer.Handle, 0);
        try
        {
            while (true)
            {
                try
                {
                    session.Execute("BEGIN IMMEDIATE");
                    return;
                }
                catch (Microsoft.Data.Sqlite.SqliteException e) when (e.SqliteErrorCode == SQLitePCL.raw.SQLITE_BUSY && Stopwatch.GetElapsedTime(began) < LogWait)
                {
                    Thread.Sleep(1);
                }
            }
        }
        finally
        {
            SQLitePCL.raw.sqlite3_busy_timeout(_writer.Handle, BusyMilliseconds);
        }
    }

    private static (long Salt, long Epoch) Last(WriteSession session)
    {
        var row = session.First("SELECT salt, epoch FROM arrival_log", r => new long[] { r.GetInt64(0), r.GetInt64(1) })!;
        return (row[0], row[1]);
    }

    // Runs what the log holds of the epoch that the database does not have yet; returns what the database has then.
    private (long Salt, long Epoch) Recover(WriteSession session)
    {
        var (salt, epoch) = Last(session);
        return (salt, Replay(session, _arrivals!.Read(salt, epoch + 1)) ? epoch + 1 : epoch);
    }

    private bool Replay(WriteSession session, IEnumerable<ReadOnlyMemory<byte>> records)
    {
        var texts = new Dictionary<int, string>();
        var count = 0;
        foreach (var record in records)
        {
            try
            {
                StatementRecorder.Replay(record.Span, texts, session);
            }
            catch (Exception e) when (e is InvalidDataException or Microsoft.Data.Sqlite.SqliteException { SqliteErrorCode: SQLitePCL.raw.SQLITE_CONSTRAINT or SQLitePCL.raw.SQLITE_ERROR })
            {
                throw new StoreException($"'{_logPath}' holds messages that were acknowledged and are not in the database, and they do not fit it: {e.Message} Was the database replaced? "
                    + "Put the one back that belongs to it, or move the log away to go on without them.", e);
            }

            count++;
        }

        if (count > 0)
            _log.LogInformation("Took {Count} batches of acknowledged messages from the log of arrivals", count);
        return count > 0;
    }

    /// <summary>Hands a batch over to <see cref="FlushLog"/>, which makes it durable and completes it; false where only a commit can.</summary>
    private bool TryRecord(SqliteWriteSession session, List<WriteItem> batch)
    {
        if (session.Unrecorded || session.WroteChores || session.WroteSettings || !_isLogging || _arrivals!.Length > LogLimit)
            return false;
        var record = _recorder.Record;
        _arrivals.Seal(record);
        lock (_handing)
        {
            _unflushed.AddRange(batch);
            _unwritten.Write(record);
            _unwrittenCount++;
        }

        _recorder.Clear();
        _isLogged = true;
        if (_appended++ == 0)
            Wake(); // the writer's thread commits in a while
        return true;
    }

    /// <summary>
    /// Makes durable what was recorded, all of it with one flush; to be called when the turn is given back, so that the next batch runs meanwhile. Where somebody
    /// flushes, that one does it: it looks again when it is done.
    /// </summary>
    private void FlushLog()
    {
        if (!HasUnflushed() || !_flushing.TryEnter())
            return;
        bool isDone;
        try
        {
            isDone = TryFlush();
        }
        finally
        {
            _flushing.Exit();
        }

        if (!isDone)
        {
            lock (_turn)
            {
                if (!_closed)
                    CommitOpen();
            }
        }
        else if (HasUnflushed())
        {
            Wake(); // what came meanwhile is the writer's thread's, which looks at the clock in between
        }
    }

    private bool HasUnflushed()
    {
        lock (_handing)
            return _unflushed.Count > 0;
    }

    // To be called with the flushing lock. False where the log cannot be written: what waits is left for a commit.
    private bool TryFlush()
    {
        int count;
        lock (_handing)
        {
            if (_unflushed.Count == 0)
                return true;
            if (!_isLogging)
                return false;
            (_unflushed, _flushed) = (_flushed, _unflushed);
            (_unwritten, _written) = (_written, _unwritten);
            (count, _unwrittenCount) = (_unwrittenCount, 0);
        }

        try
        {
            _arrivals!.Write(_written.WrittenSpan, count);
        }
        catch (Exception e)
        {
            // What a failed flush leaves on disk is unknown, and asking again would be answered with a lie: no record of this process counts from here on.
            _log.LogError(e, "The log of arrivals cannot be written: each message is committed by itself from now on. Look at the disk and start the server again");
            _isLogging = false;
            _arrivals!.Cut();
            lock (_handing)
                _unflushed.InsertRange(0, _flushed);
            _flushed.Clear();
            return false;
        }

        Logged += count;
        _isAhead = true;
        Complete(_flushed);
        _written.ResetWrittenCount();
        if (_written.Capacity > KeptBuffer)
            _written = new ArrayBufferWriter<byte>();
        return true;
    }

    private static void Complete(List<WriteItem> items)
    {
        foreach (var item in items)
            item.Complete();
        items.Clear();
    }

    // What was handed over and is not flushed, for the one who makes it durable, or fails it, in another way. To be called with the flushing lock.
    private List<WriteItem> TakeUnflushed()
    {
        lock (_handing)
        {
            var taken = _unflushed;
            _unflushed = [];
            _unwritten.ResetWrittenCount();
            _unwrittenCount = 0;
            _arrivals?.Drop();
            return taken;
        }
    }

    private void Commit(WriteSession session)
    {
        lock (_flushing)
        {
            // Also where nothing was logged: a log of this epoch must fit this state of the database and no other.
            if (_arrivals is not null)
                session.Execute("UPDATE arrival_log SET epoch = @p1", _epoch + 1);
            BeforeCommit?.Invoke();
            session.Execute("COMMIT");
            (_isOpen, _isAhead, _isLogged) = (false, false, false);
            if (_arrivals is null)
                return;
            _epoch++;
            var durable = TakeUnflushed();
            _recorder.BeginEpoch();
            _arrivals.Begin(_salt, _epoch + 1);
            Complete(durable);
        }
    }

    // Called by the writer's thread in its turn: commits when nothing came for a tick, or the transaction is old enough. Returns when to look again.
    private TimeSpan CommitWhenDue(bool hadWork)
    {
        if (_owed)
        {
            var pause = OwedTick - Stopwatch.GetElapsedTime(_triedAt);
            if (hadWork || pause > TimeSpan.Zero)
                return hadWork ? OwedTick : pause;
            _triedAt = Stopwatch.GetTimestamp();
            CommitOpen();
            return OwedTick;
        }

        if (!_isOpen)
            return Timeout.InfiniteTimeSpan;
        if (Stopwatch.GetElapsedTime(_openSince) < CommitAfter.Longest)
        {
            var rest = CommitAfter.Quiet - Stopwatch.GetElapsedTime(_lookedAt);
            if (rest > TimeSpan.Zero)
                return rest;
            var isQuiet = _appended == _appendedBefore;
            (_appendedBefore, _lookedAt) = (_appended, Stopwatch.GetTimestamp());
            if (!isQuiet)
                return CommitAfter.Quiet;
        }

        _triedAt = Stopwatch.GetTimestamp();
        CommitOpen();
        return _owed ? OwedTick : Timeout.InfiniteTimeSpan;
    }

    /// <summary>Commits what was acknowledged from the log; to be called in one's turn. A failure loses nothing: the log still holds it, and the next write takes it from there.</summary>
    private void CommitOpen()
    {
        try
        {
            Begin(_session); // open already, but where an earlier commit failed
            Commit(_session);
        }
        catch (Exception e)
        {
            _log.LogError(e, "The store cannot commit what it acknowledged; it is safe in the log of arrivals, and the next write tries again");
            RollBack(_session);
            return;
        }

        Tell(_session);
    }
}
