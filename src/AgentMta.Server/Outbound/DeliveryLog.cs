using AgentMta.Protocol.MailAuth;
using AgentMta.Server.Model;

namespace AgentMta.Server.Outbound;

/// <summary>The line that each attempt leaves in the log for each recipient: ids, envelope, and what the remote said; nothing of the message.</summary>
internal static partial class DeliveryLog
{
    private const string None = "none";

    /// <summary>Tells how an attempt ended.</summary>
    public static void Ended(ILogger log, DeliveryOutcome outcome, AttemptTrace trace)
    {
        if (!log.IsEnabled(LogLevel.Information))
            return;
        var delivery = outcome.Delivery;
        var next = outcome.NextAttempt is { } at ? at.UtcDateTime.ToString("yyyy-MM-ddTHH:mm:ssZ", System.Globalization.CultureInfo.InvariantCulture) : None;
        Attempt(
            log, delivery.DeliveryId, LogText.Clean(delivery.MessageId, LogText.Address), LogText.Clean(delivery.Recipient, LogText.Address), LogText.Clean(trace.Host ?? None, LogText.Address), trace.Address ?? None,
            trace.Tls ?? None, EnumWord.Of(outcome.State), LogText.Clean(outcome.Status, LogText.Address), delivery.Attempts + 1, trace.Elapsed.TotalMilliseconds, next, LogText.Clean(outcome.Reply, LogText.Reply));
    }

    [LoggerMessage(EventId = 1, Level = LogLevel.Information,
        Message = "delivery {Delivery} message {Message} to <{Recipient}> relay {Host}[{Address}] tls {Tls}: {State} {Status}; attempt {Attempt}, {Milliseconds:F0} ms, next {Next}: {Reply}")]
    private static partial void Attempt(
        ILogger logger, string delivery, string message, string recipient, string host, string address, string tls, string state, string status, int attempt, double milliseconds, string next, string reply);
}
