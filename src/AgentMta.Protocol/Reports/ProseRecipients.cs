namespace AgentMta.Protocol.Reports;

/// <summary>Finds whom a report in prose is about: the addresses that stand where servers put failed ones, each with the lines that say why.</summary>
internal static class ProseRecipients
{
    private const int MaxRecipients = 200;
    private const int MaxWhyLines = 25;
    private const int MaxLine = 2000;

    private static readonly string[] Labels = ["final-recipient:", "original-recipient:", "recipient:", "intended recipient:", "rcpt to:", "recipient address:", "failed recipient:", "failed address:", "to address:", "mail to:", "user:", "address:", "recipients:", "email:", "受信者:", "送信先メールアドレス:"];

    private static readonly string[] Announcements =
    [
        "delivering your mail to", "deliver message to", "deliver your message to", "deliver the message to", "deliver mail to", "delivery to", "following recipient:", "recipient(s):", "could not be delivered to", "couldn't be delivered to", "wasn't delivered to", "was not delivered to", "cannot be delivered to", "unable to deliver to", "message to", "mail to", "not delivered to", "did not reach", "sent to", "addressed to", "recipient address", "recipient", "user ", "mailbox", "address <", "account", "rejected your message to", "problem delivering", "following address", "failed:", "for <",
    ];

    private static readonly string[] NotRecipients = ["contact", "postmaster", "please", "support", "questions", "assistance", "mail from", "from:", "sender", "reply-to", "message-id", "abuse@", "helpdesk", "administrator", "help ", "your mail from", "return-path", "received"];

    /// <summary>The failed addresses; `own` are those of the report itself (its author, and the sender it went to).</summary>
    public static List<(string Address, string Why)> Find(string prose, IReadOnlySet<string> own)
    {
        var lines = prose.Split('\n');
        var strong = new Dictionary<string, int>(StringComparer.OrdinalIgnoreCase);
        var weak = new Dictionary<string, int>(StringComparer.OrdinalIgnoreCase);
        var echoed = new Dictionary<string, int>(StringComparer.OrdinalIgnoreCase);
        for (var i = 0; i < lines.Length && strong.Count < MaxRecipients; i++)
        {
            var line = lines[i].Length > MaxLine ? lines[i][..MaxLine] : lines[i];
            if (!line.Contains('@', StringComparison.Ordinal))
                continue;
            Sort(line, i, own, strong, weak, echoed);
        }

        var chosen = strong.Count > 0 ? strong : weak.Count > 0 ? weak : echoed;
        return [.. chosen.Where(found => chosen.Count == 1 || !own.Contains(found.Key)).OrderBy(found => found.Value).Select(found => (found.Key, Why(lines, found.Value, chosen.Values)))];
    }

    private static void Sort(string line, int at, IReadOnlySet<string> own, Dictionary<string, int> strong, Dictionary<string, int> weak, Dictionary<string, int> echoed)
    {
        var lower = line.ToLowerInvariant();
        var trimmed = lower.AsSpan().TrimStart(" \t<>*-•\"'[(|.");
        var leads = true;
        foreach (var (start, end) in AddressesIn(line))
        {
            var address = line[start..end];
            var before = lower[..start].Trim(' ', '\t', '<', '>', '*', '-', '•', '"', '\'', '[', '(', '|', '.', ':');
            if (leads && before.Length == 0 && !IsSentence(line, end))
                strong.TryAdd(address, at);
            else if (leads && Labelled(trimmed))
                strong.TryAdd(address, at);
            else if (trimmed.StartsWith("to:", StringComparison.Ordinal) || trimmed.StartsWith("to ", StringComparison.Ordinal) || trimmed.StartsWith("cc:", StringComparison.Ordinal))
                echoed.TryAdd(address, at);
            else if (!own.Contains(address) && !NotRecipients.Any(words => lower.AsSpan(0, start).Contains(words, StringComparison.Ordinal)) && !IsDaemon(address))
                (SaysReply(before) || Announcements.Any(words => before.Contains(words, StringComparison.Ordinal)) && before.Contains("deliver", StringComparison.Ordinal) ? strong : weak).TryAdd(address, at);
            leads = false;
        }
    }

    // A server's reply that names an address names the failed one.
    private static bool SaysReply(string before) => EnhancedStatus.ReplyCode(before) is not null && !before.Contains("mail from", StringComparison.Ordinal);

    private static bool Labelled(ReadOnlySpan<char> trimmed)
    {
        foreach (var label in Labels)
        {
            if (trimmed.StartsWith(label, StringComparison.Ordinal))
                return true;
        }

        return false;
    }

    private static bool IsDaemon(string address)
    {
        var local = address.AsSpan(0, address.IndexOf('@'));
        return local.Equals("postmaster", StringComparison.OrdinalIgnoreCase) || local.Equals("mailer-daemon", StringComparison.OrdinalIgnoreCase) || local.Equals("abuse", StringComparison.OrdinalIgnoreCase) || local.Equals("support", StringComparison.OrdinalIgnoreCase);
    }

    // "ann@x.test wrote to us" is a sentence; "ann@x.test: no such user" or "ann@x.test (expanded)" a row.
    private static bool IsSentence(string line, int end) => end + 1 < line.Length && line[end] == ' ' && char.IsLower(line[end + 1]) && !line.AsSpan(end).Contains('(') && !line.AsSpan(end + 1).StartsWith("on ") && !line.AsSpan(end + 1).StartsWith("not ") && line.Length - end > 60;

    private static string Why(string[] lines, int from, ICollection<int> others)
    {
        var until = Math.Min(lines.Length, from + MaxWhyLines);
        foreach (var other in others)
        {
            if (other > from && other < until)
                until = other;
        }

        return string.Join('\n', lines[from..until]);
    }

    /// <summary>Where addresses lie in a line: a local part, an at sign, a domain with a dot (or a bare one in brackets).</summary>
    private static List<(int Start, int End)> AddressesIn(string line)
    {
        var found = new List<(int, int)>();
        for (var at = line.IndexOf('@'); at >= 0 && found.Count < 50; at = line.IndexOf('@', at + 1))
        {
            var start = at;
            while (start > 0 && IsLocal(line[start - 1]))
                start--;
            var end = at + 1;
            while (end < line.Length && (char.IsLetterOrDigit(line[end]) || line[end] is '-' or '.' or '_'))
                end++;
            while (end > at && line[end - 1] is '.' or '-')
                end--;
            // X.400 forms hold one as "SMTP=ann@x.test"; a path as "a/b/ann@x.test".
            var equals = line.AsSpan(start, at - start).LastIndexOf("SMTP=", StringComparison.OrdinalIgnoreCase);
            start += equals >= 0 ? equals + 5 : 0;
            while (start < at && line[start] is '\'' or '.' or '*' or '=' or '/' or '-')
                start++;
            if (start < at && end - at > 2 && (line.AsSpan(at, end - at).Contains('.') || (start > 0 && line[start - 1] == '<')))
                found.Add((start, end));
        }

        return found;
    }

    private static bool IsLocal(char c) => char.IsLetterOrDigit(c) || c is '.' or '-' or '_' or '+' or '=' or '/' or '&' or '\'' or '*' or '~' or '%' or '!' or '#' or '$' or '?' or '^' or '{' or '}';
}
