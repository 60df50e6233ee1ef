namespace AgentMta.Protocol.Replies;

/// <summary>Tells signatures, phones' lines, headlines of older mail and other furniture from what a person wrote.</summary>
internal static class SignatureReader
{
    private const int MaxSentFrom = 90;

    /// <summary>RFC 3676 4.3: "-- "; also without the space, and the dash or underscores that others write.</summary>
    public static bool IsDelimiter(string text)
    {
        var trimmed = text.Trim();
        return trimmed is "--" or "—" or "––" or "— —" || (trimmed.Length is 2 or 3 && trimmed.All(c => c == '_'));
    }

    /// <summary>A line of nothing but drawing: "________", "-----", "====".</summary>
    public static bool IsRule(string content) => content.Length >= 3 && content.All(c => c is '_' or '-' or '=' or '*' or '—' or '–' or '─' or '━' or '~' or ' ');

    /// <summary>The line that a phone or a mail program adds.</summary>
    public static bool IsSentFrom(IReadOnlyList<ReplyLine> lines, int at)
    {
        var content = lines[at].Content.TrimStart('*', '_', '-', '—', '[', '(', ' ', '<');
        if (content.Length is < 6 or > MaxSentFrom + 200)
            return false;
        var words = WithoutLinks(content);
        if (words.Length > MaxSentFrom)
            return false;
        var lower = words.ToLowerInvariant();
        foreach (var beginning in ReplyWords.SentFrom)
        {
            if (!lower.StartsWith(beginning, StringComparison.Ordinal))
                continue;
            if (lower.Contains(',', StringComparison.Ordinal) && !NamesDevice(lower))
                return false;
            // "Sent from the warehouse on Monday, it should arrive." is a sentence of the author's.
            var isPlain = beginning is "sent from" or "sent via" or "sent with" or "sent using" or "sent by" or "von meinem" or "从我的" or "lähetetty" or "enviado de" or "inviato da" or "gesendet mit" or "gesendet von" or "enviado con" or "sendt med" or "sendt via" or "envoyé par";
            return !isPlain || ((at == 0 || lines[at - 1].IsBlank || lines[at - 1].Mark != LineMark.None || !lines[at - 1].IsMarkedByCharacter) && lower.Count(c => c == ' ') <= 7 && !lower.Contains(',', StringComparison.Ordinal));
        }

        // German, Turkish, Hungarian, Chinese and Japanese put the verb last.
        return lower.Length < 60 && (lower.EndsWith(" gesendet", StringComparison.Ordinal) || lower.EndsWith("から送信", StringComparison.Ordinal) || lower.EndsWith("gönderildi", StringComparison.Ordinal) || lower.EndsWith("发送", StringComparison.Ordinal) || lower.EndsWith("傳送", StringComparison.Ordinal) || lower.EndsWith("에서 보냄", StringComparison.Ordinal)) &&
            NamesDevice(lower);
    }

    private static readonly string[] Devices = ["iphone", "ipad", "android", "mobil", "handy", "smartphone", "galaxy", "outlook", "samsung", "blackberry", "phone", "tablet", "mail"];

    private static bool NamesDevice(string lower) => Devices.Any(device => lower.Contains(device, StringComparison.Ordinal));

    public static bool IsDisclaimer(string content)
    {
        var lower = content.AsSpan(0, Math.Min(60, content.Length)).TrimStart("*_-[( \t").ToString().ToLowerInvariant();
        return ReplyWords.Disclaimer.Any(beginning => lower.StartsWith(beginning, StringComparison.Ordinal));
    }

    public static bool IsBounceSign(string content)
    {
        if (content.Length is < 11 or > 200)
            return false;
        return ReplyWords.Bounce.Any(beginning => content.StartsWith(beginning, StringComparison.OrdinalIgnoreCase));
    }

    /// <summary>"-----Original Message-----" in any language, with any number of dashes.</summary>
    public static bool IsOriginalMessage(string content)
    {
        if (content.Length > 90 || content.Length < 6)
            return false;
        var phrase = content.Trim('-', '_', '*', '=', '~', '—', '–', ' ', '>', ':', '[', ']');
        return content.Length - phrase.Length >= 4 && ReplyWords.OriginalMessage.Contains(phrase.ToLowerInvariant());
    }

    /// <summary>"---------- Forwarded message ---------", "Begin forwarded message:".</summary>
    public static bool IsForward(string content)
    {
        if (content.Length is < 5 or > 120)
            return false;
        var phrase = content.Trim('-', '_', '*', '=', '~', '—', '–', ' ', '>');
        var isDrawn = content.Length - phrase.Length >= 4;
        if (!isDrawn && !phrase.EndsWith(':') && !phrase.EndsWith('：'))
            return false;
        if (!isDrawn && phrase.Length > 60)
            return false;
        var lower = phrase.ToLowerInvariant();
        return ReplyWords.Forwarded.Any(words => lower.Contains(words, StringComparison.Ordinal));
    }

    /// <summary>"Fwd: …" and the like in other languages.</summary>
    public static bool HasForwardPrefix(string subject)
    {
        var at = 0;
        var text = subject.AsSpan();
        // Re: and [list] may stand before.
        for (var rounds = 0; rounds < 6; rounds++)
        {
            text = text[at..].TrimStart();
            if (text.StartsWith("["))
            {
                at = text.IndexOf(']') + 1;
                if (at == 0)
                    return false;
                continue;
            }

            var colon = text.IndexOfAny(':', '：');
            if (colon is <= 0 or > 14)
                return false;
            var prefix = text[..colon].TrimEnd().ToString().ToLowerInvariant();
            if (ReplyWords.ForwardPrefix.Contains(prefix))
                return true;
            if (prefix is not ("re" or "aw" or "sv" or "antw" or "res" or "odp" or "回复" or "答复" or "回覆" or "ref"))
                return false;
            return false;
        }

        return false;
    }

    private static string WithoutLinks(string content)
    {
        var open = content.IndexOfAny(['<', '(', '[']);
        return (open > 5 ? content[..open] : content).Trim('*', '_', ' ', ']', ')', '>');
    }
}
