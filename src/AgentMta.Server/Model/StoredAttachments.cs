using AgentMta.Protocol.Mime;

namespace AgentMta.Server.Model;

/// <summary>Attachments of a message as its row keeps them, the same for mail that came and mail that went.</summary>
internal static class StoredAttachments
{
    /// <summary>The ranges with ids made from the message's key.</summary>
    public static IReadOnlyList<StoredAttachment> Of(MessageContent content, string key) =>
        content.Attachments.Count == 0 ? [] : [.. content.Attachments.Select((a, i) => new StoredAttachment(
            $"{key}{i:x2}", a.UniqueName, a.ContentType, a.Size, a.Inline, a.ContentId, a.Offset, a.Length, Word(a.Encoding)))];

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
