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
    private const int KeptBuffer = 1024 * 1024;
    private static readonly TimeSpan OwedTick = TimeSpan.FromSeconds(1);
    private static readonly TimeSpan LogWait = TimeSpan.FromMilliseconds(200);

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

    /// <summary>Called before each write to the log, for tests of a disk that fails.</summary>
    internal Action? BeforeLogWrite { get; set; }

    // Whoever has the log runs what it holds; the server keeps it from then on, a command beside it only looks.
    private void OpenLog(bool keep)
    {
        if (_logPath is null)
            return;
        var began = Stopwatch.GetTimestamp();
        while ((_arrivals = ArrivalLog.TryOpen(_logPath)) is null && keep && Stopwatch.GetElapsedTime(began) < LogWait)
            Thread.Sleep(5); // a command that looks into it is done at once
        if (_arrivals is null)
        {
            // A server runs: it has the write lock as long as it holds anything that is not committed, so what was acknowledged before is there behind this.
            Run(_writer, "BEGIN IMMEDIATE; COMMIT");
            return;
        }

        _session.Execute("BEGIN IMMEDIATE");
        (_salt, _epoch) = Recover(_session);
        if (keep)
            _salt = BitConverter.ToInt64(RandomNumberGenerator.GetBytes(sizeof(long)));
        _session.Execute("UPDATE arrival_log SET salt = @p1, epoch = @p2", _salt, _epoch);
        _session.Execute("COMMIT");
        if (!keep)
        {
            _arrivals.Dispose();
            _arrivals = null;
            return;
        }

        _arrivals.Begin(_salt, _epoch + 1);
        _isLogging = true;
    }

    private void Begin(WriteSession session)
    {
        if (_isOpen)
            return;
        using var visited = _arrivals is null && _logPath is not null ? ArrivalLog.TryOpen(_logPath) : null;
        session.Execute("BEGIN IMMEDIATE");
        (_isOpen, _isLogged, _appended, _appendedBefore) = (true, false, 0, 0);
        _openSince = _lookedAt = Stopwatch.GetTimestamp();
        if (visited is not null)
        {
            TakeOver(session, visited);
        }
        else if (_owed)
        {
            Recover(session);
            (_isLogged, _owed) = (true, false);
        }
    }

    // The server was killed since this command began.
    private void TakeOver(WriteSession session, ArrivalLog visited)
    {
        _arrivals = visited;
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
    }

    // Runs what the log holds of the epoch that the database does not have yet; returns what the database has then.
    private (long Salt, long Epoch) Recover(WriteSession session)
    {
        var last = session.First("SELECT salt, epoch FROM arrival_log", row => new long[] { row.GetInt64(0), row.GetInt64(1) })!;
        var texts = new Dictionary<int, string>();
        var records = 0;
        foreach (var record in _arrivals!.Read(last[0], last[1] + 1))
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

            records++;
        }

        if (records > 0)
            _log.LogInformation("Took {Count} batches of acknowledged messages from the log of arrivals", records);
        return (last[0], records > 0 ? last[1] + 1 : last[1]);
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
    /// <param name="again">Flush what came meanwhile too; else the writer's thread does.</param>
    private void FlushLog(bool again)
    {
        while (HasUnflushed())
        {
            if (!_flushing.TryEnter())
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
                    CommitOpen();
            }
            else if (!again && HasUnflushed())
            {
                Wake();
                return;
            }
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
            BeforeLogWrite?.Invoke();
            _arrivals!.Write(_written.WrittenSpan, count);
        }
        catch (IOException e)
        {
            // What a failed flush leaves on disk is unknown, and asking again would be answered with a lie: no record of this process counts from here on.
            _log.LogError(e, "The log of arrivals cannot be written: each message is committed by itself from now on. Look at the disk and start the server again");
            _isLogging = false;
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
        List<WriteItem> durable;
        lock (_flushing)
        {
            if (_isLogged)
                session.Execute("UPDATE arrival_log SET epoch = @p1", _epoch + 1);
            session.Execute("COMMIT");
            (_isOpen, _isAhead) = (false, false);
            if (!_isLogged)
                return;
            _isLogged = false;
            _epoch++;
            durable = TakeUnflushed();
            _arrivals?.Begin(_salt, _epoch + 1);
            _recorder.BeginEpoch();
        }

        Complete(durable);
    }

    // Called by the writer's thread in its turn: commits when nothing came for a tick, or the transaction is old enough. Returns when to look again.
    private TimeSpan CommitWhenDue(bool hadWork)
    {
        if (_owed)
        {
            if (!hadWork)
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
