namespace AgentMta.Server.Webhooks;

/// <summary>Settings of event delivery over HTTP.</summary>
internal sealed class WebhookOptions
{
    /// <summary>Time for connection, request and answer together.</summary>
    public TimeSpan Timeout { get; set; } = TimeSpan.FromSeconds(15);

    /// <summary>Events that one healthy endpoint is sent at once; 1 keeps them in order. A failing one is always sent one at a time.</summary>
    public int Concurrency { get; set; } = 8;

    /// <summary>An endpoint that took nothing for so long is switched off.</summary>
    public TimeSpan DisableAfter { get; set; } = TimeSpan.FromDays(5);

    /// <summary>How long dead letters and the tries of late deliveries are kept.</summary>
    public TimeSpan Retention { get; set; } = TimeSpan.FromDays(30);
}
