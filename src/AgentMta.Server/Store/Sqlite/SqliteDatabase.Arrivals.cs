using System.Buffers;
using System.Diagnostics;
using Microsoft.Extensions.Logging;

namespace AgentMta.Server.Store.Sqlite;

/// <content>
/// The log of arrivals: a transaction stays open over several batches, each made durable by one small record of its statements; its commit, which writes every page
/// once that they changed, comes a little later, and the flush of those later still (docs/decisions/0012-log-of-arrivals.md).
/// </content>
internal sealed partial class SqliteDatabase
{
    private const int LogLimit = 4 * 1024 * 1024;
    private const int KeptBuffer = 4 * 1024 * 1024;
    private const int AnswersHere = 8;
    private static readonly TimeSpan OwedTick = TimeSpan.FromSeconds(1);

    private readonly string? _logPath;
    private readonly StatementRecorder _recorder = new();
    // Taken behind the turn, never before it.
    private readonly Lock _flushing = new();
    private readonly Lock _handing = new();
    private List<WriteItem> _unflushed = [];
    private ArrayBufferWriter<byte> _unwritten = new();
    private ArrayBufferWriter<byte> _written = new();
    private int _unwrittenCount;
    // Octets handed over that are not written yet.
    private long _underway;
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
    // A commit is seen by readers and not flushed yet.
    private volatile bool _isUnsure;
    // Something was acknowledged that no reader sees yet.
    private volatile bool _isAhead;
    private bool _isLogged;
    // A record that could not be flushed could not be cut off either.
    private bool _mayComeBack;
    private bool _owed;

    /// <summary>How many batches were acknowledged from the log, for tests.</summary>
    internal long Logged { get; private set; }

    /// <summary>When an open transaction is committed: after so long without a further batch, and after so long in any case.</summary>
    internal (TimeSpan Quiet, TimeSpan Longest) CommitAfter { get; set; } = (TimeSpan.FromMilliseconds(5), TimeSpan.FromMilliseconds(25));

    /// <summary>Batches handed over whose record is not on disk, for tests.</summary>
    internal bool HasWaiting => HasUnflushed();

    /// <summary>Called by a reader that waits for a flush, for tests.</summary>
    internal Action? BeforeWait { get; set; }

    /// <summary>Called before each commit, for tests of a disk that fails.</summary>
    internal Action? BeforeCommit { get; set; }

    /// <summary>The log, for tests.</summary>
    internal ArrivalLog? Log => _arrivals;

    /// <summary>Hands a batch over to <see cref="FlushLog"/>, which makes it durable and completes it; false where only a commit can.</summary>
    private bool TryRecord(SqliteWriteSession session, List<WriteItem> batch)
    {
        if (session.Unrecorded || session.WroteChores || session.WroteSettings || !_isLogging || _arrivals!.Length > LogLimit)
            return false;
        var record = _recorder.Record;
        lock (_handing)
        {
            if (_arrivals.Left < _underway + record.Length)
                return false; // the disk does not keep up: this batch waits for it
            _arrivals.Seal(record);
            _unflushed.AddRange(batch);
            _unwritten.Write(record);
            _unwrittenCount++;
            _underway += record.Length;
        }

        _recorder.Clear();
        _isLogged = true;
        if (_appended++ == 0)
            _wake.Signal(); // the writer's thread commits in a while
        return true;
    }

    /// <summary>
    /// Makes durable what was recorded, all of it with one flush; to be called when the turn is given back, so that the next batch runs meanwhile. Where somebody
    /// else flushes, the log's thread takes what came too late for that one.
    /// </summary>
    private void FlushLog()
    {
        if (!HasUnflushed())
            return;
        if (!_flushing.TryEnter())
        {
            _logWork.Signal();
            return;
        }

        List<WriteItem>? flushed;
        try
        {
            flushed = TryFlush();
        }
        finally
        {
            _flushing.Exit();
        }

        Answer(flushed);
    }

    // The log's own thread: the writer's hands its batches over and goes on with the next.
    private void FlushBatches()
    {
        while (true)
        {
            _logWork.Wait(Timeout.InfiniteTimeSpan);
            if (_closed)
                return;
            while (HasUnflushed())
            {
                List<WriteItem>? flushed;
                lock (_flushing)
                    flushed = TryFlush();
                Answer(flushed);
            }
        }
    }

    // Behind the flush, without a lock: a few answers are given here, many by one thread of the pool while the next flush runs.
    private void Answer(List<WriteItem>? flushed)
    {
        if (flushed is null)
            CommitInstead();
        else if (flushed.Count > AnswersHere)
            ThreadPool.UnsafeQueueUserWorkItem(AnswerAll, flushed, preferLocal: false);
        else
            AnswerAll(flushed);
    }

    private static void AnswerAll(List<WriteItem> flushed)
    {
        foreach (var item in flushed)
            item.Complete(here: true);
    }

    private void CommitInstead()
    {
        lock (_turn)
        {
            if (!_closed)
                CommitOpen();
        }
    }

    private bool HasUnflushed()
    {
        lock (_handing)
            return _unflushed.Count > 0;
    }

    // To be called with the flushing lock. Returns who waits for what is durable now; null where the log cannot be written: what waits is left for a commit.
    private List<WriteItem>? TryFlush()
    {
        int count;
        List<WriteItem> flushed;
        lock (_handing)
        {
            if (_unflushed.Count == 0)
                return [];
            if (!_isLogging)
                return null;
            (_unflushed, flushed) = ([], _unflushed);
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
            _mayComeBack = !_arrivals!.Cut();
            lock (_handing)
                _unflushed.InsertRange(0, flushed);
            return null;
        }

        lock (_handing)
            _underway -= _written.WrittenCount;
        Logged += count;
        _isAhead = true;
        _written.ResetWrittenCount();
        if (_written.Capacity > KeptBuffer)
            _written = new ArrayBufferWriter<byte>();
        return flushed;
    }

    private static void Complete(List<WriteItem>? items)
    {
        foreach (var item in items ?? [])
            item.Complete(here: false);
    }

    // What was handed over and is not flushed, for the one who makes it durable, or fails it, in another way. To be called with the flushing lock.
    private List<WriteItem> TakeUnflushed()
    {
        lock (_handing)
        {
            var taken = _unflushed;
            _unflushed = [];
            _unwritten.ResetWrittenCount();
            (_unwrittenCount, _underway) = (0, 0);
            _arrivals?.Drop();
            return taken;
        }
    }

    /// <summary>Commits what is open. What the log holds of it is on disk already; anything else is where <paramref name="flush"/> says so, when this returns.</summary>
    private void Commit(WriteSession session, bool flush)
    {
        lock (_flushing)
        {
            // What waits is flushed first: nobody is to see what might be lost with the power.
            // An epoch of which the log holds nothing would be a gap in it, behind which nothing is run again: it is flushed, and the log begins anew.
            var flushed = TryFlush();
            Complete(flushed);
            flush |= !_isLogged || flushed is null || _arrivals!.Length == 0;
            // Also where nothing was logged: a log of this epoch must fit this state of the database and no other.
            if (_arrivals is not null)
                session.Execute("UPDATE arrival_log SET epoch = @p1", _epoch + 1);
            BeforeCommit?.Invoke();
            _isUnsure = flush && _arrivals is not null; // SQLite flushes a visitor's commit itself
            try
            {
                session.Execute("COMMIT");
                (_isOpen, _isAhead, _isLogged) = (false, false, false);
                if (_arrivals is null)
                    return;
                _epoch++;
                var waiting = TakeUnflushed();
                _recorder.BeginEpoch();
                _arrivals.Begin(_salt, _epoch + 1);
                if (flush)
                    FlushDatabase(waiting);
                else if (_arrivals.IsHeldUpBy(_epoch))
                    _upkeepWork.Signal();
            }
            finally
            {
                _isUnsure = false;
            }
        }

        KeepWalShort();
    }

    // Called by a reader behind its query: what it saw of a commit that is not flushed must not leave it before.
    private void WaitUntilSure()
    {
        if (!_isUnsure)
            return;
        BeforeWait?.Invoke();
        lock (_flushing)
        {
            // The commit's flush is over.
        }
    }

    /// <summary>Commits what is open or owed, as the clock would have it done, for tests.</summary>
    internal void CommitNow()
    {
        lock (_turn)
            CommitOpen();
    }

    // Called by the writer's thread in its turn: commits when nothing came for a tick, or the transaction is old enough. Returns when to look again.
    private TimeSpan CommitWhenDue(bool hadWork)
    {
        if (_isBroken)
            return Timeout.InfiniteTimeSpan;
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
    private void CommitOpen(bool flush = false)
    {
        try
        {
            Begin(_session); // open already, but where an earlier commit failed
            Commit(_session, flush);
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
