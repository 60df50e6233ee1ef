using AgentMta.Server.Model;
using AgentMta.Server.Store;
using Microsoft.Extensions.Logging;

namespace AgentMta.Server.Webhooks;

/// <summary>All that delivery works with, given by Hosting (and by tests).</summary>
internal sealed record WebhookServices
{
    public required Database Database { get; init; }

    public required WebhookStore Webhooks { get; init; }

    public required EventFeed Feed { get; init; }

    public required RenderEvent Render { get; init; }

    public required WebhookSender Sender { get; init; }

    public required WebhookOptions Options { get; init; }

    /// <summary>Jitter from 0 to 1.</summary>
    public required Func<double> Chance { get; init; }

    public required WebhookMeter Meter { get; init; }

    public required TimeProvider Time { get; init; }

    public required ILogger Log { get; init; }
}
