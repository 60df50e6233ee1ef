using System.Text.Json;
using AgentMta.Protocol.Mime;

namespace AgentMta.Protocol.Reports;

/// <summary>Reads the JSON notifications that Amazon SES mails for a bounce or a complaint instead of a report.</summary>
internal static class NotificationReader
{
    private const int MaxBody = 512 * 1024;

    public static MailReport? Read(MimeMessage message)
    {
        if (!message.Root.ContentType.IsType("text", "plain") || message.Root.BodyLength is 0 or > MaxBody)
            return null;
        var text = message.Root.DecodeText().TrimStart();
        if (!text.StartsWith('{') || !text.Contains("ype\"", StringComparison.Ordinal) || End(text) is not (> 0 and var end))
            return null;
        try
        {
            using var json = JsonDocument.Parse(text[..end].ReplaceLineEndings(""), new JsonDocumentOptions { MaxDepth = 32 });
            var root = json.RootElement;
            // SNS wraps the notification as a string.
            if (Text(root, "Message") is { } inner && inner.StartsWith('{'))
            {
                using var unwrapped = JsonDocument.Parse(inner, new JsonDocumentOptions { MaxDepth = 32 });
                return Notification(unwrapped.RootElement);
            }

            return Notification(root);
        }
        catch (JsonException)
        {
            return null;
        }
    }

    private static MailReport? Notification(JsonElement root)
    {
        var original = root.TryGetProperty("mail", out var mail) && mail.ValueKind == JsonValueKind.Object ? OriginalId(mail) : null;
        return (Text(root, "notificationType") ?? Text(root, "eventType")) switch
        {
            "Bounce" when root.TryGetProperty("bounce", out var bounce) && bounce.ValueKind == JsonValueKind.Object => new MailReport(ReportKind.Bounce, Bounced(bounce), original) { ReportingMta = Text(bounce, "reportingMTA") },
            "Complaint" when root.TryGetProperty("complaint", out var complaint) && complaint.ValueKind == JsonValueKind.Object => new MailReport(ReportKind.Arf, Plain(complaint, "complainedRecipients", null), original) { FeedbackType = Text(complaint, "complaintFeedbackType") },
            "Delivery" when root.TryGetProperty("delivery", out var delivery) && delivery.ValueKind == JsonValueKind.Object => new MailReport(ReportKind.Dsn, Plain(delivery, "recipients", "delivered"), original),
            _ => null,
        };
    }

    private static List<ReportRecipient> Bounced(JsonElement bounce)
    {
        var isTransient = Text(bounce, "bounceType") is "Transient";
        var recipients = new List<ReportRecipient>();
        foreach (var row in Rows(bounce, "bouncedRecipients"))
        {
            if (row.ValueKind != JsonValueKind.Object || Text(row, "emailAddress") is not { } address)
                continue;
            var diagnostic = Text(row, "diagnosticCode");
            var verdict = BounceVerdict.Of(Text(row, "status") is { } status ? EnhancedStatus.Find(status) : null, diagnostic, new ProseSigns(Text(bounce, "bounceSubType") ?? ""));
            recipients.Add(new ReportRecipient(ReportFields.Address(address), null, Text(row, "action") ?? "failed", verdict.Status, isTransient ? BounceClass.Soft : verdict.Class, verdict.Cause, diagnostic, null));
        }

        return recipients;
    }

    private static List<ReportRecipient> Plain(JsonElement parent, string name, string? action) =>
        [.. Rows(parent, name).Select(row => row.ValueKind == JsonValueKind.Object ? Text(row, "emailAddress") : row.ValueKind == JsonValueKind.String ? row.GetString() : null).OfType<string>()
            .Select(address => new ReportRecipient(ReportFields.Address(address), null, action, null, null, BounceCause.Unknown, null, null))];

    private static IEnumerable<JsonElement> Rows(JsonElement parent, string name) =>
        parent.TryGetProperty(name, out var rows) && rows.ValueKind == JsonValueKind.Array ? rows.EnumerateArray().Take(1000) : [];

    private static string? OriginalId(JsonElement mail)
    {
        if (mail.TryGetProperty("commonHeaders", out var headers) && headers.ValueKind == JsonValueKind.Object && Text(headers, "messageId") is { } id)
            return MessageIdParser.Parse(id);
        return Rows(mail, "headers").Where(h => h.ValueKind == JsonValueKind.Object && string.Equals(Text(h, "name"), "Message-ID", StringComparison.OrdinalIgnoreCase)).Select(h => MessageIdParser.Parse(Text(h, "value"))).FirstOrDefault();
    }

    private static string? Text(JsonElement element, string name) =>
        element.ValueKind == JsonValueKind.Object && element.TryGetProperty(name, out var value) && value.ValueKind == JsonValueKind.String ? value.GetString() : null;

    /// <summary>Where the outermost object ends; mail programs add text below it.</summary>
    private static int End(string text)
    {
        var depth = 0;
        var inString = false;
        for (var i = 0; i < text.Length; i++)
        {
            var c = text[i];
            if (inString)
            {
                if (c == '\\')
                    i++;
                else
                    inString = c != '"';
            }
            else if (c == '"')
            {
                inString = true;
            }
            else if (c == '{')
            {
                depth++;
            }
            else if (c == '}' && --depth == 0)
            {
                return i + 1;
            }
        }

        return 0;
    }
}
