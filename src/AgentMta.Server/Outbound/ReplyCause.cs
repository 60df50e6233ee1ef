using AgentMta.Protocol.Reports;
using AgentMta.Server.Model;

namespace AgentMta.Server.Outbound;

/// <summary>Tells from a refusal whose fault it is, so that a block of our address never suppresses a recipient.</summary>
internal static class ReplyCause
{
    // What servers say whatever the code: words of policy win over a misused 5.1.1.
    private static readonly string[] PolicyWords =
        ["spam", "blacklist", "blocklist", "block list", "blocked using", "dnsbl", "rbl", "reputation", "listed at", "listed by", "dmarc", "spf", "dkim", "policy", "not authorized", "not authorised", "unauthenticated", "greylist", "rate limit", "too many"];

    private static readonly string[] MailboxWords = ["quota", "mailbox full", "mailbox is full", "over storage", "insufficient storage", "exceeded storage"];

    private static readonly string[] RecipientWords =
        ["user unknown", "unknown user", "no such user", "no such recipient", "no such mailbox", "no such address", "does not exist", "doesn't exist", "unknown recipient", "recipient unknown",
        "mailbox not found", "user not found", "recipient not found", "invalid recipient", "invalid mailbox", "no mailbox", "not a valid mailbox", "account disabled", "mailbox disabled", "mailbox unavailable",
        "account is disabled", "address rejected", "recipient rejected", "undeliverable address", "user doesn't have", "unrouteable address"];

    /// <summary>The cause of a refusal with this enhanced status (RFC 3463) and text.</summary>
    public static BounceCause Of(string? status, string text)
    {
        if (Any(text, PolicyWords))
            return BounceCause.Policy;
        if (Any(text, MailboxWords))
            return BounceCause.MailboxFull;
        var parts = status?.Split('.') ?? [];
        if (parts.Length == 3)
        {
            switch (parts[1], parts[2])
            {
                case ("1", "0" or "7" or "8" or "9"):
                    return Any(text, RecipientWords) ? BounceCause.Recipient : BounceCause.Policy;
                case ("1", _) or ("2", "0" or "1"):
                    return BounceCause.Recipient;
                case ("2", "2"):
                    return BounceCause.MailboxFull;
                case ("2", "3") or ("3", "4") or ("6", _):
                    return BounceCause.Content;
                case ("7", _):
                    return BounceCause.Policy;
                case ("3" or "4", _):
                    return BounceCause.Infrastructure;
            }
        }

        return Any(text, RecipientWords) ? BounceCause.Recipient : BounceCause.Policy;
    }

    /// <summary>The cause as events name it.</summary>
    public static string Word(BounceCause cause) => cause switch
    {
        BounceCause.Recipient => "recipient",
        BounceCause.MailboxFull => "mailbox_full",
        BounceCause.Policy => "policy",
        BounceCause.Content => "content",
        BounceCause.Infrastructure => "infrastructure",
        _ => "unknown",
    };

    private static bool Any(string text, string[] words) => words.Any(w => text.Contains(w, StringComparison.OrdinalIgnoreCase));
}
