using AgentMta.Protocol.Mime;

namespace AgentMta.Server.Model;

/// <summary>Attachments of a message as its row keeps them, the same for mail that came and mail that went.</summary>
internal static class StoredAttachments
{
    // A part of nothing costs its sender a line and each list 200 octets; Exchange takes no more than so many either.
    private const int Most = 250;
    // RFC 6838 4.2: type and subtype have 127 characters each.
    private const int LongestType = 255;
    private const int LongestContentId = 255;

    /// <summary>The ranges with ids made from the message's key; of more than 250 the first, and the raw has the others.</summary>
    public static IReadOnlyList<StoredAttachment> Of(MessageContent content, string key) =>
        content.Attachments.Count == 0 ? [] : [.. content.Attachments.Take(Most).Select((a, i) => new StoredAttachment(
            $"{key}{i:x2}", a.UniqueName, a.ContentType.Length <= LongestType ? a.ContentType : "application/octet-stream", a.Size, a.Inline,
            a.ContentId is { Length: <= LongestContentId } id ? id : null, a.Offset, a.Length, Word(a.Encoding)))];

    private static string Word(TransferEncoding encoding) => encoding switch
    {
        TransferEncoding.Base64 => "base64",
        TransferEncoding.QuotedPrintable => "quoted-printable",
        TransferEncoding.UuEncode => "x-uuencode",
        TransferEncoding.YEnc => "x-yencode",
        TransferEncoding.Unknown => "unknown",
        _ => "binary",
    };
}
