using AgentMta.Server.Model;

namespace AgentMta.Server.Api;

/// <summary>Turns the attachments of a request into bytes.</summary>
internal sealed class AttachmentReader(ApiServices services)
{
    private const int Maximum = 100;
    private const long MaximumTotal = 25 * 1024 * 1024;

    // Below the 60 s after which the SDK gives up, whatever the number of URLs.
    private static readonly TimeSpan FetchLimit = TimeSpan.FromSeconds(45);

    /// <summary>The attachments with their bytes.</summary>
    /// <exception cref="ApiException">400 naming the one that cannot be read.</exception>
    public async Task<IReadOnlyList<SubmittedAttachment>> ReadAsync(IReadOnlyList<SendAttachment>? given, CancellationToken cancellationToken)
    {
        if (given is null || given.Count == 0)
            return [];
        Check(given.Count, 0);
        using var patience = new CancellationTokenSource(FetchLimit, services.Time);
        using var both = CancellationTokenSource.CreateLinkedTokenSource(patience.Token, cancellationToken);
        var read = new List<SubmittedAttachment>(given.Count);
        var total = 0L;
        for (var i = 0; i < given.Count; i++)
        {
            read.Add(await ReadOneAsync(given[i], $"attachments.{i}", both.Token, cancellationToken).ConfigureAwait(false));
            total += read[i].Content.Length;
            Check(given.Count, total);
        }

        return read;
    }

    /// <summary>Whether a message can have so many.</summary>
    /// <exception cref="ApiException">It cannot.</exception>
    public static void Check(long count, long total)
    {
        if (count > Maximum)
            throw ApiException.Invalid("attachments", $"At most {Maximum} attachments are taken.");
        if (total > MaximumTotal)
            throw new ApiException(413, "payload_too_large", $"The attachments have more than {MaximumTotal} octets together.", "Send a link in the text instead.");
    }

    private async Task<SubmittedAttachment> ReadOneAsync(SendAttachment given, string field, CancellationToken patience, CancellationToken cancellationToken)
    {
        if (given.ContentDisposition is not (null or "inline" or "attachment"))
            throw ApiException.Invalid(field, "content_disposition is inline or attachment.");
        if ((given.Content is null) == (given.Url is null))
            throw ApiException.Invalid(field, "Give either content (base64) or url.");
        var inline = given.ContentDisposition == "inline" || (given.ContentDisposition is null && given.ContentId is not null);
        if (given.Content is { } base64)
            return new SubmittedAttachment(Decode(base64, field), given.Filename, given.ContentType, inline, given.ContentId);
        if (services.Fetch is not { } fetch)
            throw ApiException.Invalid(field, "This server fetches no attachments by url.", "Send the bytes as content.");
        if (!Uri.TryCreate(given.Url, UriKind.Absolute, out var url) || url.Scheme is not ("http" or "https") || url.UserInfo.Length > 0)
            throw ApiException.Invalid(field, "The url is not an http or https URL without credentials.", "Send the bytes as content.");
        var fetched = await FetchAsync(fetch, url, patience, cancellationToken).ConfigureAwait(false);
        if (fetched.Fault is { } fault)
            throw ApiException.Invalid(field, $"{url}: {fault}", "Check that the URL is public and answers with the file, or send the bytes as content.");
        return new SubmittedAttachment(fetched.Content!, given.Filename ?? fetched.FileName, given.ContentType ?? fetched.ContentType, inline, given.ContentId);
    }

    private static async Task<FetchResult> FetchAsync(FetchUrl fetch, Uri url, CancellationToken patience, CancellationToken cancellationToken)
    {
        try
        {
            return await fetch(url, patience).ConfigureAwait(false);
        }
        catch (OperationCanceledException) when (!cancellationToken.IsCancellationRequested)
        {
            return new FetchResult(null, Fault: "took too long, with the attachments before it");
        }
    }

    private static byte[] Decode(string base64, string field)
    {
        try
        {
            // Line ends are white space to the decoder; what is not base64 is named.
            return Convert.FromBase64String(base64);
        }
        catch (FormatException)
        {
            throw ApiException.Invalid(field, "content is not base64.");
        }
    }
}
