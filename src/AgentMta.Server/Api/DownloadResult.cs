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
        var held = Services.Answers.Open(Message.WorkspaceId);
        httpContext.Response.RegisterForDispose(held);
        held.Grow(Attachment?.Size ?? raw.Received.Length);
        var bytes = Attachment is null ? Join(raw.Shown()) : Decode(raw.Received, Attachment);
        await (Attachment is null
            ? WriteAsync(httpContext, bytes, "message/rfc822", Message.MessageKey + ".eml", inline: false)
            : WriteAsync(httpContext, bytes, Attachment.ContentType, Attachment.FileName ?? "attachment", Attachment.Inline)).ConfigureAwait(false);
    }

    /// <summary>Answers with bytes under a name; only types that run nothing may be shown in place.</summary>
    public static Task WriteAsync(HttpContext context, ReadOnlyMemory<byte> bytes, string declaredType, string fileName, bool inline)
    {
        var type = Type(declaredType);
        var headers = context.Response.Headers;
        headers.XContentTypeOptions = "nosniff";
        headers.ContentSecurityPolicy = "default-src 'none'; sandbox";
        headers.CacheControl = "private, max-age=300";
        var disposition = new ContentDispositionHeaderValue(inline && Array.Exists(Shown, s => type.StartsWith(s, StringComparison.Ordinal)) ? "inline" : "attachment");
        disposition.SetHttpFileName(fileName);
        headers.ContentDisposition = disposition.ToString();
        return TypedResults.Bytes(bytes, type, enableRangeProcessing: true).ExecuteAsync(context);
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
