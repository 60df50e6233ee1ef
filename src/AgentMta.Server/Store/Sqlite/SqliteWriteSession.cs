using AgentMta.Server.Model;
using Microsoft.Data.Sqlite;

namespace AgentMta.Server.Store.Sqlite;

/// <summary>
/// The writer's session: statements without a result run straight on SQLite. Microsoft.Data.Sqlite looks each parameter up by its name at each
/// execution, which is a good part of the cost of a row.
/// </summary>
internal sealed class SqliteWriteSession(SqliteConnection connection, TimeProvider time) : WriteSession(connection, time)
{
    private const int CachedStatements = 256;

    private readonly Dictionary<string, SqliteStatement> _statements = new(StringComparer.Ordinal);

    /// <summary>Takes down what changes rows; null where nobody asks for that.</summary>
    public StatementRecorder? Recorder { get; set; }

    /// <summary>A change was made on a way that the recorder does not see: only a commit makes it durable.</summary>
    public bool Unrecorded { get; set; }

    /// <inheritdoc/>
    public override void DisposeCommands()
    {
        foreach (var statement in _statements.Values)
            statement.Dispose();
        _statements.Clear();
        base.DisposeCommands();
    }

    /// <inheritdoc/>
    public override bool Numbers(string sql, Span<long> columns, params ReadOnlySpan<object?> values) =>
        Statement(sql) is { } statement ? statement.Numbers(columns, values) : base.Numbers(sql, columns, values);

    /// <inheritdoc/>
    protected override int Run(Scope? scope, string sql, ReadOnlySpan<object?> values)
    {
        // Scoped statements name their values, and are none of the many.
        if (scope is not null || Statement(sql) is not { } statement)
            return base.Run(scope, sql, values);
        Recorder?.Add(statement, sql, values);
        return statement.Run(values);
    }

    /// <inheritdoc/>
    protected override void Preparing(string sql)
    {
        if (Recorder is not null && !sql.AsSpan().TrimStart().StartsWith("SELECT", StringComparison.Ordinal))
            Unrecorded = true;
    }

    // Null where there are several in the text.
    private SqliteStatement? Statement(string sql)
    {
        if (_statements.TryGetValue(sql, out var statement))
            return statement;
        if (_statements.Count >= CachedStatements)
            DisposeCommands();
        if (SqliteStatement.Prepare(connection.Handle!, sql) is { } prepared)
            _statements.Add(sql, statement = prepared);
        return statement;
    }
}
