using AgentMta.Server.Model;

namespace AgentMta.Server.Inbound;

/// <summary>Tells what mail to a token address is: a report about our mail, an opt-out, or something to be read after all.</summary>
internal static class TokenMail
{
    /// <summary>The report or opt-out; null for mail that goes to the use case's inbox.</summary>
    public static TokenReport? Read(Arrival arrival, Target target) =>
        // A machine's answer to an unsubscribe address is no wish of a person.
        target.Kind == TargetKind.Unsubscribe && arrival.Message.ReversePath.Length > 0 && !IsAutomatic(arrival) ? new TokenReport("unsubscribe", "") : null;

    /// <summary>Whether a program answered (RFC 3834 5, and the habits before it).</summary>
    public static bool IsAutomatic(Arrival arrival)
    {
        var headers = arrival.Headers;
        if (headers.First("Auto-Submitted")?.Text is { } submitted)
            return submitted.StartsWith("auto-replied", StringComparison.OrdinalIgnoreCase);
        return headers.Contains("X-Autoreply") || headers.Contains("X-Autorespond")
            || headers.First("Precedence")?.Text.Equals("auto_reply", StringComparison.OrdinalIgnoreCase) == true;
    }
}
