namespace AgentMta.Protocol.Tests.Support;

/// <summary>How long the fuzzers run: short and the same each time in CI; AGENTMTA_FUZZ=100 makes them a hundred times as long, from a seed of the day.</summary>
internal static class FuzzRounds
{
    private static readonly int Factor = int.TryParse(Environment.GetEnvironmentVariable("AGENTMTA_FUZZ"), out var factor) && factor > 0 ? factor : 1;

    public static int Of(int usual) => usual * Factor;

    public static Random Random(int seed) => new(Factor == 1 ? seed : HashCode.Combine(seed, DateTime.UtcNow.Ticks));
}
