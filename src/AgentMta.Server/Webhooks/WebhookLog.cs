using System.Globalization;
using AgentMta.Server.Model;
using AgentMta.Server.Store;
using Microsoft.Extensions.Logging;

namespace AgentMta.Server.Webhooks;

/// <summary>The line that each failed try leaves in the log: ids, and what the endpoint said or why there was no answer; nothing of the event.</summary>
internal static partial class WebhookLog
{
    private const string None = "none";

    /// <summary>Tells that an endpoint did not take an event, and when it is tried again.</summary>
    public static void Failed(ILogger log, Webhook webhook, StoredEvent stored, WebhookOutcome outcome, WebhookAttempt failure)
    {
        if (!log.IsEnabled(LogLevel.Information))
            return;
        var next = outcome.NextAttemptAt is { } at ? at.UtcDateTime.ToString("yyyy-MM-ddTHH:mm:ssZ", CultureInfo.InvariantCulture) : None;
        Failed(
            log, webhook.WebhookId, stored.EventId, stored.Type, outcome.NextAttemptAt is null ? "dead" : "failed", failure.Status?.ToString(CultureInfo.InvariantCulture) ?? None, outcome.Attempts,
            failure.Elapsed.TotalMilliseconds, next, LogText.Clean(failure.Fault ?? "", LogText.Reply));
    }

    [LoggerMessage(EventId = 1, Level = LogLevel.Information, Message = "webhook {Webhook} event {Event} {Type}: {State} {Status}; attempt {Attempt}, {Milliseconds:F0} ms, next {Next}: {Fault}")]
    private static partial void Failed(ILogger logger, string webhook, string @event, string type, string state, string status, int attempt, double milliseconds, string next, string fault);
}
