using System.Runtime.CompilerServices;

namespace AgentMta.Server.Model;

/// <summary>
/// Sockets hand over what they read on their own two or so threads, which serve all connections (<see cref="ServeSockets"/>): a command is answered there without a switch
/// between threads, and so is the end of a message that is cheap to check. Whatever may block, or computes for long, goes to the pool first.
/// </summary>
internal static class PoolThread
{
    private const string InlineCompletions = "DOTNET_SYSTEM_NET_SOCKETS_INLINE_COMPLETIONS";

    /// <summary>Whether this is a thread that may be held up.</summary>
    public static bool IsCurrent => Thread.CurrentThread.IsThreadPoolThread;

    /// <summary>Makes sockets complete on their own threads; to be called before the first socket is made. Set the variable to 0 to have the pool do it.</summary>
    public static void ServeSockets()
    {
        if (Environment.GetEnvironmentVariable(InlineCompletions) is null)
            Environment.SetEnvironmentVariable(InlineCompletions, "1");
    }

    /// <summary>Goes on in the pool; at once, where that is where it is.</summary>
    public static Switch Enter() => default;

    /// <summary>Goes on in the pool as work of its own, also where it is there already: whoever called has others to serve.</summary>
    public static Switch Queue() => new(always: true);

    /// <summary>See <see cref="Enter"/>.</summary>
    public readonly struct Switch(bool always) : ICriticalNotifyCompletion
    {
        public Switch GetAwaiter() => this;

        public bool IsCompleted => !always && IsCurrent;

        public void GetResult()
        {
        }

        public void OnCompleted(Action continuation) => ThreadPool.QueueUserWorkItem(static go => go(), continuation, preferLocal: false);

        public void UnsafeOnCompleted(Action continuation) => ThreadPool.UnsafeQueueUserWorkItem(static go => go(), continuation, preferLocal: false);
    }
}
