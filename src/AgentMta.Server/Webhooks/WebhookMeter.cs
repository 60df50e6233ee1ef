using System.Diagnostics.Metrics;

namespace AgentMta.Server.Webhooks;

/// <summary>Counts the tries that endpoints were sent; those that succeed at once leave no row.</summary>
internal sealed class WebhookMeter : IDisposable
{
    private const string Delivered = "delivered";
    private const string Failed = "failed";
    private const string Dead = "dead";

    private readonly Meter _meter = new("AgentMta.Webhooks");
    private readonly Counter<long> _attempts;

    public WebhookMeter()
    {
        _attempts = _meter.CreateCounter<long>("agentmta.webhooks.attempts", "{attempt}", "Events sent to endpoints, each try");
        // A series that begins with its first event shows no increase at it.
        foreach (var outcome in new[] { Delivered, Failed, Dead })
            _attempts.Add(0, Tag(outcome));
    }

    /// <param name="failed">The endpoint did not take the event.</param>
    /// <param name="last">It is not tried again.</param>
    public void Attempt(bool failed, bool last) => _attempts.Add(1, Tag(failed ? last ? Dead : Failed : Delivered));

    /// <inheritdoc/>
    public void Dispose() => _meter.Dispose();

    private static KeyValuePair<string, object?> Tag(string outcome) => new("outcome", outcome);
}
