using System.Security.Cryptography;

namespace AgentMta.Server.Model;

/// <summary>Random octets for ids, and jitter, so that servers and retries do not march in step.</summary>
internal static class Chance
{
    private const int Fetched = 1024;

    // The system is asked for a kilobyte at once: an accepted message takes five ids, and each question is a system call.
    [ThreadStatic]
    private static byte[]? t_octets;

    [ThreadStatic]
    private static int t_left;

    /// <summary>A number from 0 to 1.</summary>
    public static double Next() => RandomNumberGenerator.GetInt32(int.MaxValue) / (double)int.MaxValue;

    /// <summary>Fills with octets of the cryptographic generator; each is given out once.</summary>
    public static void Fill(Span<byte> octets)
    {
        if (t_left < octets.Length)
        {
            t_octets ??= new byte[Fetched];
            RandomNumberGenerator.Fill(t_octets);
            t_left = Fetched;
        }

        t_left -= octets.Length;
        t_octets.AsSpan(t_left, octets.Length).CopyTo(octets);
    }
}
