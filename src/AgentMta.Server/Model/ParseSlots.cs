namespace AgentMta.Server.Model;

/// <summary>
/// How many messages are parsed at once that are not cheap to parse: what one of them may take in memory and time is bounded, and so this bounds what all of them take
/// together. The others wait: at the door as long as their checks may last, in the API as long as the client does. Each of the two has slots of its own, so that readers cannot hold up mail.
/// </summary>
internal sealed class ParseSlots(int count)
{
    private int _waiting;

    private SemaphoreSlim Free { get; } = new(count);

    /// <summary>How many wait for a slot.</summary>
    public int Waiting => _waiting;

    /// <summary>Takes a slot, which is given back by disposing it.</summary>
    public async ValueTask<Slot> EnterAsync(CancellationToken cancellationToken)
    {
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

    /// <summary>The right to parse a message; the default is that of one that needs none.</summary>
    public readonly struct Slot(SemaphoreSlim? from) : IDisposable
    {
        /// <inheritdoc/>
        public void Dispose() => from?.Release();
    }
}
