namespace AgentMta.Server.Model;

/// <summary>Wakes the one thread that waits for work; a signal given before it waits is kept. A plain monitor: the framework's primitives spin first, which costs more than a switch where the work is never there at once.</summary>
internal sealed class WakeSignal
{
    private readonly object _gate = new();
    private bool _isSet;

    /// <summary>Wakes it, or has its next wait return at once.</summary>
    public void Signal()
    {
        lock (_gate)
        {
            _isSet = true;
            Monitor.Pulse(_gate);
        }
    }

    /// <summary>Waits for a signal, or for so long.</summary>
    public void Wait(TimeSpan atMost)
    {
        lock (_gate)
        {
            if (!_isSet)
                Monitor.Wait(_gate, atMost == Timeout.InfiniteTimeSpan ? Timeout.Infinite : (int)Math.Ceiling(atMost.TotalMilliseconds));
            _isSet = false;
        }
    }
}
