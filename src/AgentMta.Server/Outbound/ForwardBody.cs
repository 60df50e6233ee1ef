using System.Globalization;
using System.Net;
using System.Text;
using AgentMta.Protocol.Html;
using AgentMta.Protocol.Mime;

namespace AgentMta.Server.Outbound;

/// <summary>What a forward says: the caller's words, then the original with its head, in text and, where either side has it, in HTML. Pure.</summary>
internal static class ForwardBody
{
    private const string Rule = "---------- Forwarded message ----------";

    /// <summary>Text and HTML of the forward.</summary>
    public static (string Text, string? Html) Write(string? text, string? html, MessageContent original)
    {
        var head = Head(original);
        var plain = new StringBuilder();
        if (!string.IsNullOrEmpty(text))
            plain.Append(text.TrimEnd()).Append("\n\n");
        plain.Append(Rule).Append('\n');
        foreach (var (name, value) in head)
            plain.Append(name).Append(": ").Append(value).Append('\n');
        plain.Append('\n').Append(original.Text);
        return (plain.ToString(), html is null && original.Html is null ? null : Html(text, html, original, head));
    }

    /// <summary>The files of the original, to go along.</summary>
    public static IEnumerable<OutgoingAttachment> Attachments(MessageContent original, ReadOnlyMemory<byte> raw)
    {
        foreach (var attachment in original.Attachments)
        {
            using var content = new MemoryStream();
            attachment.DecodeTo(raw, content);
            yield return new OutgoingAttachment(attachment.FileName, attachment.ContentType, content.ToArray(), attachment.ContentId, attachment.Inline);
        }
    }

    private static string Html(string? text, string? html, MessageContent original, List<(string Name, string Value)> head)
    {
        var page = new StringBuilder();
        page.Append(html ?? (string.IsNullOrEmpty(text) ? "" : Lines(text) + "<br><br>"));
        page.Append("<div>").Append(Rule).Append("<br>");
        foreach (var (name, value) in head)
            page.Append("<b>").Append(name).Append(":</b> ").Append(WebUtility.HtmlEncode(value)).Append("<br>");
        page.Append("</div><br>");
        // Somebody else's HTML goes out under our signature: only what is safe to show.
        var options = new HtmlSanitizerOptions { AllowRemoteImages = true, ResolveContentId = id => "cid:" + id };
        page.Append("<blockquote>").Append(original.Html is { } theirs ? HtmlSanitizer.Sanitize(theirs, options) : Lines(original.Text)).Append("</blockquote>");
        return page.ToString();
    }

    private static string Lines(string text) => WebUtility.HtmlEncode(text).Replace("\r\n", "\n", StringComparison.Ordinal).Replace("\n", "<br>\n", StringComparison.Ordinal);

    private static List<(string Name, string Value)> Head(MessageContent original)
    {
        var head = new List<(string, string)>();
        if (original.From.Count > 0)
            head.Add(("From", string.Join(", ", original.From.Select(a => a.ToDisplay()))));
        if (original.Date is { } date)
            head.Add(("Date", date.ToString("ddd, d MMM yyyy 'at' HH:mm zzz", CultureInfo.InvariantCulture)));
        if (original.Subject.Length > 0)
            head.Add(("Subject", original.Subject));
        if (original.To.Count > 0)
            head.Add(("To", string.Join(", ", original.To.Select(a => a.ToDisplay()))));
        if (original.Cc.Count > 0)
            head.Add(("Cc", string.Join(", ", original.Cc.Select(a => a.ToDisplay()))));
        return head;
    }
}
