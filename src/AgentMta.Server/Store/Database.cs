namespace AgentMta.Server.Store;

/// <summary>The store's engine: many readers, one writer that commits in groups. Everything above writes portable SQL through its sessions.</summary>
internal abstract class Database(TimeProvider time) : IAsyncDisposable
{
    /// <summary>The clock of the store.</summary>
    public TimeProvider Time => time;

    /// <summary>Fires after each commit that wrote events.</summary>
    public ChangeSignal Changes { get; } = new();

    /// <summary>
    /// Fires after each commit that wrote another event than the arrival of a message: what the queue, the outcomes, schedules and settings wait for.
    /// An arrival makes no work for any of them, and comes thousands of times a second.
    /// </summary>
    public ChangeSignal Chores { get; } = new();

    private long _settingsVersion;

    /// <summary>Grows with each commit that changed a setting (promise 4 makes each such change write its event); what was read before is stale then.</summary>
    public long SettingsVersion => Volatile.Read(ref _settingsVersion);

    /// <summary>Runs <paramref name="work"/> in a transaction; completes when it is durable (promise 1), throws what the work threw with nothing stored.</summary>
    public abstract Task<T> WriteAsync<T>(Func<WriteSession, T> work, CancellationToken cancellationToken = default);

    /// <summary>
    /// As <see cref="WriteAsync{T}"/>, for work that may be run again from its start because it changes nothing but rows: in a batch of such work
    /// no piece needs a savepoint of its own; where one fails, all are undone and each is run again behind one. Work that writes mail alone is durable in a log
    /// before it is seen: its events come with a commit some milliseconds later, or with the first <see cref="ReadAsync{T}"/>.
    /// </summary>
    public virtual Task<T> WriteRepeatableAsync<T>(Func<WriteSession, T> work, CancellationToken cancellationToken = default) => WriteAsync(work, cancellationToken);

    /// <summary>A write will be asked for within a millisecond, or probably: the store may get ready for it.</summary>
    public virtual void Expect()
    {
    }

    /// <summary>
    /// As <see cref="WriteRepeatableAsync{T}"/>, for a caller that behind it does nothing but answer: it may go on on the store's own thread, which makes nobody else's
    /// work durable meanwhile, so it must neither block nor compute for long.
    /// </summary>
    public virtual Task<T> WriteAndAnswerAsync<T>(Func<WriteSession, T> work, CancellationToken cancellationToken = default) => WriteRepeatableAsync(work, cancellationToken);

    /// <summary>Runs <paramref name="work"/> in a transaction without a result.</summary>
    public Task WriteAsync(Action<WriteSession> work, CancellationToken cancellationToken = default) =>
        WriteAsync(
            session =>
            {
                work(session);
                return true;
            },
            cancellationToken);

    /// <summary>Runs a query that sees whatever was written before, its task completed.</summary>
    public abstract ValueTask<T> ReadAsync<T>(Func<ReadSession, T> query, CancellationToken cancellationToken = default);

    /// <summary>
    /// As <see cref="ReadAsync{T}"/>, for who can do without the arrivals of the last few milliseconds: gates, which ask about others' mail, and followers of the log,
    /// which <see cref="Changes"/> wakes again. It never makes the writer commit sooner than it would.
    /// </summary>
    public virtual ValueTask<T> GlanceAsync<T>(Func<ReadSession, T> query, CancellationToken cancellationToken = default) => ReadAsync(query, cancellationToken);

    /// <inheritdoc/>
    public abstract ValueTask DisposeAsync();

    /// <summary>To be called between the commit and the completion of its tasks, so that whoever changed a setting sees it in force.</summary>
    protected void SettingsChanged() => Interlocked.Increment(ref _settingsVersion);
}
