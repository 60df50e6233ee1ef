using System.Globalization;
using System.Security.Cryptography;
using System.Text;

namespace AgentMta.Protocol.Reports;

/// <summary>Writes delivery status notifications for our own submitters as RFC 3464 and RFC 6533 want them: words for people, fields for machines, the original's header.</summary>
public static class DsnWriter
{
    private const int MaxOriginalHeader = 64 * 1024;
    private const int MaxLine = 900;

    /// <summary>The whole message, with CRLF lines, to be sent from the null reverse-path.</summary>
    public static byte[] Write(DsnContent content)
    {
        var header = OriginalHeader(content.Original.Span);
        var isUnicode = content.Recipients.Any(r => !Ascii.IsValid(r.Address)) || !Ascii.IsValid(content.To) || header.AsSpan().ContainsAnyInRange((byte)0x80, (byte)0xFF);
        var boundary = "=_dsn_" + Convert.ToHexStringLower(SHA256.HashData(Encoding.UTF8.GetBytes(content.MessageId)).AsSpan(0, 12));
        var text = new StringBuilder();
        Head(text, content, boundary);
        text.Append(CultureInfo.InvariantCulture, $"--{boundary}\r\nContent-Type: text/plain; charset=utf-8\r\nContent-Transfer-Encoding: 8bit\r\n\r\n");
        Words(text, content);
        text.Append(CultureInfo.InvariantCulture, $"\r\n--{boundary}\r\nContent-Type: {(isUnicode ? "message/global-delivery-status" : "message/delivery-status")}\r\n{(isUnicode ? "Content-Transfer-Encoding: 8bit\r\n" : "")}\r\n");
        Fields(text, content);
        text.Append(CultureInfo.InvariantCulture, $"\r\n--{boundary}\r\nContent-Type: {(isUnicode ? "message/global-headers" : "text/rfc822-headers")}\r\n{(isUnicode ? "Content-Transfer-Encoding: 8bit\r\n" : "")}\r\n");
        return [.. Encoding.UTF8.GetBytes(text.ToString()), .. header, .. Encoding.ASCII.GetBytes($"\r\n--{boundary}--\r\n")];
    }

    private static void Head(StringBuilder text, DsnContent content, string boundary)
    {
        Field(text, "From", $"Mail Delivery System <{OneLine(content.From)}>");
        Field(text, "To", $"<{OneLine(content.To)}>");
        Field(text, "Subject", content.Recipients.All(r => r.Action == "delayed") ? "Delayed mail" : content.Recipients.All(r => r.Class is null) ? "Successful mail delivery" : "Undelivered mail");
        Field(text, "Date", Date(content.Date));
        Field(text, "Message-ID", OneLine(content.MessageId));
        // RFC 3834 3.1.7 and RFC 5436: nothing may answer this.
        Field(text, "Auto-Submitted", "auto-replied");
        Field(text, "MIME-Version", "1.0");
        text.Append(CultureInfo.InvariantCulture, $"Content-Type: multipart/report; report-type=delivery-status;\r\n boundary=\"{boundary}\"\r\n\r\n");
    }

    private static void Words(StringBuilder text, DsnContent content)
    {
        text.Append(CultureInfo.InvariantCulture, $"This is the mail system at {OneLine(content.ReportingMta)}.\r\n\r\n");
        foreach (var recipient in content.Recipients)
        {
            var became = recipient.Action switch
            {
                "delayed" => "could not be delivered yet; delivery will be tried again.",
                "delivered" => "was delivered.",
                "relayed" => "was handed to a system that does not report on delivery.",
                "expanded" => "was delivered and sent on.",
                _ => "could not be delivered.",
            };
            text.Append(CultureInfo.InvariantCulture, $"Your message to <{OneLine(recipient.Address)}> {became}\r\n");
            if (recipient.Diagnostic is { } diagnostic)
                text.Append(CultureInfo.InvariantCulture, $"    {(recipient.RemoteMta is { } mta ? OneLine(mta) + " said: " : "")}{OneLine(diagnostic)}\r\n");
            text.Append("\r\n");
        }
    }

    // RFC 3464 2.2 and 2.3.
    private static void Fields(StringBuilder text, DsnContent content)
    {
        if (content.EnvelopeId is { } envelope)
            Field(text, "Original-Envelope-Id", OneLine(envelope));
        Field(text, "Reporting-MTA", "dns; " + OneLine(content.ReportingMta));
        if (content.ArrivalDate is { } arrival)
            Field(text, "Arrival-Date", Date(arrival));
        foreach (var recipient in content.Recipients)
        {
            text.Append("\r\n");
            if (recipient.OriginalRecipient is { } original)
                Field(text, "Original-Recipient", $"{AddressType(original)}; {(Ascii.IsValid(original) ? ToXtext(original) : OneLine(original))}");
            Field(text, "Final-Recipient", $"{AddressType(recipient.Address)}; {OneLine(recipient.Address)}");
            Field(text, "Action", OneLine(recipient.Action ?? "failed"));
            Field(text, "Status", OneLine(recipient.Status ?? (recipient.Class == BounceClass.Soft ? "4.0.0" : recipient.Class is null ? "2.0.0" : "5.0.0")));
            if (recipient.RemoteMta is { } mta)
                Field(text, "Remote-MTA", "dns; " + OneLine(mta));
            if (recipient.Diagnostic is { } diagnostic)
                Field(text, "Diagnostic-Code", "smtp; " + OneLine(diagnostic));
        }
    }

    private static string AddressType(string address) => Ascii.IsValid(address) ? "rfc822" : "utf-8";

    private static void Field(StringBuilder text, string name, string value) => text.Append(name).Append(": ").Append(value).Append("\r\n");

    private static string Date(DateTimeOffset date) =>
        date.ToString("ddd, dd MMM yyyy HH:mm:ss ", CultureInfo.InvariantCulture) + date.ToString("zzz", CultureInfo.InvariantCulture).Replace(":", "", StringComparison.Ordinal);

    /// <summary>What a remote server or a client said, without line breaks that would begin a field of its own, within a line's length.</summary>
    private static string OneLine(string value)
    {
        var line = new StringBuilder(Math.Min(value.Length, MaxLine));
        foreach (var c in value)
        {
            if (line.Length >= MaxLine)
                break;
            line.Append(char.IsControl(c) || c is '\u2028' or '\u2029' ? ' ' : c);
        }

        // A cut may have split a surrogate pair.
        if (line.Length > 0 && char.IsHighSurrogate(line[^1]))
            line.Length--;
        return line.ToString().Trim();
    }

    // RFC 3461 4.
    private static string ToXtext(string value)
    {
        var text = new StringBuilder(value.Length);
        foreach (var c in value.Length > MaxLine / 3 ? value[..(MaxLine / 3)] : value)
        {
            if (c is > ' ' and <= '~' and not ('+' or '='))
                text.Append(c);
            else
                text.Append('+').Append(((int)c).ToString("X2", CultureInfo.InvariantCulture));
        }

        return text.ToString();
    }

    /// <summary>The header of the original in CRLF lines, cut at whole fields.</summary>
    private static byte[] OriginalHeader(ReadOnlySpan<byte> original)
    {
        var header = new List<byte>();
        foreach (var range in original.Split((byte)'\n'))
        {
            var line = original[range].TrimEnd((byte)'\r');
            if (line.IsEmpty || header.Count + line.Length > MaxOriginalHeader)
                break;
            header.AddRange(line);
            header.Add((byte)'\r');
            header.Add((byte)'\n');
        }

        return [.. header];
    }
}
