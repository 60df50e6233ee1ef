namespace AgentMta.Server.Inbound;

/// <summary>
/// How many messages are parsed at once that are not cheap to parse: what one of them may take in memory and time is bounded, and so this bounds what all of them take
/// together. The others wait, as long as their checks may last.
/// </summary>
internal sealed class ParseSlots(int count)
{
    private int _waiting;

    private SemaphoreSlim Free { get; } = new(count);

    /// <summary>How many wait for a slot.</summary>
    public int Waiting => _waiting;

    /// <summary>Takes a slot, which is given back by disposing it; a message that is checked in place needs none.</summary>
    public async ValueTask<Slot> EnterAsync(Arrival arrival, CancellationToken cancellationToken)
    {
        if (arrival.Message.InPlace)
            return default;
        Interlocked.Increment(ref _waiting);
        try
        {
            await Free.WaitAsync(cancellationToken).ConfigureAwait(false);
        }
        finally
        {
            Interlocked.Decrement(ref _waiting);
        }

        return new Slot(Free);
    }

    /// <summary>The right to parse a message.</summary>
    public readonly struct Slot(SemaphoreSlim? from) : IDisposable
    {
        /// <inheritdoc/>
        public void Dispose() => from?.Release();
    }
}
