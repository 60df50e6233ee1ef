using AgentMta.Protocol.Mime;
using AgentMta.Server.Model;
using AgentMta.Server.Store;
using Microsoft.AspNetCore.Http;
using Microsoft.Net.Http.Headers;

namespace AgentMta.Server.Api;

/// <summary>The bytes of a message or of one attachment: ranges, a name to save them under, and nothing that a browser would run.</summary>
internal sealed record DownloadResult(ApiServices Services, MessageStore Messages, Scope Scope, StoredMessage Message, StoredAttachment? Attachment) : IResult
{
    // Types that a browser shows without running anything; all else is saved.
    private static readonly string[] Shown = ["image/png", "image/jpeg", "image/gif", "image/webp", "text/plain"];
    private static readonly string[] Active = ["html", "xml", "svg", "javascript", "ecmascript", "xhtml", "mathml", "shockwave", "x-java"];

    /// <inheritdoc/>
    public async Task ExecuteAsync(HttpContext httpContext)
    {
        using var raw = await RawBytes.OpenAsync(Messages, Services.Spool, Scope, Message.InboxId, Message.MessageId, httpContext.RequestAborted).ConfigureAwait(false)
            ?? throw ApiException.NotFound("The message");
        var bytes = Attachment is null ? Join(raw.Shown()) : Decode(raw.Received, Attachment);
        var type = Attachment is null ? "message/rfc822" : Type(Attachment.ContentType);
        var headers = httpContext.Response.Headers;
        headers.XContentTypeOptions = "nosniff";
        headers.ContentSecurityPolicy = "default-src 'none'; sandbox";
        headers.CacheControl = "private, max-age=300";
        var inline = Attachment is { Inline: true } && Shown.Contains(type);
        var disposition = new ContentDispositionHeaderValue(inline ? "inline" : "attachment");
        disposition.SetHttpFileName(Attachment is null ? Message.MessageKey + ".eml" : Attachment.FileName ?? "attachment");
        headers.ContentDisposition = disposition.ToString();
        await TypedResults.Bytes(bytes, type, enableRangeProcessing: true).ExecuteAsync(httpContext).ConfigureAwait(false);
    }

    private static string Type(string declared) =>
        !MediaTypeHeaderValue.TryParse(declared, out var type) || Active.Any(a => declared.Contains(a, StringComparison.OrdinalIgnoreCase)) ? "application/octet-stream"
        : type.MediaType.ToString().StartsWith("text/", StringComparison.OrdinalIgnoreCase) ? type.MediaType + "; charset=utf-8"
        : type.MediaType.ToString();

    private static byte[] Join(IReadOnlyList<ReadOnlyMemory<byte>> pieces)
    {
        var all = new byte[pieces.Sum(p => p.Length)];
        var at = 0;
        foreach (var piece in pieces)
        {
            piece.Span.CopyTo(all.AsSpan(at));
            at += piece.Length;
        }

        return all;
    }

    private static ReadOnlyMemory<byte> Decode(ReadOnlyMemory<byte> received, StoredAttachment attachment)
    {
        if (attachment.Offset < 0 || attachment.Length < 0 || attachment.Offset + attachment.Length > received.Length)
            return ReadOnlyMemory<byte>.Empty;
        var info = new AttachmentInfo(
            "", "", attachment.ContentType, attachment.Size, null, attachment.Inline, false, (int)attachment.Offset, (int)attachment.Length, Encoding(attachment.Encoding));
        using var decoded = new MemoryStream((int)Math.Clamp(attachment.Size, 0, received.Length));
        info.DecodeTo(received, decoded);
        return decoded.GetBuffer().AsMemory(0, (int)decoded.Length);
    }

    private static TransferEncoding Encoding(string word) => word switch
    {
        "base64" => TransferEncoding.Base64,
        "quoted-printable" => TransferEncoding.QuotedPrintable,
        "x-uuencode" => TransferEncoding.UuEncode,
        "x-yencode" => TransferEncoding.YEnc,
        _ => TransferEncoding.Identity,
    };
}
