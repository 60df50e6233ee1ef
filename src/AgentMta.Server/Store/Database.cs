namespace AgentMta.Server.Store;

/// <summary>The store's engine: many readers, one writer that commits in groups. Everything above writes portable SQL through its sessions.</summary>
internal abstract class Database : IAsyncDisposable
{
    /// <summary>Fires after each commit that wrote events.</summary>
    public ChangeSignal Changes { get; } = new();

    /// <summary>Runs <paramref name="work"/> in a transaction; completes when it is durable (promise 1), throws what the work threw with nothing stored.</summary>
    public abstract Task<T> WriteAsync<T>(Func<WriteSession, T> work, CancellationToken cancellationToken = default);

    /// <summary>Runs <paramref name="work"/> in a transaction without a result.</summary>
    public Task WriteAsync(Action<WriteSession> work, CancellationToken cancellationToken = default) =>
        WriteAsync(
            session =>
            {
                work(session);
                return true;
            },
            cancellationToken);

    /// <summary>Runs a query on committed data.</summary>
    public abstract ValueTask<T> ReadAsync<T>(Func<ReadSession, T> query, CancellationToken cancellationToken = default);

    /// <inheritdoc/>
    public abstract ValueTask DisposeAsync();
}
