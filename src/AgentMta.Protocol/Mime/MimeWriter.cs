using System.Buffers;
using System.Security.Cryptography;
using System.Text;

namespace AgentMta.Protocol.Mime;

/// <summary>Writes a message that parses back to the same values everywhere; the same input and seed give the same bytes.</summary>
public static class MimeWriter
{
    private static readonly HashSet<string> OwnFields = new(StringComparer.OrdinalIgnoreCase)
    {
        "From", "Sender", "To", "Cc", "Bcc", "Reply-To", "Subject", "Date", "Message-ID", "In-Reply-To", "References", "MIME-Version",
        "Content-Type", "Content-Transfer-Encoding", "Content-Disposition", "Content-ID",
    };

    /// <param name="message">What to write.</param>
    /// <param name="boundarySeed">Any text that differs between messages, such as the Message-ID: the boundaries are made from it.</param>
    /// <exception cref="ArgumentException">An address, id or field name that no header can carry.</exception>
    public static byte[] Write(OutgoingMessage message, string boundarySeed)
    {
        var output = new ArrayBufferWriter<byte>(Estimate(message));
        Write(message, boundarySeed, output);
        return output.WrittenSpan.ToArray();
    }

    // header
    // mixed, where files are attached
    //   alternative, where there is text and HTML
    //     text/plain
    //     related, where the HTML has inline files
    //       text/html, inline files
    //   attached files
    public static void Write(OutgoingMessage message, string boundarySeed, IBufferWriter<byte> output)
    {
        var headers = new HeaderWriter(output);
        WriteHeader(message, headers);
        var root = Body(message);
        root.ChooseBoundaries(boundarySeed);
        root.Write(output, headers);
    }

    private static void WriteHeader(OutgoingMessage message, HeaderWriter headers)
    {
        if (!HeaderWriter.IsId(message.MessageId))
            throw new ArgumentException($"'{message.MessageId}' is no Message-ID.", nameof(message));
        headers.Addresses("From", [message.From]);
        if (message.Sender is { } sender)
            headers.Addresses("Sender", [sender]);
        headers.Addresses("Reply-To", message.ReplyTo);
        headers.Addresses("To", message.To);
        headers.Addresses("Cc", message.Cc);
        headers.Text("Subject", message.Subject);
        headers.Date("Date", message.Date);
        headers.Verbatim("Message-ID", message.MessageId);
        headers.Ids("In-Reply-To", message.InReplyTo);
        headers.Ids("References", message.References);
        foreach (var (name, value) in message.ExtraHeaders)
        {
            if (!IsFieldName(name) || OwnFields.Contains(name))
                throw new ArgumentException($"'{name}' cannot be given as an extra header.", nameof(message));
            headers.Verbatim(name, value);
        }

        headers.Verbatim("MIME-Version", "1.0");
    }

    private static OutgoingPart Body(OutgoingMessage message)
    {
        var inline = message.Html is null ? [] : message.Attachments.Where(a => a.Inline).ToList();
        var attached = message.Attachments.Except(inline).ToList();
        var plain = message.Text is not null || message.Html is null ? OutgoingPart.Text("plain", message.Text ?? "") : null;
        var html = message.Html is null ? null : OutgoingPart.Text("html", message.Html);
        if (html is not null && inline.Count > 0)
            html = OutgoingPart.Multipart("related", [html, .. inline.Select(OutgoingPart.File)]);
        var body = plain is not null && html is not null ? OutgoingPart.Multipart("alternative", [plain, html]) : (plain ?? html)!;
        return attached.Count == 0 ? body : OutgoingPart.Multipart("mixed", [body, .. attached.Select(OutgoingPart.File)]);
    }

    // RFC 5322 2.2
    private static bool IsFieldName(string name) =>
        name.Length is > 0 and <= 70 && name.AsSpan().IndexOfAnyExceptInRange('!', '~') < 0 && !name.Contains(':', StringComparison.Ordinal);

    private static int Estimate(OutgoingMessage message) =>
        4096 + (int)Math.Min(1 << 30, ((message.Text?.Length ?? 0) + (message.Html?.Length ?? 0)) * 2L + message.Attachments.Sum(a => a.Content.Length * 3L / 2 + 512));

    internal static string Boundary(string seed, int number)
    {
        var hash = SHA256.HashData(Encoding.UTF8.GetBytes(seed + "\n" + number.ToString(System.Globalization.CultureInfo.InvariantCulture)));
        // RFC 2045 6.7: "=_" occurs in no quoted-printable body.
        return "=_" + Convert.ToHexStringLower(hash.AsSpan(0, 15));
    }
}
