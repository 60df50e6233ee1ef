using System.Diagnostics;
using System.Threading.Channels;
using AgentMta.Server.Model;
using AgentMta.Server.Store.Schema;
using Microsoft.Data.Sqlite;
using Microsoft.Extensions.Logging;

namespace AgentMta.Server.Store.Sqlite;

/// <summary>SQLite in WAL mode: a change is on disk, in the flushed WAL or in the log of arrivals, before its task completes.</summary>
internal sealed partial class SqliteDatabase : Database
{
    private const int QueueLength = 4096;
    private const string LogSuffix = "-arrivals";
    private const string AsideSuffix = ".damaged";
    private const int FirstWithLog = 50;

    private readonly string _path;
    private readonly TimeProvider _time;
    private readonly ILogger _log;
    private readonly IReadOnlyList<(int Number, string Sql)> _scripts;
    private readonly SqliteConnection _writer;
    private readonly Channel<WriteItem> _queue = Channel.CreateBounded<WriteItem>(new BoundedChannelOptions(QueueLength) { SingleReader = true });
    private readonly Task _writing;
    private readonly SqliteWriteSession _session;
    private readonly List<WriteItem> _alone = new(1);
    private readonly Lock _readersGate = new();
    private readonly Stack<Reader> _readers = new();
    private int _underWay;
    private bool _disposed;
    private volatile bool _closed;

    private SqliteDatabase(string path, TimeProvider time, ILogger log, IReadOnlyList<(int Number, string Sql)> scripts, string synchronous, string? logPath = null, bool keepLog = false)
        : base(time)
    {
        _path = path;
        _logPath = logPath;
        _time = time;
        _log = log;
        _scripts = scripts;
        _writer = Connect(SqliteOpenMode.ReadWriteCreate);
        try
        {
            // FULL flushes the WAL at each commit; with NORMAL the server does itself, at each commit that the log of arrivals does not stand in for.
            Run(_writer, $"PRAGMA page_size = 8192; PRAGMA journal_mode = WAL; PRAGMA synchronous = {synchronous}; PRAGMA foreign_keys = ON; PRAGMA temp_store = MEMORY; PRAGMA cache_size = {(logPath is null ? -8192 : -16384)}; PRAGMA wal_autocheckpoint = 4000; PRAGMA busy_timeout = {BusyMilliseconds}; PRAGMA journal_size_limit = 67108864;");
            _session = new SqliteWriteSession(_writer, _time);
            // What the log holds was written for the schema as it is.
            var hasLog = Version() >= FirstWithLog;
            if (hasLog)
                OpenLog(keepLog);
            Migrate();
            if (!hasLog)
                OpenLog(keepLog);
            if (keepLog)
                FlushWal(); // records of the new schema must not be run on the old one
        }
        catch (Exception e)
        {
            StopFlushing();
            _arrivals?.Dispose();
            _session?.DisposeCommands();
            CloseWriter();
            if (IsDamage(e))
                throw new DatabaseDamagedException(path, e);
            throw;
        }

        _writing = Task.Factory.StartNew(WriteLoop, CancellationToken.None, TaskCreationOptions.LongRunning, TaskScheduler.Default);
    }

    /// <summary>Opens or creates the database file and brings its schema up to date.</summary>
    /// <exception cref="SchemaTooNewException">A newer program wrote it.</exception>
    /// <exception cref="DatabaseDamagedException">The file is no database, or a broken one.</exception>
    public static SqliteDatabase Open(string path, TimeProvider time, ILogger<SqliteDatabase> log)
    {
        SqliteLibrary.Load();
        return OpenFile(() => new SqliteDatabase(path, time, log, Migrations.All, "NORMAL", path + LogSuffix, keepLog: true), path);
    }

    /// <summary>The same for a command beside the server, which keeps the log of arrivals for itself.</summary>
    /// <exception cref="SchemaTooNewException">A newer program wrote it.</exception>
    public static SqliteDatabase Visit(string path, TimeProvider time, ILogger<SqliteDatabase> log)
    {
        SqliteLibrary.Load();
        return OpenFile(() => new SqliteDatabase(path, time, log, Migrations.All, "FULL", path + LogSuffix), path);
    }

    /// <summary>Opens or creates the file of refusals, which is never flushed: evidence may be lost with the power, mail may not wait for it.</summary>
    /// <exception cref="SchemaTooNewException">A newer program wrote it.</exception>
    public static SqliteDatabase OpenEvidence(string path, TimeProvider time, ILogger<SqliteDatabase> log)
    {
        SqliteLibrary.Load();
        return OpenFile(() => new SqliteDatabase(path, time, log, Migrations.Evidence, "OFF"), path);
    }

    /// <summary>The same for the server, which begins anew where the file cannot be used: nothing in it was promised to anybody. What was there is kept beside it for people.</summary>
    /// <exception cref="SchemaTooNewException">A newer program wrote it.</exception>
    public static SqliteDatabase OwnEvidence(string path, TimeProvider time, ILogger<SqliteDatabase> log)
    {
        try
        {
            return OpenEvidence(path, time, log);
        }
        catch (DatabaseDamagedException e)
        {
            var aside = path + AsideSuffix;
            log.LogWarning("The evidence of refusals and sessions begins anew: {Reason} The file is kept as {Aside}", e.InnerException!.Message, aside);
            File.Delete(path + "-shm");
            File.Delete(aside + "-wal"); // of an incident before, as the file that is overwritten
            if (File.Exists(path + "-wal"))
                File.Move(path + "-wal", aside + "-wal"); // the newest rows, where SQLite has not folded them in or thrown them away as it closed
            File.Move(path, aside, overwrite: true);
            return OpenEvidence(path, time, log);
        }
    }

    /// <summary>Opens or creates the file of the search index: flushed when the log is folded in, not at each commit, so that it stays whole and may only be behind.</summary>
    /// <exception cref="SchemaTooNewException">A newer program wrote it.</exception>
    public static SqliteDatabase OpenSearch(string path, TimeProvider time, ILogger<SqliteDatabase> log)
    {
        SqliteLibrary.Load();
        return OpenFile(() => new SqliteDatabase(path, time, log, Migrations.Search, "NORMAL"), path);
    }

    // What an operator can mend is said in a sentence that names the file, and not in a stack of calls.
    private static SqliteDatabase OpenFile(Func<SqliteDatabase> open, string path)
    {
        try
        {
            return open();
        }
        catch (SqliteException e) when (Advice(e.SqliteErrorCode) is { } advice)
        {
            throw new StoreException($"'{path}' cannot be used: {e.Message} {advice}", e);
        }
    }

    private static string? Advice(int error) => error switch
    {
        SQLitePCL.raw.SQLITE_FULL => "Make room on its disk, then start again: what was acknowledged is not lost.",
        SQLitePCL.raw.SQLITE_READONLY or SQLitePCL.raw.SQLITE_CANTOPEN or SQLitePCL.raw.SQLITE_PERM => "It, the files beside it and their folder have to be writable for the server's user.",
        SQLitePCL.raw.SQLITE_BUSY or SQLitePCL.raw.SQLITE_LOCKED => "Another process holds it: end that one, then start again.",
        SQLitePCL.raw.SQLITE_IOERR => "Look at the disk, then start again.",
        _ => null,
    };

    /// <summary>The number of the last script of a file; null where there is no file.</summary>
    public static int? SchemaOf(string path)
    {
        SqliteLibrary.Load();
        if (!File.Exists(path))
            return null;
        using var connection = new SqliteConnection(new SqliteConnectionStringBuilder { DataSource = path, Pooling = false }.ToString());
        connection.Open();
        using var version = connection.CreateCommand();
        version.CommandText = "PRAGMA user_version";
        return Convert.ToInt32(version.ExecuteScalar(), System.Globalization.CultureInfo.InvariantCulture);
    }

    /// <summary>The value of a pragma on the writer's connection, for health and tests.</summary>
    public Task<string?> WriterPragmaAsync(string name) => WriteAsync(session => session.Scalar<string>($"PRAGMA {name}"));

    /// <inheritdoc/>
    public override Task<T> WriteAsync<T>(Func<WriteSession, T> work, CancellationToken cancellationToken = default) =>
        QueueAsync(new WriteItem<T>(work, repeatable: false), cancellationToken);

    /// <inheritdoc/>
    public override Task<T> WriteRepeatableAsync<T>(Func<WriteSession, T> work, CancellationToken cancellationToken = default) =>
        QueueAsync(new WriteItem<T>(work, repeatable: true), cancellationToken);

    /// <inheritdoc/>
    public override Task<T> WriteAndAnswerAsync<T>(Func<WriteSession, T> work, CancellationToken cancellationToken = default) =>
        QueueAsync(new WriteItem<T>(work, repeatable: true, answersHere: true), cancellationToken);

    // Where nobody else writes, the caller's own thread does: for a single session the way to the writer's thread and back costs as much as the flush. Where others do,
    // their work is gathered for the writer's thread: fewer and larger batches, and none of the pool's few threads waits for the disk.
    private Task<T> QueueAsync<T>(WriteItem<T> item, CancellationToken cancellationToken)
    {
        cancellationToken.ThrowIfCancellationRequested();
        LookForExpected();
        if (Interlocked.Increment(ref _underWay) > 1 || !PoolThread.IsCurrent || _queue.Reader.Count > 0 || !CommitAlone(item))
            return EnqueueAsync(item, cancellationToken);
        Interlocked.Decrement(ref _underWay);
        return item.Done;
    }

    private async Task<T> EnqueueAsync<T>(WriteItem<T> item, CancellationToken cancellationToken)
    {
        try
        {
            await _queue.Writer.WriteAsync(item, cancellationToken).ConfigureAwait(false);
            _wake.Signal();
            return await item.Done.ConfigureAwait(false);
        }
        catch (ChannelClosedException e)
        {
            throw new StoreException("The store is closed.", e);
        }
        finally
        {
            Interlocked.Decrement(ref _underWay);
        }
    }

    /// <inheritdoc/>
    public override ValueTask<T> ReadAsync<T>(Func<ReadSession, T> query, CancellationToken cancellationToken = default) =>
        _isAhead ? SettleAndReadAsync(query, cancellationToken) : GlanceAsync(query, cancellationToken);

    private async ValueTask<T> SettleAndReadAsync<T>(Func<ReadSession, T> query, CancellationToken cancellationToken)
    {
        // Who is not repeatable is committed, with all that was before it; where the disk is full, what is there is read.
        await PoolThread.Enter();
        try
        {
            await QueueAsync(new WriteItem<bool>(_ => true, repeatable: false) { ChangesNothing = true }, cancellationToken).ConfigureAwait(false);
        }
        catch (StoreException e)
        {
            _log.LogWarning(e, "A reader does not see the newest messages yet");
        }

        return await GlanceAsync(query, cancellationToken).ConfigureAwait(false);
    }

    /// <inheritdoc/>
    public override ValueTask<T> GlanceAsync<T>(Func<ReadSession, T> query, CancellationToken cancellationToken = default)
    {
        cancellationToken.ThrowIfCancellationRequested();
        return PoolThread.IsCurrent ? ValueTask.FromResult(Read(query)) : SwitchAndReadAsync(query);
    }

    private async ValueTask<T> SwitchAndReadAsync<T>(Func<ReadSession, T> query)
    {
        await PoolThread.Enter();
        return Read(query);
    }

    private T Read<T>(Func<ReadSession, T> query)
    {
        var reader = Rent();
        try
        {
            // One snapshot for all statements of the query.
            reader.Session.Execute("BEGIN");
            try
            {
                var result = query(reader.Session);
                WaitUntilSure();
                return result;
            }
            catch (SqliteException e) when (_logPath is not null && IsDamage(e))
            {
                throw new DatabaseDamagedException(_path, e);
            }
            finally
            {
                reader.Session.Execute("COMMIT");
            }
        }
        finally
        {
            Return(reader);
        }
    }

    /// <inheritdoc/>
    public override async ValueTask DisposeAsync()
    {
        lock (_readersGate)
        {
            if (_disposed)
                return;
            _disposed = true;
        }

        _queue.Writer.TryComplete();
        _wake.Signal();
        await _writing.ConfigureAwait(false);
        lock (_turn)
        {
            _closed = true;
            if (_isOpen || _owed)
                CommitOpen(flush: true);
        }

        StopFlushing();
        _arrivals?.Dispose();
        _session.DisposeCommands();
        lock (_readersGate)
        {
            foreach (var reader in _readers)
                reader.Dispose();
            _readers.Clear();
        }

        CloseWriter();
    }

    private void CloseWriter()
    {
        if (_isBroken)
            LeaveWal(_writer);
        _writer.Dispose();
        _file?.Dispose();
    }

    /// <summary>Whether SQLite says that the file is none of its own, or broken.</summary>
    internal static bool IsDamage(Exception e) => e is SqliteException { SqliteErrorCode: SQLitePCL.raw.SQLITE_CORRUPT or SQLitePCL.raw.SQLITE_NOTADB };

    private static void Run(SqliteConnection connection, string sql)
    {
        using var command = connection.CreateCommand();
        command.CommandText = sql;
        command.ExecuteNonQuery();
    }

    private SqliteConnection Connect(SqliteOpenMode mode)
    {
        var connection = new SqliteConnection(new SqliteConnectionStringBuilder { DataSource = _path, Mode = mode, Pooling = false }.ToString()) { DefaultTimeout = 10 };
        connection.Open();
        SqliteFunctions.AddTo(connection);
        return connection;
    }

    private int Version()
    {
        using var version = _writer.CreateCommand();
        version.CommandText = "PRAGMA user_version";
        return Convert.ToInt32(version.ExecuteScalar(), System.Globalization.CultureInfo.InvariantCulture);
    }

    private void Migrate()
    {
        var current = Version();
        var known = _scripts[^1].Number;
        if (current > known)
            throw new SchemaTooNewException(current, known);
        var isNew = current == 0;
        foreach (var (number, sql) in _scripts.Where(m => m.Number > current))
        {
            // Pages that a script writes lie in the WAL until it is over: it takes its time and its room on the disk, and a start that is cut off begins it anew.
            if (!isNew)
                _log.LogInformation("Bringing the schema of {Database}, {Size} MB, from {Schema} to {Next}; a large database takes minutes, and up to its own size of room on the disk",
                    Path.GetFileName(_path), new FileInfo(_path).Length / 1_000_000, current, number);
            var began = Stopwatch.GetTimestamp();
            try
            {
                Run(_writer, $"BEGIN IMMEDIATE; {sql.Replace("/* clustered */", "WITHOUT ROWID", StringComparison.Ordinal)}; PRAGMA user_version = {number}; COMMIT;");
            }
            catch (SqliteException e) when (e.SqliteErrorCode == SQLitePCL.raw.SQLITE_FULL && !isNew)
            {
                throw new StoreException($"'{_path}': the disk has no room to bring the schema from {current} to {number}, which may take as much again as the database has. It is as it was: make room, then start again.", e);
            }

            _log.LogInformation("Schema of {Database} brought to {Schema} in {Seconds:0.0} s", Path.GetFileName(_path), number, Stopwatch.GetElapsedTime(began).TotalSeconds);
            current = number;
        }
    }

    private Reader Rent()
    {
        lock (_readersGate)
        {
            ObjectDisposedException.ThrowIf(_disposed, this);
            if (_readers.TryPop(out var idle))
                return idle;
        }

        var connection = Connect(SqliteOpenMode.ReadWrite);
        LeaveWal(connection); // it may be closed behind the writer
        Run(connection, "PRAGMA query_only = ON; PRAGMA temp_store = MEMORY; PRAGMA cache_size = -4096;");
        return new Reader(connection, new ReadSession(connection));
    }

    private void Return(Reader reader)
    {
        lock (_readersGate)
        {
            if (!_disposed)
            {
                _readers.Push(reader);
                return;
            }
        }

        reader.Dispose();
    }

    private sealed record Reader(SqliteConnection Connection, ReadSession Session) : IDisposable
    {
        public void Dispose()
        {
            Session.DisposeCommands();
            Connection.Dispose();
        }
    }
}
