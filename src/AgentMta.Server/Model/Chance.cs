using System.Security.Cryptography;

namespace AgentMta.Server.Model;

/// <summary>Jitter, so that servers and retries do not march in step.</summary>
internal static class Chance
{
    /// <summary>A number from 0 to 1.</summary>
    public static double Next() => RandomNumberGenerator.GetInt32(int.MaxValue) / (double)int.MaxValue;
}
