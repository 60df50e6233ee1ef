using System.Net;

namespace AgentMta.Server.Resolver;

/// <summary>One recursive server and what was learned about it. What was learned is forgotten in time, for a forged answer may have taught it.</summary>
internal sealed class ResolverServer(IPEndPoint endPoint, bool validates, TimeProvider time)
{
    // One silence may be a slow zone; two in a row are a slow server.
    private const int SilencesBeforeRest = 2;
    private static readonly TimeSpan Rest = TimeSpan.FromSeconds(30);
    private static readonly TimeSpan Memory = TimeSpan.FromMinutes(15);

    private int _silences;
    private long _restsUntil;
    private long _losesCaseUntil;
    private long _refusesExtensionUntil;

    public IPEndPoint EndPoint { get; } = endPoint;

    /// <summary>True where its AD bit is believed: it is on this machine, or a setting says so.</summary>
    public bool Validates { get; } = validates;

    public bool Rests => IsBefore(ref _restsUntil);

    /// <summary>False for a while after it did not repeat the letters of a question as they were sent (0x20).</summary>
    public bool KeepsCase => !IsBefore(ref _losesCaseUntil);

    /// <summary>False for a while after it could not read EDNS0 (RFC 6891 7).</summary>
    public bool TakesExtension => !IsBefore(ref _refusesExtensionUntil);

    public void Answered() => Volatile.Write(ref _silences, 0);

    /// <summary>Counts a silence; true where the server, until then at work, goes to rest by it.</summary>
    public bool WasSilent()
    {
        if (Interlocked.Increment(ref _silences) < SilencesBeforeRest)
            return false;
        Volatile.Write(ref _silences, 0);
        var rested = Rests;
        Set(ref _restsUntil, Rest);
        return !rested;
    }

    public void LostCase() => Set(ref _losesCaseUntil, Memory);

    public void RefusedExtension() => Set(ref _refusesExtensionUntil, Memory);

    // Zero means never, so that a clock that starts at zero is no special case.
    private bool IsBefore(ref long until)
    {
        var value = Volatile.Read(ref until);
        return value != 0 && time.GetTimestamp() < value;
    }

    private void Set(ref long until, TimeSpan span) =>
        Volatile.Write(ref until, time.GetTimestamp() + (long)(span.TotalSeconds * time.TimestampFrequency));
}
