using System.Net;
using AgentMta.Server.Model;

namespace AgentMta.Server.Webhooks;

/// <summary>Fetches what a tenant names by URL: http and https, a few redirects each judged anew, bounded in size and time.</summary>
internal sealed class UrlFetcher(HttpMessageInvoker http, long maximumSize, TimeProvider time)
{
    private const int MaximumRedirects = 5;
    private static readonly TimeSpan Timeout = TimeSpan.FromSeconds(20);

    /// <summary>The <see cref="FetchUrl"/> of the server.</summary>
    public async Task<FetchResult> FetchAsync(Uri url, CancellationToken cancellationToken)
    {
        using var patience = new CancellationTokenSource(Timeout, time);
        using var both = CancellationTokenSource.CreateLinkedTokenSource(patience.Token, cancellationToken);
        try
        {
            for (var hop = 0; hop <= MaximumRedirects; hop++)
            {
                using var request = new HttpRequestMessage(HttpMethod.Get, url);
                using var answer = await http.SendAsync(request, both.Token).ConfigureAwait(false);
                if (answer.StatusCode is HttpStatusCode.Moved or HttpStatusCode.Redirect or HttpStatusCode.SeeOther or HttpStatusCode.TemporaryRedirect or HttpStatusCode.PermanentRedirect && answer.Headers.Location is { } next)
                {
                    url = new Uri(url, next);
                    if (url.Scheme is not ("http" or "https") || url.UserInfo.Length > 0)
                        return new FetchResult(null, Fault: "redirected to something that is not http or https");
                    continue;
                }

                return answer.IsSuccessStatusCode ? await ReadAsync(url, answer, both.Token).ConfigureAwait(false) : new FetchResult(null, Fault: $"answered {(int)answer.StatusCode}");
            }

            return new FetchResult(null, Fault: "redirected too often");
        }
        catch (OperationCanceledException) when (!cancellationToken.IsCancellationRequested)
        {
            return new FetchResult(null, Fault: "took too long");
        }
        catch (Exception e) when (e is HttpRequestException or IOException)
        {
            return new FetchResult(null, Fault: e.InnerException?.Message ?? e.Message);
        }
    }

    private async Task<FetchResult> ReadAsync(Uri url, HttpResponseMessage answer, CancellationToken cancellationToken)
    {
        if (answer.Content.Headers.ContentLength > maximumSize)
            return new FetchResult(null, Fault: "is too large");
        using var body = await answer.Content.ReadAsStreamAsync(cancellationToken).ConfigureAwait(false);
        using var content = new MemoryStream();
        var buffer = new byte[64 * 1024];
        int read;
        while ((read = await body.ReadAsync(buffer, cancellationToken).ConfigureAwait(false)) > 0)
        {
            if (content.Length + read > maximumSize)
                return new FetchResult(null, Fault: "is too large");
            content.Write(buffer, 0, read);
        }

        var name = answer.Content.Headers.ContentDisposition?.FileNameStar ?? answer.Content.Headers.ContentDisposition?.FileName?.Trim('"') ?? Uri.UnescapeDataString(url.Segments[^1].Trim('/'));
        return new FetchResult(content.ToArray(), answer.Content.Headers.ContentType?.MediaType, name.Length == 0 ? null : name);
    }
}
