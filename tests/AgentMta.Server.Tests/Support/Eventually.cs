namespace AgentMta.Server.Tests.Support;

/// <summary>Waits for what another task brings about, by looking often, with an end.</summary>
internal static class Eventually
{
    private static readonly TimeSpan Patience = TimeSpan.FromSeconds(15);

    public static async Task TrueAsync(Func<bool> condition, Func<string>? what = null) => await TrueAsync(() => Task.FromResult(condition()), what);

    public static async Task TrueAsync(Func<Task<bool>> condition, Func<string>? what = null)
    {
        var started = TimeProvider.System.GetTimestamp();
        while (!await condition())
        {
            if (TimeProvider.System.GetElapsedTime(started) > Patience)
                Assert.Fail("It did not happen: " + (what?.Invoke() ?? "no details"));
            await Task.Delay(5);
        }
    }
}
