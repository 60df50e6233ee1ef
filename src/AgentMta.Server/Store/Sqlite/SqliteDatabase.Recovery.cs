using System.Diagnostics;
using System.Security.Cryptography;
using Microsoft.Extensions.Logging;

namespace AgentMta.Server.Store.Sqlite;

/// <content>What a killed process left in the log of arrivals is run again before anybody reads or writes, by the server that starts or by a command beside it.</content>
internal sealed partial class SqliteDatabase
{
    private const int BusyMilliseconds = 10_000;
    private static readonly TimeSpan LogWait = TimeSpan.FromSeconds(15);

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

        CopyEarlier();
        _session.Execute("BEGIN IMMEDIATE");
        (_, _epoch) = Recover(_session);
        _salt = BitConverter.ToInt64(RandomNumberGenerator.GetBytes(sizeof(long)));
        _session.Execute("UPDATE arrival_log SET salt = @p1, epoch = @p2", _salt, _epoch);
        _session.Execute("COMMIT");
        StartFlushing();
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
        if (_isBroken)
            throw new StoreException(Broken);
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
            var (_, count) = Replay(session, _arrivals!.ReadOwn());
            if (count != _arrivals.Written)
                throw new StoreException($"Of {_arrivals.Written} batches that were acknowledged only {count} can be read from '{_logPath}'. Look at the disk and start the server again");
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

    // Runs what the log holds of epochs that the database does not have yet: one of a killed process, several where the power went before the WAL was flushed.
    // Returns the last that the database has then.
    private (long Salt, long Epoch) Recover(WriteSession session)
    {
        var (salt, epoch) = Last(session);
        return (salt, Replay(session, _arrivals!.Read(salt, epoch + 1)).Epoch ?? epoch);
    }

    // The epoch of the last record, null where there is none, and how many there were.
    private (long? Epoch, int Count) Replay(WriteSession session, IEnumerable<ArrivalRecord> records)
    {
        var texts = new Dictionary<int, string>();
        long? epoch = null;
        var count = 0;
        foreach (var record in records)
        {
            if (record.Epoch != epoch)
                texts.Clear(); // each epoch names its own
            epoch = record.Epoch;
            try
            {
                StatementRecorder.Replay(record.Content.Span, texts, session);
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
        return (epoch, count);
    }
}
