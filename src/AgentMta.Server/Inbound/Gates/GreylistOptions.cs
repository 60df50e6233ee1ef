namespace AgentMta.Server.Inbound.Gates;

/// <summary>Greylisting (RFC 6647): a first meeting of client network, sender and use case is asked to come again.</summary>
internal sealed record GreylistOptions
{
    /// <summary>Whether use cases that say nothing of it have it.</summary>
    public bool Enabled { get; init; }

    /// <summary>A retry before this does not count.</summary>
    public TimeSpan Delay { get; init; } = TimeSpan.FromMinutes(5);

    /// <summary>A retry after this is a first meeting again.</summary>
    public TimeSpan RetryWindow { get; init; } = TimeSpan.FromHours(24);

    /// <summary>A meeting that passed is remembered so long after its last message.</summary>
    public TimeSpan Lifetime { get; init; } = TimeSpan.FromDays(36);

    /// <summary>So many senders that passed make their network free for the use case; 0 never does.</summary>
    public int AutoAllowAfter { get; init; } = 5;
}
