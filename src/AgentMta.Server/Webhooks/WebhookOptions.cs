using System.ComponentModel.DataAnnotations;

namespace AgentMta.Server.Webhooks;

/// <summary>Settings of event delivery over HTTP.</summary>
internal sealed class WebhookOptions
{
    /// <summary>Time for connection, request and answer together.</summary>
    [Range(typeof(TimeSpan), "00:00:01", "00:01:00")]
    public TimeSpan Timeout { get; set; } = TimeSpan.FromSeconds(15);

    /// <summary>Events that one healthy endpoint is sent at once; 1 keeps them in order. A failing one is always sent one at a time.</summary>
    [Range(1, 100)]
    public int Concurrency { get; set; } = 8;

    /// <summary>An endpoint that took nothing for so long is switched off.</summary>
    [Range(typeof(TimeSpan), "01:00:00", "365.00:00:00")]
    public TimeSpan DisableAfter { get; set; } = TimeSpan.FromDays(5);

    /// <summary>How long dead letters and the tries of late deliveries are kept.</summary>
    [Range(typeof(TimeSpan), "1.00:00:00", "3650.00:00:00")]
    public TimeSpan Retention { get; set; } = TimeSpan.FromDays(30);
}
