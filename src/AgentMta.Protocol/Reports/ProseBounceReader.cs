using AgentMta.Protocol.Mime;

namespace AgentMta.Protocol.Reports;

/// <summary>Reads the non-delivery reports of servers that write prose: qmail, Exim, old Sendmail, Exchange, Notes, the large providers.</summary>
internal static class ProseBounceReader
{
    /// <summary>Whether sender, subject and words together say that a server reports a failure; neither of them alone is proof.</summary>
    public static bool LooksLikeOne(MimeMessage message, out ReportText text)
    {
        text = ReportText.Of(message);
        var headers = message.Headers;
        if (AutoReplyReader.IsCertain(headers) && !headers.Contains("X-Failed-Recipients"))
            return false;
        var signs = 0;
        if (IsDaemon(headers.Value("From") ?? ""))
            signs += 2;
        else if (IsNoReply(headers.Value("From") ?? ""))
            signs++;
        if (IsNullPath(headers.First("Return-Path")?.Text))
            signs++;
        if (headers.Contains("X-Failed-Recipients"))
            signs += 3;
        if (message.Root.ContentType.IsType("multipart", "report"))
            signs++;
        var subject = (headers.Value("Subject") ?? "").ToLowerInvariant();
        if (ReportWords.BounceSubjects.Any(words => subject.Contains(words, StringComparison.Ordinal)) && !subject.StartsWith("re:", StringComparison.Ordinal))
            signs += 2;
        var words = text.Prose.Length > 6000 ? text.Prose[..6000] : text.Prose;
        var squashed = string.Join(' ', words.ToLowerInvariant().Split((char[]?)null, StringSplitOptions.RemoveEmptyEntries));
        var says = ReportWords.FailureWords.Any(phrase => squashed.Contains(phrase, StringComparison.Ordinal));
        if (says || EnhancedStatus.Find(squashed, failuresOnly: true) is not null)
            signs += 2;
        return signs >= 4 || (signs >= 3 && text.Original.Length > 0);
    }

    public static bool NamesNobody(MimeMessage message, ReportText text) => !message.Headers.Contains("X-Failed-Recipients") && ProseRecipients.Find(text.Prose, Own(message.Headers)).Count == 0;

    public static List<ReportRecipient> Recipients(MimeMessage message, ReportText text)
    {
        // The fields of RFC 3464 within the prose, where a server left out MIME or a relay lost it.
        if (text.Prose.Contains("Final-Recipient:", StringComparison.OrdinalIgnoreCase))
        {
            var fields = DeliveryStatusReader.Read(text.Prose, text.Prose, out _, out _);
            if (fields.Count > 0)
                return fields;
        }

        var own = Own(message.Headers);
        var found = Named(message.Headers, text, own);
        var recipients = new List<ReportRecipient>();
        var isDelay = SaysDelay(text.Prose);
        var whole = new ProseSigns(text.Prose);
        var wholeReply = BounceVerdict.Cut(Reply(text.Prose));
        foreach (var (address, why) in found)
        {
            var verdict = BounceVerdict.Of(null, Reply(why), why.Length > 0 ? new ProseSigns(why) : whole, isDelay);
            // The reason may stand apart from the address, once for all.
            if (verdict.Cause == BounceCause.Unknown)
                verdict = BounceVerdict.Of(verdict.Status, wholeReply, whole, isDelay);
            recipients.Add(new ReportRecipient(address, null, isDelay ? "delayed" : "failed", verdict.Status, verdict.Class, verdict.Cause, Diagnostic(why), null));
        }

        return recipients;
    }

    private static List<(string Address, string Why)> Named(HeaderList headers, ReportText text, HashSet<string> own)
    {
        var found = ProseRecipients.Find(text.Prose, own);
        // Exim names them in a header; the text then tells why.
        var named = headers.All("X-Failed-Recipients").SelectMany(header => header.Text.Split(',')).Select(part => ReportFields.Address(part)).Where(address => address.Contains('@', StringComparison.Ordinal)).Distinct(StringComparer.OrdinalIgnoreCase).Take(100).ToList();
        if (named.Count > 0)
            return [.. named.Select(address => (address, found.FirstOrDefault(f => f.Address.Equals(address, StringComparison.OrdinalIgnoreCase)).Why ?? text.Prose))];
        if (found.Count > 0)
            return found;
        if (LocalOnly(headers, text) is { } local)
            return [(local, text.Prose)];
        if (text.Original.Contains("Final-Recipient:", StringComparison.OrdinalIgnoreCase))
        {
            var fields = DeliveryStatusReader.Read(text.Original, text.Prose, out _, out _);
            if (fields.Count > 0)
                return [.. fields.Select(f => (f.Address, f.Diagnostic ?? text.Prose))];
        }

        var original = OfOriginal(text.Original).Take(10).Select(address => (address, text.Prose)).ToList();
        return original.Count > 0 ? original : [("", text.Prose)];
    }

    /// <summary>A provider that names its own users without a domain: a line of one word below a colon, or a name in quotes.</summary>
    private static string? LocalOnly(HeaderList headers, ReportText text)
    {
        var from = ReportFields.Address(headers.Value("From"));
        if (from.IndexOf('@') is not (> 0 and var at))
            return null;
        var previous = "";
        foreach (var raw in text.Prose.Split('\n'))
        {
            var line = raw.Trim();
            if (line.Length == 0)
                continue;
            if (previous.EndsWith(':') && line.Length is > 1 and < 64 && line.All(c => char.IsAsciiLetterOrDigit(c) || c is '.' or '-' or '_'))
                return line + from[at..];
            previous = line;
        }

        return null;
    }

    /// <summary>The To field of the original message, or the recipient that its trace names.</summary>
    private static List<string> OfOriginal(string original)
    {
        foreach (var group in ReportFields.Groups(original.Replace("\n>", "\n", StringComparison.Ordinal)).Take(3))
        {
            if (ReportFields.First(group, "X-Original-To") is { } originalTo && ReportFields.Address(originalTo) is { Length: > 0 } first && first.Contains('@', StringComparison.Ordinal))
                return [first];
            if (ReportFields.First(group, "To") is { } to)
            {
                var addresses = to.Split(',').Select(ReportFields.Address).Where(a => a.Contains('@', StringComparison.Ordinal)).ToList();
                if (addresses.Count > 0)
                    return addresses;
            }
        }

        return [];
    }

    private static HashSet<string> Own(HeaderList headers)
    {
        var own = new HashSet<string>(StringComparer.OrdinalIgnoreCase);
        foreach (var name in (ReadOnlySpan<string>)["From", "To", "Return-Path", "Reply-To", "Sender", "Cc", "Errors-To"])
        {
            foreach (var field in headers.All(name).Take(5))
            {
                foreach (var part in field.Text.Split(','))
                    own.Add(ReportFields.Address(part));
            }
        }

        own.Remove("");
        return own;
    }

    public static bool IsDaemon(string from)
    {
        var lower = from.ToLowerInvariant();
        var address = ReportFields.Address(lower);
        var local = address.Split('@')[0];
        return ReportWords.DaemonLocalParts.Any(name => local == name || (name.Length > 9 && local.StartsWith(name, StringComparison.Ordinal))) || ReportWords.DaemonNames.Any(name => lower.Contains(name, StringComparison.Ordinal)) || from.Trim() == "<>" || lower.EndsWith("<>", StringComparison.Ordinal);
    }

    public static bool IsMachine(HeaderList headers) => IsDaemon(headers.Value("From") ?? "") || IsNullPath(headers.First("Return-Path")?.Text) || headers.Contains("X-Failed-Recipients");

    private static bool IsNoReply(string from)
    {
        var local = ReportFields.Address(from.ToLowerInvariant()).Split('@')[0];
        return local is "no-reply" or "noreply" or "no_reply" or "donotreply" or "do-not-reply";
    }

    public static bool IsNullPath(string? path)
    {
        if (path is null)
            return false;
        var text = path.Trim().ToLowerInvariant();
        return text == "<>" || text.StartsWith("<mailer-daemon", StringComparison.Ordinal) || text.StartsWith("<postmaster", StringComparison.Ordinal) || text == "mailer-daemon" || text.StartsWith("<#", StringComparison.Ordinal);
    }

    // "Will be retried", "warning", "has been delayed": the server has not given up.
    private static bool SaysDelay(string prose)
    {
        var head = prose.Length > 1500 ? prose[..1500] : prose;
        return head.Contains("WARNING MESSAGE ONLY", StringComparison.OrdinalIgnoreCase) || head.Contains("do not need to resend", StringComparison.OrdinalIgnoreCase) || head.Contains("has been delayed", StringComparison.OrdinalIgnoreCase) ||
            head.Contains("not yet been delivered", StringComparison.OrdinalIgnoreCase) || head.Contains("will be retried", StringComparison.OrdinalIgnoreCase) || head.Contains("continue to try", StringComparison.OrdinalIgnoreCase) || head.Contains("been postponed", StringComparison.OrdinalIgnoreCase) || head.Contains("will continue to be attempted", StringComparison.OrdinalIgnoreCase);
    }

    /// <summary>The server's own reply within the explanation: from its first reply code or enhanced status on; else all of it.</summary>
    private static string Reply(string why)
    {
        var lines = why.Split('\n');
        for (var i = 0; i < lines.Length; i++)
        {
            if (EnhancedStatus.ReplyCode(lines[i]) is not null || EnhancedStatus.Find(lines[i], failuresOnly: true) is not null)
                return string.Join('\n', lines.Skip(Math.Max(0, i - 1)).Take(8));
        }

        return why;
    }

    private static string? Diagnostic(string why)
    {
        var text = string.Join(' ', Reply(why).Split((char[]?)null, StringSplitOptions.RemoveEmptyEntries));
        return text.Length == 0 ? null : text.Length > 1000 ? text[..1000] : text;
    }
}
