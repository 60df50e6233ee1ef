using AgentMta.Protocol.Html;
using AgentMta.Protocol.Mime;

namespace AgentMta.Protocol.Reports;

/// <summary>What a report says to people, apart from the original message that it carries, and what is known of that message.</summary>
internal sealed class ReportText
{
    private const int MaxProse = 128 * 1024;
    private const int MaxOriginal = 256 * 1024;
    private const int MaxPages = 512 * 1024;
    private const int MaxTags = 20_000;

    public string Prose { get; private set; } = "";

    /// <summary>The header (and more) of the original message, as far as the report carries it.</summary>
    public string Original { get; private set; } = "";

    public string? OriginalMessageId { get; private set; }

    public static ReportText Of(MimeMessage message)
    {
        var text = new ReportText();
        var prose = new System.Text.StringBuilder();
        var pages = new HtmlBudget(MaxPages, MaxTags);
        foreach (var part in message.Parts())
        {
            if (part.IsMultipart)
            {
                // Without a boundary in it the body is all text; so is what stands before the first one.
                if (part.Children.Count == 0)
                    prose.Append(Cut(part.DecodeText(), MaxProse + MaxOriginal)).Append('\n');
                continue;
            }

            var type = part.ContentType;
            if ((type.Type == "text" || type.Type == "multipart") && type.Subtype != "rfc822-headers" && text.Original.Length == 0)
                AppendProse(prose, part, type, pages);
            else if (IsOriginal(type) && text.Original.Length == 0)
                text.Original = Cut(part.DecodeText(), MaxOriginal);
            else if (part == message.Root)
                AppendProse(prose, part, type, pages);
        }

        text.Split(prose.ToString());
        text.OriginalMessageId = MessageId(text.Original);
        return text;
    }

    private static void AppendProse(System.Text.StringBuilder prose, MimePart part, ContentType type, HtmlBudget pages)
    {
        if (prose.Length >= MaxProse || part.BodyLength > 4 * MaxOriginal)
            return;
        var decoded = part.DecodeText();
        if (type.IsType("text", "html"))
        {
            // The plain twin of an HTML part said it already.
            if (part.Parent is { } parent && parent.ContentType.IsType("multipart", "alternative") && prose.Length > 0)
                return;
            decoded = HtmlText.Extract(decoded, pages).Text;
        }

        prose.Append(Cut(decoded, MaxProse + MaxOriginal)).Append('\n');
    }

    private static bool IsOriginal(ContentType type) =>
        type.IsType("message", "rfc822") || type.IsType("message", "global") || type.IsType("text", "rfc822-headers") || type.IsType("message", "global-headers") || type.IsType("message", "partial");

    /// <summary>Servers without MIME put the original below a line that says so, or just below.</summary>
    private void Split(string whole)
    {
        var at = 0;
        foreach (var range in whole.AsSpan().Split('\n'))
        {
            var line = whole.AsSpan()[range].TrimEnd('\r');
            var (offset, _) = range.GetOffsetAndLength(whole.Length);
            if (offset > 0 && (BeginsHeader(line) || SaysOriginal(line)))
            {
                at = offset;
                break;
            }
        }

        Prose = Cut(at > 0 ? whole[..at] : whole, MaxProse);
        if (Original.Length == 0 && at > 0)
            Original = Cut(whole[at..], MaxOriginal);
    }

    private static bool BeginsHeader(ReadOnlySpan<char> raw)
    {
        var line = raw.TrimStart("> ");
        return line.StartsWith("Received: from", StringComparison.OrdinalIgnoreCase) || line.StartsWith("Received: by", StringComparison.OrdinalIgnoreCase) || line.StartsWith("Received: (", StringComparison.OrdinalIgnoreCase) ||
        line.StartsWith("Return-Path: <", StringComparison.OrdinalIgnoreCase) || line.StartsWith("DKIM-Signature:", StringComparison.OrdinalIgnoreCase);
    }

    private static bool SaysOriginal(ReadOnlySpan<char> line)
    {
        if (line.Length is < 12 or > 120)
            return false;
        // A headline is drawn, or ends with a colon or a full stop.
        var trimmed = line.Trim();
        var isHeadline = trimmed.StartsWith("--") || trimmed.StartsWith("==") || trimmed.StartsWith("**") || trimmed.StartsWith("|--") || trimmed.StartsWith("~~") || trimmed.EndsWith(":") || trimmed.EndsWith("follows.") || trimmed.EndsWith("follow.") || trimmed.EndsWith("following.") || trimmed.StartsWith("Content-", StringComparison.OrdinalIgnoreCase) || trimmed.EndsWith("---");
        if (!isHeadline || line.Contains("address", StringComparison.OrdinalIgnoreCase) || line.Contains("received at", StringComparison.OrdinalIgnoreCase))
            return false;
        foreach (var words in ReportWords.OriginalFollows)
        {
            if (line.Contains(words, StringComparison.OrdinalIgnoreCase))
                return true;
        }

        return false;
    }

    private static string? MessageId(string original)
    {
        foreach (var range in original.AsSpan().Split('\n'))
        {
            var line = original.AsSpan()[range].Trim().TrimStart('>').TrimStart();
            if (!line.StartsWith("Message-ID:", StringComparison.OrdinalIgnoreCase))
                continue;
            var (offset, length) = range.GetOffsetAndLength(original.Length);
            var value = line[11..].Trim().ToString();
            // The id may have been folded onto the next line.
            if (value.Length == 0 && offset + length + 1 < original.Length)
                value = original[(offset + length + 1)..].Split('\n', 2)[0].Trim();
            return MessageIdParser.Parse(value);
        }

        return null;
    }

    private static string Cut(string text, int length) => text.Length <= length ? text : text[..length];
}
