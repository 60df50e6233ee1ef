namespace AgentMta.Protocol.Reports;

/// <summary>Class and cause of a failure from its status, its diagnostic and the words around it.</summary>
internal readonly record struct BounceVerdict(BounceClass Class, BounceCause Cause, string? Status)
{
    private const int MaxWords = 4000;

    /// <summary>`status` is the report's own field; `diagnostic` the remote server's words; `prose` what the report says to people.</summary>
    public static BounceVerdict Of(string? status, string? diagnostic, ProseSigns? prose, bool isDelay = false)
    {
        var said = Lower(diagnostic);
        var inner = diagnostic is null ? null : EnhancedStatus.Find(diagnostic, failuresOnly: true);
        var code = diagnostic is null ? null : EnhancedStatus.ReplyCode(diagnostic);
        var best = Surer(status, inner) ?? prose?.Codes.Status;
        code ??= prose?.Codes.Code;
        var reason = ByWords(said, best);
        if (reason == BounceReason.Unknown)
            reason = ByStatus(best);
        if (reason == BounceReason.Unknown && prose is not null)
            reason = prose.Reason(best);
        if (reason == BounceReason.Unknown)
            reason = ByCode(code);
        var isTemporary = isDelay || IsTemporary(reason, best, code);
        return new BounceVerdict(isTemporary ? BounceClass.Soft : BounceClass.Hard, CauseOf(reason), best ?? Made(reason, isTemporary));
    }

    public static BounceCause CauseOf(BounceReason reason) => reason switch
    {
        BounceReason.UserUnknown or BounceReason.HostUnknown or BounceReason.Moved => BounceCause.Recipient,
        BounceReason.MailboxFull => BounceCause.MailboxFull,
        BounceReason.Policy or BounceReason.Throttled or BounceReason.Disabled => BounceCause.Policy,
        BounceReason.Content or BounceReason.TooBig => BounceCause.Content,
        BounceReason.Expired or BounceReason.Network or BounceReason.System or BounceReason.Mailer => BounceCause.Infrastructure,
        _ => BounceCause.Unknown,
    };

    // Full, expired and unreachable pass by themselves, whatever digit the server wrote.
    private static bool IsTemporary(BounceReason reason, string? status, int? code)
    {
        if (reason is BounceReason.MailboxFull or BounceReason.Expired or BounceReason.Network or BounceReason.System or BounceReason.Throttled)
            return true;
        if (status is not null)
            return status[0] == '4';
        return code is >= 400 and < 500;
    }

    /// <summary>The more telling of two codes: one with a detail beats x.0.0, and the diagnostic's beats the report's where both have one.</summary>
    private static string? Surer(string? status, string? inner)
    {
        if (inner is null)
            return status;
        if (status is null || IsGeneric(status))
            return inner;
        return IsGeneric(inner) ? status : inner;
    }

    private static bool IsGeneric(string status) => status.Length >= 5 && (status.EndsWith(".0.0", StringComparison.Ordinal) || status[0] == '2');

    public static BounceReason ByWords(string said, string? status)
    {
        if (said.Length == 0)
            return BounceReason.Unknown;
        var reason = BouncePhrases.Find(said);
        // RFC 3463 3.8: security and policy; "user unknown" beside it is the surer word, "mailbox unavailable" is not.
        if (reason == BounceReason.UserUnknown && status is not null && status.Length > 3 && status.AsSpan(1, 3) is ".7." && BouncePhrases.Find(said.Replace("mailbox unavailable", "", StringComparison.Ordinal)) is not BounceReason.UserUnknown and var other and not BounceReason.Unknown)
            return other;
        return reason;
    }

    // RFC 3463 and the IANA registry of RFC 5248.
    private static BounceReason ByStatus(string? status)
    {
        if (status is null || status.Length < 5)
            return BounceReason.Unknown;
        return status[2..] switch
        {
            "1.0" or "1.1" or "1.3" or "1.4" or "1.5" => BounceReason.UserUnknown,
            "1.2" or "1.10" or "4.4" => BounceReason.HostUnknown,
            "1.6" => BounceReason.Moved,
            "1.7" or "1.8" or "1.9" => BounceReason.Policy,
            "2.1" => BounceReason.Disabled,
            "2.2" => BounceReason.MailboxFull,
            "2.3" or "3.4" => BounceReason.TooBig,
            "4.1" or "4.2" or "4.3" or "4.5" or "4.6" => BounceReason.Network,
            "4.7" => BounceReason.Expired,
            "5.2" or "5.3" => BounceReason.Policy,
            ['3', '.', ..] => BounceReason.System,
            ['6', '.', ..] => BounceReason.Content,
            ['7', '.', ..] => BounceReason.Policy,
            _ => BounceReason.Unknown,
        };
    }

    private static BounceReason ByCode(int? code) => code switch
    {
        552 or 452 => BounceReason.MailboxFull,
        551 => BounceReason.Moved,
        553 => BounceReason.UserUnknown,
        550 => BounceReason.Policy,
        421 or 451 => BounceReason.System,
        _ => BounceReason.Unknown,
    };

    private static string? Made(BounceReason reason, bool isTemporary) => reason switch
    {
        BounceReason.UserUnknown => isTemporary ? "4.1.1" : "5.1.1",
        BounceReason.HostUnknown => isTemporary ? "4.1.2" : "5.1.2",
        BounceReason.Moved => "5.1.6",
        BounceReason.MailboxFull => "4.2.2",
        BounceReason.Expired => "4.4.7",
        BounceReason.Network => "4.4.1",
        BounceReason.TooBig => "5.3.4",
        BounceReason.Unknown => null,
        BounceReason.Content => "5.6.0",
        BounceReason.System => "4.3.0",
        BounceReason.Mailer => isTemporary ? "4.3.0" : "5.3.0",
        _ => isTemporary ? "4.7.0" : "5.7.0",
    };

    public static string Cut(string text) => text.Length <= MaxWords ? text : text[..MaxWords];

    public static string Lower(string? text)
    {
        if (text is null)
            return "";
        // Words wrapped over lines are one phrase.
        var squashed = new System.Text.StringBuilder(Math.Min(text.Length, MaxWords));
        foreach (var c in Cut(text))
        {
            if (!char.IsWhiteSpace(c))
                squashed.Append(char.ToLowerInvariant(c == '\u2019' ? '\'' : c));
            else if (squashed.Length > 0 && squashed[^1] != ' ')
                squashed.Append(' ');
        }

        return squashed.ToString();
    }
}
