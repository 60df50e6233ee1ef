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
}
