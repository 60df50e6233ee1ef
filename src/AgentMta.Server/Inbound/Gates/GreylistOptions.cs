using System.ComponentModel.DataAnnotations;

namespace AgentMta.Server.Inbound.Gates;

/// <summary>Greylisting (RFC 6647): a first meeting of client network, sender and use case is asked to come again.</summary>
internal sealed record GreylistOptions : IValidatableObject
{
    /// <summary>Whether use cases that say nothing of it have it.</summary>
    public bool Enabled { get; init; }

    /// <summary>A retry before this does not count.</summary>
    [Range(typeof(TimeSpan), "00:00:00", "1.00:00:00")]
    public TimeSpan Delay { get; init; } = TimeSpan.FromMinutes(5);

    /// <summary>A retry after this is a first meeting again.</summary>
    [Range(typeof(TimeSpan), "00:00:01", "30.00:00:00")]
    public TimeSpan RetryWindow { get; init; } = TimeSpan.FromHours(24);

    /// <summary>A meeting that passed is remembered so long after its last message.</summary>
    [Range(typeof(TimeSpan), "00:00:01", "3650.00:00:00")]
    public TimeSpan Lifetime { get; init; } = TimeSpan.FromDays(36);

    /// <summary>So many senders that passed make their network free for the use case; 0 never does.</summary>
    [Range(0, 1_000_000)]
    public int AutoAllowAfter { get; init; } = 5;

    /// <inheritdoc/>
    public IEnumerable<ValidationResult> Validate(ValidationContext validationContext)
    {
        if (RetryWindow <= Delay)
            yield return new ValidationResult($"more than Delay = {Delay} is expected: no retry would ever count.", [nameof(RetryWindow)]);
        if (Lifetime <= RetryWindow)
            yield return new ValidationResult($"more than RetryWindow = {RetryWindow} is expected.", [nameof(Lifetime)]);
    }
}
