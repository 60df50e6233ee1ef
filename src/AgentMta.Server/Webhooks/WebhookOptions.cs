namespace AgentMta.Server.Webhooks;

/// <summary>How webhooks are delivered.</summary>
internal sealed record WebhookOptions
{
    /// <summary>The waits before each attempt; what fails the last time is a dead letter.</summary>
    public IReadOnlyList<TimeSpan> Steps { get; init; } =
    [
        TimeSpan.Zero, TimeSpan.FromSeconds(5), TimeSpan.FromMinutes(5), TimeSpan.FromMinutes(30), TimeSpan.FromHours(2), TimeSpan.FromHours(5), TimeSpan.FromHours(10), TimeSpan.FromHours(10),
    ];

    /// <summary>How long an endpoint may take to answer.</summary>
    public TimeSpan Timeout { get; init; } = TimeSpan.FromSeconds(15);

    /// <summary>After so long without any success an endpoint is switched off.</summary>
    public TimeSpan Patience { get; init; } = TimeSpan.FromDays(5);
}
