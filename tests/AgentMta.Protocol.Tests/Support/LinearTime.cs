namespace AgentMta.Protocol.Tests.Support;

/// <summary>
/// Holds that work grows with its input and not with the square of it: by the ratio of two sizes on the same machine, never by the clock alone. A machine that is busy
/// with something else during the large runs only says nothing, so what looks too slow is measured again.
/// </summary>
internal static class LinearTime
{
    private const int Factor = 8;
    private const int Attempts = 10;

    // Too short to tell growth from noise.
    private static readonly TimeSpan Noise = TimeSpan.FromMilliseconds(50);

    /// <summary>Eight times the input may take thirty-two times as long; a quadratic way takes sixty-four times. The least of several runs counts.</summary>
    public static async Task HoldsAsync(int size, Func<int, Task> run)
    {
        await run(size / Factor);
        var (small, large) = (TimeSpan.Zero, TimeSpan.Zero);
        for (var attempt = 0; attempt < Attempts; attempt++)
        {
            small = await LeastAsync(size / Factor, run);
            large = await LeastAsync(size, run);
            if (large < Noise || large < small * Factor * 4)
                return;
        }

        Assert.Fail($"{size / Factor} took {small.TotalMilliseconds} ms, {size} took {large.TotalMilliseconds} ms, in {Attempts} attempts no better");
    }

    private static async Task<TimeSpan> LeastAsync(int size, Func<int, Task> run)
    {
        var least = TimeSpan.MaxValue;
        for (var i = 0; i < 3; i++)
        {
            var started = TimeProvider.System.GetTimestamp();
            await run(size);
            var took = TimeProvider.System.GetElapsedTime(started);
            least = took < least ? took : least;
        }

        return least;
    }
}
