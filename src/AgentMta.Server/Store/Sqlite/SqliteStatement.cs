using System.Buffers;
using System.Globalization;
using System.Text;
using AgentMta.Server.Model;
using Microsoft.Data.Sqlite;
using SQLitePCL;

namespace AgentMta.Server.Store.Sqlite;

/// <summary>One prepared statement that gives no rows, or one of numbers, its values @p1, @p2 … bound by position.</summary>
internal sealed class SqliteStatement : IDisposable
{
    private const int StackText = 512;

    private readonly sqlite3 _database;
    private readonly sqlite3_stmt _statement;
    // For each parameter of the statement (from 1 on) which value it takes; @p3 may stand in front of @p1, and a value in several places.
    private readonly int[] _values;

    private SqliteStatement(sqlite3 database, sqlite3_stmt statement)
    {
        (_database, _statement) = (database, statement);
        _values = new int[raw.sqlite3_bind_parameter_count(statement)];
        for (var i = 0; i < _values.Length; i++)
            _values[i] = int.Parse(raw.sqlite3_bind_parameter_name(statement, i + 1).utf8_to_string().AsSpan(2), NumberStyles.None, CultureInfo.InvariantCulture) - 1;
    }

    /// <summary>The epoch of the <see cref="StatementRecorder"/> in which this statement's text got the number <see cref="RecordedAs"/>.</summary>
    public long RecordedIn { get; set; }

    /// <summary>See <see cref="RecordedIn"/>.</summary>
    public int RecordedAs { get; set; }

    /// <summary>Compiles one statement; null where there are several in the text.</summary>
    /// <exception cref="SqliteException">It cannot be compiled.</exception>
    public static SqliteStatement? Prepare(sqlite3 database, string sql)
    {
        SqliteException.ThrowExceptionForRC(raw.sqlite3_prepare_v3(database, sql, raw.SQLITE_PREPARE_PERSISTENT, out var statement, out var rest), database);
        if (string.IsNullOrWhiteSpace(rest))
            return new SqliteStatement(database, statement);
        statement.Dispose();
        return null;
    }

    /// <summary>Runs it; returns the rows changed.</summary>
    /// <exception cref="SqliteException">It failed; nothing of it is done.</exception>
    public int Run(ReadOnlySpan<object?> values)
    {
        Bind(values);
        var before = raw.sqlite3_total_changes(_database);
        var result = raw.sqlite3_step(_statement);
        while (result == raw.SQLITE_ROW) // a pragma answers
            result = raw.sqlite3_step(_statement);
        var changed = raw.sqlite3_total_changes(_database) - before;
        End(result == raw.SQLITE_DONE, result);
        return changed;
    }

    /// <summary>Reads the first columns of its first row; false where there is none.</summary>
    /// <exception cref="SqliteException">It failed.</exception>
    public bool Numbers(Span<long> columns, ReadOnlySpan<object?> values)
    {
        Bind(values);
        var result = raw.sqlite3_step(_statement);
        for (var i = 0; i < columns.Length && result == raw.SQLITE_ROW; i++)
            columns[i] = raw.sqlite3_column_int64(_statement, i);
        End(result is raw.SQLITE_ROW or raw.SQLITE_DONE, result);
        return result == raw.SQLITE_ROW;
    }

    /// <inheritdoc/>
    public void Dispose() => _statement.Dispose();

    private void End(bool succeeded, int result)
    {
        var reset = raw.sqlite3_reset(_statement); // names a fault once more
        if (!succeeded)
            SqliteException.ThrowExceptionForRC(reset == raw.SQLITE_OK ? result : reset, _database);
    }

    private void Bind(ReadOnlySpan<object?> values)
    {
        for (var i = 0; i < _values.Length; i++)
            Bind(i + 1, values[_values[i]]);
    }

    private void Bind(int at, object? value)
    {
        var result = value switch
        {
            null => raw.sqlite3_bind_null(_statement, at),
            string text => BindText(at, text),
            JsonText json => raw.sqlite3_bind_text(_statement, at, json.Octets),
            long number => raw.sqlite3_bind_int64(_statement, at, number),
            int number => raw.sqlite3_bind_int64(_statement, at, number),
            bool flag => raw.sqlite3_bind_int64(_statement, at, flag ? 1 : 0),
            double number => raw.sqlite3_bind_double(_statement, at, number),
            byte[] { Length: 0 } => raw.sqlite3_bind_zeroblob(_statement, at, 0),
            byte[] octets => raw.sqlite3_bind_blob(_statement, at, octets),
            ReadOnlyMemory<byte> octets => octets.IsEmpty ? raw.sqlite3_bind_zeroblob(_statement, at, 0) : raw.sqlite3_bind_blob(_statement, at, octets.Span),
            _ => throw new ArgumentException($"A column takes no {value.GetType().Name}.", nameof(value)),
        };
        SqliteException.ThrowExceptionForRC(result, _database);
    }

    private int BindText(int at, string text)
    {
        if (text.Length == 0)
            return raw.sqlite3_bind_text(_statement, at, ""); // an empty span would be taken for NULL
        var size = Encoding.UTF8.GetMaxByteCount(text.Length);
        if (size <= StackText)
        {
            Span<byte> octets = stackalloc byte[StackText];
            return raw.sqlite3_bind_text(_statement, at, octets[..Encoding.UTF8.GetBytes(text, octets)]);
        }

        var pooled = ArrayPool<byte>.Shared.Rent(size);
        var result = raw.sqlite3_bind_text(_statement, at, pooled.AsSpan(0, Encoding.UTF8.GetBytes(text, pooled)));
        ArrayPool<byte>.Shared.Return(pooled);
        return result;
    }
}
