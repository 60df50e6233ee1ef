namespace AgentMta.Server.Tests.Support;

/// <summary>Waits for what another process will do, by asking again; the limit is for broken runs alone.</summary>
internal static class Eventually
{
    private static readonly TimeSpan Limit = TimeSpan.FromSeconds(60);

    /// <summary>The first answer that is not null.</summary>
    public static async Task<T> GetAsync<T>(Func<Task<T?>> ask, Func<string> whatElse)
        where T : class
    {
        var until = DateTime.UtcNow + Limit;
        while (DateTime.UtcNow < until)
        {
            if (await ask() is { } answer)
                return answer;
            await Task.Delay(50);
        }

        throw new TimeoutException($"It did not come within {Limit.TotalSeconds} s. {whatElse()}");
    }

    /// <summary>Until the condition holds.</summary>
    public static async Task TrueAsync(Func<bool> condition, Func<string>? what = null) => await TrueAsync(() => Task.FromResult(condition()), what);

    /// <summary>Until the condition holds.</summary>
    public static async Task TrueAsync(Func<Task<bool>> condition, Func<string>? what = null)
    {
        var started = TimeProvider.System.GetTimestamp();
        while (!await condition())
        {
            if (TimeProvider.System.GetElapsedTime(started) > Limit)
                Assert.Fail("It did not happen: " + (what?.Invoke() ?? "no details"));
            await Task.Delay(5);
        }
    }
}
