using System.Buffers;
using System.Globalization;
using System.Text;
using AgentMta.Protocol.Mime;

namespace AgentMta.Server.Outbound;

/// <summary>Turns the header of a submitted message into the one that goes out (RFC 6409 8): what is private or ours to say is taken out, what is missing is added. Pure.</summary>
internal static class SubmittedHeader
{
    public const string IdempotencyKey = "X-AgentMail-Idempotency-Key";

    private static readonly string[] Removed = ["Bcc", "Resent-Bcc", "Return-Path", "Authentication-Results", IdempotencyKey];

    private static readonly string[] RemovedWhereOurs = ["List-Unsubscribe", "List-Unsubscribe-Post"];

    /// <summary>The message with its new header; everything that stays keeps its octets.</summary>
    /// <param name="received">The Received field of this submission, without line end.</param>
    /// <param name="from">Added where there is none.</param>
    /// <param name="messageId">Added where there is none.</param>
    /// <param name="ownsUnsubscribe">Each copy gets opt-out fields of its own; the client's go.</param>
    public static byte[] Rewrite(HeaderList headers, ReadOnlySpan<byte> raw, string received, string from, string messageId, DateTimeOffset date, bool ownsUnsubscribe)
    {
        var output = new ArrayBufferWriter<byte>(raw.Length + 512);
        Line(output, received);
        if (!headers.Contains("From"))
            Line(output, $"From: {from}");
        if (!headers.Contains("Date"))
            Line(output, $"Date: {Date(date)}");
        // RFC 6409 8.3: what is no id, or too long for one, would be known under another here than at its recipients.
        var hasId = MessageIdParser.Parse(headers.First("Message-ID")?.Text) is not null;
        if (!hasId)
            Line(output, $"Message-ID: {messageId}");
        foreach (var field in headers)
        {
            if (Removed.Any(field.Is) || (!hasId && field.Is("Message-ID")) || (ownsUnsubscribe && RemovedWhereOurs.Any(field.Is)))
                continue;
            output.Write(field.Raw.Span);
            if (!field.Raw.Span.EndsWith("\n"u8))
                output.Write("\r\n"u8);
        }

        output.Write("\r\n"u8);
        output.Write(raw[Math.Min(headers.BodyOffset, raw.Length)..]);
        return output.WrittenSpan.ToArray();
    }

    /// <summary>RFC 5322 3.3.</summary>
    public static string Date(DateTimeOffset date) => date.UtcDateTime.ToString("ddd, dd MMM yyyy HH:mm:ss +0000", CultureInfo.InvariantCulture);

    private static void Line(ArrayBufferWriter<byte> output, string text)
    {
        output.Write(Encoding.UTF8.GetBytes(text));
        output.Write("\r\n"u8);
    }
}
