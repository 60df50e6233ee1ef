namespace AgentMta.Server.Store;

/// <summary>Wakes whoever waits for new events, deliveries or drafts: take <see cref="Next"/>, look at the store, then await it.</summary>
internal sealed class ChangeSignal
{
    private volatile TaskCompletionSource _next = new(TaskCreationOptions.RunContinuationsAsynchronously);

    /// <summary>Completes at the next commit that wrote events.</summary>
    public Task Next => _next.Task;

    /// <summary>Tells all who wait.</summary>
    public void Fire() => Interlocked.Exchange(ref _next, new(TaskCreationOptions.RunContinuationsAsynchronously)).TrySetResult();

    /// <summary>Waits for the next commit, or for the delay to pass, whichever comes first.</summary>
    public static async Task WaitAsync(Task next, TimeSpan delay, TimeProvider time, CancellationToken cancellationToken)
    {
        try
        {
            await next.WaitAsync(delay, time, cancellationToken).ConfigureAwait(false);
        }
        catch (TimeoutException)
        {
            // The delay is over: look again.
        }
    }
}
