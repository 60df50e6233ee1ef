using AgentMta.Protocol.Smtp;
using AgentMta.Protocol.Reports;
using AgentMta.Server.Model;

namespace AgentMta.Server.Outbound;

/// <summary>Turns what the remote said into what becomes of the delivery (RFC 5321 4.2.1): delivered, tried again, or given up. Pure but for the jitter's chance.</summary>
internal sealed class OutcomePolicy(OutboundOptions options, Func<double> chance)
{
    private const int ReplyLimit = 1000;

    private readonly RetrySchedule _schedule = new(options.RetrySteps, options.RetryJitter);

    /// <summary>The outcome of a reply, or of a fault where no reply came.</summary>
    public DeliveryOutcome Decide(LeasedDelivery delivery, RecipientResult result, DateTimeOffset now)
    {
        if (result.Reply is { } reply)
            return Decide(delivery, reply, now);
        var fault = result.Fault!;
        return Decide(delivery, new SmtpReply(0, fault.Status, fault.Reply?.ToString() ?? fault.Message), now);
    }

    /// <summary>The outcome of a reply, the remote's or our own; code 0 is a fault of the network.</summary>
    public DeliveryOutcome Decide(LeasedDelivery delivery, SmtpReply reply, DateTimeOffset now)
    {
        var text = Cut(reply.Code == 0 ? reply.Text : reply.ToString());
        if (reply.IsPositive)
            return new DeliveryOutcome(delivery, DeliveryState.Delivered, reply.Code, reply.EnhancedStatus ?? "2.0.0", text);
        if (reply.IsPermanent)
        {
            var status = reply.EnhancedStatus ?? "5.0.0";
            return new DeliveryOutcome(delivery, DeliveryState.Bounced, reply.Code, status, text, ReplyCause.Of(reply.EnhancedStatus, reply.Text));
        }

        var cause = reply.Code == 0 ? BounceCause.Infrastructure : ReplyCause.Of(reply.EnhancedStatus, reply.Text);
        var next = _schedule.Next(delivery.Attempts + 1, now, delivery.ExpiresAt, chance());
        // RFC 3463 3.5: 4.4.7, delivery time expired.
        if (next is null)
            return new DeliveryOutcome(delivery, DeliveryState.Bounced, reply.Code, "4.4.7", Cut($"given up after {Age(now - delivery.QueuedAt)}; last: {text}"), cause);
        return new DeliveryOutcome(delivery, DeliveryState.Deferred, reply.Code, reply.EnhancedStatus ?? "4.0.0", text, cause, next);
    }

    private static string Age(TimeSpan age) => age.TotalDays >= 1 ? $"{age.TotalDays:0.#} days" : age.TotalHours >= 1 ? $"{age.TotalHours:0.#} hours" : $"{age.TotalMinutes:0} minutes";

    private static string Cut(string text) => text.Length <= ReplyLimit ? text : text[..ReplyLimit];
}
