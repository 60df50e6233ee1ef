namespace AgentMta.Server.Model;

/// <summary>
/// How many messages are parsed at once that are not cheap to parse: what one of them may take in memory and time is bounded, and so this bounds what all of them take
/// together. The others wait: at the door as long as their checks may last, in the API as long as the client does. Each of the two has slots of its own, so that readers cannot hold up mail;
/// and who waits is served in turn with all other owners, so that one who asks for a thousand holds up another by one.
/// </summary>
internal sealed class ParseSlots(int count)
{
    private readonly Lock _gate = new();
    private readonly Dictionary<string, LinkedList<TaskCompletionSource>> _lines = new(StringComparer.Ordinal);
    private readonly Queue<string> _turns = new();
    private int _free = count;
    private int _waiting;

    /// <summary>How many wait for a slot.</summary>
    public int Waiting => Volatile.Read(ref _waiting);

    /// <summary>Takes a slot, which is given back by disposing it.</summary>
    /// <param name="owner">On whose behalf: owners take turns, and each one's requests keep their order.</param>
    public async ValueTask<Slot> EnterAsync(string owner, CancellationToken cancellationToken)
    {
        cancellationToken.ThrowIfCancellationRequested();
        LinkedListNode<TaskCompletionSource> place;
        lock (_gate)
        {
            if (_free > 0)
            {
                _free--;
                return new Slot(this);
            }

            place = Line(owner).AddLast(new TaskCompletionSource(TaskCreationOptions.RunContinuationsAsynchronously));
            _waiting++;
        }

        using var leaves = cancellationToken.UnsafeRegister(Cancel, null);
        await place.Value.Task.ConfigureAwait(false);
        return new Slot(this);

        void Cancel(object? state, CancellationToken token)
        {
            lock (_gate)
            {
                if (!place.Value.TrySetCanceled(token))
                    return;
                place.List!.Remove(place);
                _waiting--;
            }
        }
    }

    private LinkedList<TaskCompletionSource> Line(string owner)
    {
        if (_lines.TryGetValue(owner, out var line))
            return line;
        _turns.Enqueue(owner);
        return _lines[owner] = new LinkedList<TaskCompletionSource>();
    }

    // To the first in the line of the owner whose turn it is; one with more of them comes again behind the others.
    private void Leave()
    {
        lock (_gate)
        {
            while (_turns.TryDequeue(out var owner))
            {
                var line = _lines[owner];
                var next = line.First;
                if (next is not null)
                    line.RemoveFirst();
                if (line.Count > 0)
                    _turns.Enqueue(owner);
                else
                    _lines.Remove(owner);
                if (next is null)
                    continue;
                _waiting--;
                next.Value.SetResult();
                return;
            }

            _free++;
        }
    }

    /// <summary>The right to parse a message; the default is that of one that needs none.</summary>
    public readonly struct Slot(ParseSlots? from) : IDisposable
    {
        /// <inheritdoc/>
        public void Dispose() => from?.Leave();
    }
}
