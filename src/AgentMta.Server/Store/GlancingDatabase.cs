namespace AgentMta.Server.Store;

/// <summary>A store's database for who follows the log of events: what the log names is there, and looking never makes the writer commit sooner (<see cref="Database.GlanceAsync{T}"/>).</summary>
internal sealed class GlancingDatabase(Database database) : Database(database.Time)
{
    /// <inheritdoc/>
    public override Task<T> WriteAsync<T>(Func<WriteSession, T> work, CancellationToken cancellationToken = default) => database.WriteAsync(work, cancellationToken);

    /// <inheritdoc/>
    public override ValueTask<T> ReadAsync<T>(Func<ReadSession, T> query, CancellationToken cancellationToken = default) => database.GlanceAsync(query, cancellationToken);

    /// <inheritdoc/>
    public override ValueTask DisposeAsync() => ValueTask.CompletedTask; // it owns nothing
}
