using System.Data.Common;
using AgentMta.Server.Model;

namespace AgentMta.Server.Store;

/// <summary>One connection in use: runs portable SQL with prepared statements. Values are @p1, @p2 … in order; a scope gives @ws, @pod and @inbox.</summary>
internal abstract class StoreSession(DbConnection connection)
{
    private const int CachedCommands = 512;

    private readonly Dictionary<string, DbCommand> _commands = new(StringComparer.Ordinal);

    /// <summary>Runs a statement without a result; returns the rows changed.</summary>
    public int Execute(string sql, params ReadOnlySpan<object?> values) => Run(null, sql, values);

    /// <summary>Runs a scoped statement without a result; returns the rows changed.</summary>
    public int Execute(Scope scope, string sql, params ReadOnlySpan<object?> values) => Run(scope, sql, values);

    /// <summary>The first column of the first row; default where there is none or it is NULL.</summary>
    public T? Scalar<T>(string sql, params ReadOnlySpan<object?> values) => Convert<T>(Prepare(null, sql, values).ExecuteScalar());

    /// <summary>The first column of the first row of a scoped query.</summary>
    public T? Scalar<T>(Scope scope, string sql, params ReadOnlySpan<object?> values) => Convert<T>(Prepare(scope, sql, values).ExecuteScalar());

    /// <summary>Whole numbers in the first columns of the first row; false where there is none. What a message asks for most, so an engine may know a shorter way to it.</summary>
    public virtual bool Numbers(string sql, Span<long> columns, params ReadOnlySpan<object?> values)
    {
        using var reader = Prepare(null, sql, values).ExecuteReader();
        if (!reader.Read())
            return false;
        for (var i = 0; i < columns.Length; i++)
            columns[i] = reader.GetInt64(i);
        return true;
    }

    /// <summary>All rows, each read by <paramref name="read"/>.</summary>
    public List<T> Query<T>(string sql, Func<DbDataReader, T> read, params ReadOnlySpan<object?> values) => ReadAll(Prepare(null, sql, values), read);

    /// <summary>All rows of a scoped query.</summary>
    public List<T> Query<T>(Scope scope, string sql, Func<DbDataReader, T> read, params ReadOnlySpan<object?> values) => ReadAll(Prepare(scope, sql, values), read);

    /// <summary>The first row, or null.</summary>
    public T? First<T>(string sql, Func<DbDataReader, T> read, params ReadOnlySpan<object?> values)
        where T : class => ReadFirst(Prepare(null, sql, values), read);

    /// <summary>The first row of a scoped query, or null.</summary>
    public T? First<T>(Scope scope, string sql, Func<DbDataReader, T> read, params ReadOnlySpan<object?> values)
        where T : class => ReadFirst(Prepare(scope, sql, values), read);

    /// <summary>Hands the rows of a scoped query to <paramref name="walk"/>, which takes as many as it likes.</summary>
    public T Walk<T>(Scope scope, string sql, Func<DbDataReader, T> walk, params ReadOnlySpan<object?> values)
    {
        using var reader = Prepare(scope, sql, values).ExecuteReader();
        return walk(reader);
    }

    /// <summary>The statements that were prepared here and are kept, each with its last values.</summary>
    internal IReadOnlyCollection<DbCommand> Statements => _commands.Values;

    /// <summary>Lets go of the prepared statements.</summary>
    public virtual void DisposeCommands()
    {
        foreach (var command in _commands.Values)
            command.Dispose();
        _commands.Clear();
    }

    /// <summary>Runs a statement without a result; an engine may know a shorter way to it.</summary>
    protected virtual int Run(Scope? scope, string sql, ReadOnlySpan<object?> values) => Prepare(scope, sql, values).ExecuteNonQuery();

    /// <summary>A statement is about to run through ADO.NET.</summary>
    protected virtual void Preparing(string sql)
    {
    }

    private static List<T> ReadAll<T>(DbCommand command, Func<DbDataReader, T> read)
    {
        var rows = new List<T>();
        using var reader = command.ExecuteReader();
        while (reader.Read())
            rows.Add(read(reader));
        return rows;
    }

    private static T? ReadFirst<T>(DbCommand command, Func<DbDataReader, T> read)
        where T : class
    {
        using var reader = command.ExecuteReader();
        return reader.Read() ? read(reader) : null;
    }

    private static T? Convert<T>(object? value) => value switch
    {
        null or DBNull => default,
        T same => same,
        _ => (T)System.Convert.ChangeType(value, Nullable.GetUnderlyingType(typeof(T)) ?? typeof(T), System.Globalization.CultureInfo.InvariantCulture),
    };

    private DbCommand Prepare(Scope? scope, string sql, ReadOnlySpan<object?> values)
    {
        Preparing(sql);
        if (!_commands.TryGetValue(sql, out var command))
        {
            if (_commands.Count >= CachedCommands)
                DisposeCommands();
            command = connection.CreateCommand();
            command.CommandText = sql;
            for (var i = 1; i <= values.Length; i++)
                AddParameter(command, $"@p{i}");
            if (scope is not null)
            {
                AddParameter(command, "@ws");
                AddParameter(command, "@pod");
                AddParameter(command, "@inbox");
            }

            _commands.Add(sql, command);
        }

        for (var i = 0; i < values.Length; i++)
            command.Parameters[i].Value = values[i] is JsonText json ? json.ToString() : values[i] ?? DBNull.Value;
        if (scope is not null)
        {
            command.Parameters[values.Length].Value = scope.WorkspaceId;
            command.Parameters[values.Length + 1].Value = scope.PodId ?? (object)DBNull.Value;
            command.Parameters[values.Length + 2].Value = scope.InboxId ?? (object)DBNull.Value;
        }

        return command;
    }

    private static void AddParameter(DbCommand command, string name)
    {
        var parameter = command.CreateParameter();
        parameter.ParameterName = name;
        command.Parameters.Add(parameter);
    }
}

/// <summary>A session that only reads; what it sees is committed.</summary>
internal sealed class ReadSession(DbConnection connection) : StoreSession(connection);

/// <summary>The writer's session within one transaction; changes are durable when the task of <see cref="Database.WriteAsync{T}"/> completes.</summary>
internal class WriteSession(DbConnection connection, TimeProvider time) : StoreSession(connection)
{
    /// <summary>The clock of the store.</summary>
    public TimeProvider Time => time;

    /// <summary>The present in UTC microseconds.</summary>
    public long Now => time.NowMicros();

    /// <summary>Whether an event was written since the last commit; the change signal fires then.</summary>
    public bool WroteEvents { get; set; }

    /// <summary>Whether one of those was another than the arrival of a message; <see cref="Database.Chores"/> fires then.</summary>
    public bool WroteChores { get; set; }

    /// <summary>Whether one of those told of a setting (inbox, use case, domain, list …) rather than of mail: caches of settings end then.</summary>
    public bool WroteSettings { get; set; }
}
