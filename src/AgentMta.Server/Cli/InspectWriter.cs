using System.Globalization;
using System.Text;
using System.Text.Encodings.Web;
using System.Text.Json;
using AgentMta.Protocol.Addresses;
using AgentMta.Protocol.Mime;
using AgentMta.Protocol.Replies;
using AgentMta.Protocol.Reports;

namespace AgentMta.Server.Cli;

/// <summary>Writes one inspected message, as a line of JSON or as text for a terminal.</summary>
internal static class InspectWriter
{
    private static readonly JsonWriterOptions Json = new() { Encoder = JavaScriptEncoder.UnsafeRelaxedJsonEscaping };

    public static void WriteJson(Stream output, string file, MimeMessage message)
    {
        var content = MessageContent.Read(message);
        using (var json = new Utf8JsonWriter(output, Json))
        {
            json.WriteStartObject();
            String(json, "file", file);
            String(json, "subject", content.Subject);
            Strings(json, "from", content.From.Select(a => a.ToDisplay()));
            Strings(json, "to", content.To.Select(a => a.ToDisplay()));
            Strings(json, "cc", content.Cc.Select(a => a.ToDisplay()));
            String(json, "date", content.Date is { } date ? Iso(date) : null);
            String(json, "message_id", content.MessageId);
            String(json, "in_reply_to", content.InReplyTo.Count == 0 ? null : string.Join(' ', content.InReplyTo));
            Strings(json, "references", content.References);
            String(json, "text", content.Text);
            String(json, "html", content.Html);
            String(json, "preview", content.Preview);
            Hidden(json, content);
            String(json, "extracted_text", VisibleReply.FromText(content.Text, content.Subject));
            String(json, "extracted_html", content.Html is { } html ? VisibleReply.FromHtml(html, content.Subject) : null);
            Attachments(json, message, content);
            Report(json, ReportReader.Read(message));
            Strings(json, "defects", Defects(content.Defects));
            json.WriteEndObject();
        }

        output.WriteByte((byte)'\n');
    }

    public static async Task WriteTextAsync(Stream output, string file, MimeMessage message, CancellationToken cancel)
    {
        var content = MessageContent.Read(message);
        var text = new StringBuilder();
        text.Append(CultureInfo.InvariantCulture, $"{file}\n");
        Line(text, "Subject", content.Subject);
        Line(text, "From", Joined(content.From));
        Line(text, "To", Joined(content.To));
        Line(text, "Cc", Joined(content.Cc));
        Line(text, "Date", content.Date is { } date ? Iso(date) : "");
        Line(text, "Message-ID", content.MessageId ?? "");
        foreach (var attachment in content.Attachments)
            Line(text, attachment.Inline ? "Inline" : "Attachment", $"{attachment.UniqueName} ({attachment.ContentType}, {attachment.Size} bytes)");
        foreach (var hidden in content.HiddenText)
            Line(text, "Hidden", $"{hidden.Where}: {hidden.Text}");
        foreach (var defect in Defects(content.Defects))
            Line(text, "Defect", defect);
        if (ReportReader.Read(message) is { } report)
            Line(text, "Report", report.Kind.ToString().ToLowerInvariant() + string.Concat(report.Recipients.Select(r => $" {r.Address} {r.Status} {r.Class}")));
        text.Append('\n').Append(content.Text.TrimEnd()).Append("\n\n");
        await output.WriteAsync(Encoding.UTF8.GetBytes(Shown(text)), cancel);
    }

    private static void Attachments(Utf8JsonWriter json, MimeMessage message, MessageContent content)
    {
        json.WriteStartArray("attachments");
        foreach (var attachment in content.Attachments)
        {
            json.WriteStartObject();
            String(json, "filename", attachment.FileName);
            String(json, "unique_name", attachment.UniqueName);
            String(json, "content_type", attachment.ContentType);
            json.WriteNumber("size", attachment.Size);
            json.WriteString("sha256", Convert.ToHexStringLower(attachment.Sha256(message.Raw)));
            String(json, "content_id", attachment.ContentId);
            json.WriteBoolean("inline", attachment.Inline);
            json.WriteBoolean("is_message_rfc822", attachment.IsMessage);
            json.WriteEndObject();
        }

        json.WriteEndArray();
    }

    private static void Report(Utf8JsonWriter json, MailReport? report)
    {
        if (report is null)
        {
            json.WriteNull("report");
            return;
        }

        json.WriteStartObject("report");
        json.WriteString("kind", report.Kind.ToString().ToLowerInvariant());
        json.WriteStartArray("recipients");
        foreach (var recipient in report.Recipients)
        {
            json.WriteStartObject();
            String(json, "address", recipient.Address);
            String(json, "original_recipient", recipient.OriginalRecipient);
            String(json, "action", recipient.Action);
            String(json, "status", recipient.Status);
            String(json, "class", recipient.Class?.ToString().ToLowerInvariant());
            String(json, "cause", recipient.Class is null ? null : JsonNamingPolicy.SnakeCaseLower.ConvertName(recipient.Cause.ToString()));
            String(json, "diagnostic", recipient.Diagnostic);
            json.WriteEndObject();
        }

        json.WriteEndArray();
        String(json, "original_message_id", report.OriginalMessageId);
        json.WriteEndObject();
    }

    private static void Hidden(Utf8JsonWriter json, MessageContent content)
    {
        json.WriteStartArray("hidden_text");
        foreach (var hidden in content.HiddenText)
        {
            json.WriteStartObject();
            String(json, "text", hidden.Text);
            String(json, "where", hidden.Where);
            json.WriteEndObject();
        }

        json.WriteEndArray();
    }

    private static void Strings(Utf8JsonWriter json, string name, IEnumerable<string> values)
    {
        json.WriteStartArray(name);
        foreach (var value in values)
            json.WriteStringValue(WellFormed(value));
        json.WriteEndArray();
    }

    private static void String(Utf8JsonWriter json, string name, string? value) =>
        json.WriteString(name, value is null ? null : WellFormed(value));

    // JSON of a lone surrogate is no UTF-8; a file name of the operating system may hold one.
    private static string WellFormed(string value)
    {
        for (var i = 0; i < value.Length; i++)
        {
            if (char.IsSurrogate(value[i]) && !(char.IsHighSurrogate(value[i]) && i + 1 < value.Length && char.IsLowSurrogate(value[++i])))
                return string.Concat(value.EnumerateRunes().Select(r => r.ToString()));
        }

        return value;
    }

    private static IEnumerable<string> Defects(MimeDefects defects) =>
        Enum.GetValues<MimeDefects>().Where(d => d != MimeDefects.None && defects.HasFlag(d)).Select(d => JsonNamingPolicy.SnakeCaseLower.ConvertName(d.ToString()));

    private static string Iso(DateTimeOffset date) => date.ToString("yyyy-MM-ddTHH:mm:sszzz", CultureInfo.InvariantCulture);

    private static string Joined(IEnumerable<MailAddress> addresses) => string.Join(", ", addresses.Select(a => a.ToDisplay()));

    private static void Line(StringBuilder text, string name, string value)
    {
        if (value.Length > 0)
            text.Append(CultureInfo.InvariantCulture, $"{name}: {value}\n");
    }

    // A message must not be able to speak to the terminal.
    private static string Shown(StringBuilder text)
    {
        for (var i = 0; i < text.Length; i++)
        {
            if (char.IsControl(text[i]) && text[i] is not ('\n' or '\t'))
                text[i] = '\uFFFD';
        }

        return text.ToString();
    }
}
