using System.Buffers;
using System.Text.Json;
using System.Text.Json.Serialization.Metadata;
using AgentMta.Server.Model;
using Microsoft.AspNetCore.Http;
using Microsoft.AspNetCore.Http.Features;

namespace AgentMta.Server.Api;

/// <summary>One authenticated request: who calls, what of the workspace the route narrows it to, and how to read what it brings.</summary>
internal sealed class ApiCall(HttpContext context, ApiServices services, Credential credential, IReadOnlyDictionary<string, string> route)
{
    /// <summary>Most items of a page.</summary>
    public const int MaximumPage = 100;
    private const int DefaultPage = 50;

    // The octets, the same as text, decoded, composed and signed.
    private const int TimesBody = 6;
    private MemoryRoom.Part? _answer;

    public HttpContext Context => context;

    public ApiServices Services => services;

    public Credential Credential => credential;

    /// <summary>The credential's scope, narrowed to the pod and inbox of the route.</summary>
    public Scope Scope { get; init; } = credential.Scope;

    /// <summary>The inbox of the route; it exists and is within the scope.</summary>
    public Inbox? RouteInbox { get; init; }

    /// <summary>The pod of the route; it exists and is within the scope.</summary>
    public string? RoutePod { get; init; }

    /// <summary>The inbox of a route that has one.</summary>
    public Inbox Inbox => RouteInbox ?? throw new InvalidOperationException("The route has no inbox.");

    public QueryReader Query { get; } = new(context.Request.Query);

    public CancellationToken Aborted => context.RequestAborted;

    /// <summary>A value of the path, decoded once.</summary>
    public string this[string name] => route[name];

    /// <summary>Root of absolute URLs.</summary>
    public string Root => services.Options.PublicUrl is { } root ? root.GetLeftPart(UriPartial.Path).TrimEnd('/') : $"{context.Request.Scheme}://{context.Request.Host}{context.Request.PathBase}";

    /// <summary>What the answer holds until it is read.</summary>
    public MemoryRoom.Part Answer
    {
        get
        {
            if (_answer is null)
                context.Response.RegisterForDispose(_answer = services.Answers.Open(credential.Scope.WorkspaceId));
            return _answer;
        }
    }

    /// <summary>The page size asked for.</summary>
    public int Limit => Query.Number("limit", 1, MaximumPage) ?? DefaultPage;

    /// <summary>How long the answer may wait for something to be in it.</summary>
    public TimeSpan Wait => TimeSpan.FromSeconds(Query.Number("wait", 0, (int)services.Options.MaxWait.TotalSeconds) ?? 0);

    /// <summary>Whether oldest first was asked for.</summary>
    public bool Ascending => Query.Flag("ascending") ?? false;

    /// <summary>Where the page starts; null for the first one.</summary>
    public IReadOnlyList<string>? PageStart(int values)
    {
        if (Query.Text("page_token") is not { Length: > 0 } token)
            return null;
        var position = new PageTokens(services.Keys).Read(List, token);
        return position.Count == values ? position : throw ApiException.Invalid("page_token", "This token does not belong to this list.");
    }

    /// <summary>The token of the page that follows this one; null where there is none.</summary>
    public string? NextPage<T>(Store.Listing<T> page) => page.Next is null ? null : NextPage(page.Next);

    /// <summary>The token of the page that follows this position.</summary>
    public string NextPage(params IReadOnlyList<string> position) => new PageTokens(services.Keys).Write(List, position);

    /// <summary>The body; an empty one counts as {}.</summary>
    public async Task<T> BodyAsync<T>(JsonTypeInfo<T> type)
    {
        var (value, _) = await BodyWithBytesAsync(type).ConfigureAwait(false);
        return value;
    }

    /// <summary>The body with its octets, for what is compared byte by byte.</summary>
    public async Task<(T Value, ReadOnlyMemory<byte> Bytes)> BodyWithBytesAsync<T>(JsonTypeInfo<T> type)
    {
        var request = context.Request;
        var bytes = await ReadAsync(request).ConfigureAwait(false);
        if (bytes.Length == 0)
            return (Parse("{}"u8, type), bytes);
        if (!request.HasJsonContentType())
            throw new ApiException(415, "unsupported_media_type", "The body is not JSON.", "Send it with content-type: application/json.");
        return (Parse(bytes.Span, type), bytes);
    }

    private string List => context.Request.Path + (Ascending ? "+" : "-");

    private static T Parse<T>(ReadOnlySpan<byte> bytes, JsonTypeInfo<T> type)
    {
        try
        {
            return JsonSerializer.Deserialize(bytes, type) ?? throw new ApiException(400, "validation_error", "The body is a JSON object.", errors: [new FieldError([], "It is a JSON object.")]);
        }
        catch (JsonException e)
        {
            throw BodyFault.Of(e, bytes, type);
        }
    }

    private async Task<ReadOnlyMemory<byte>> ReadAsync(HttpRequest request)
    {
        if (request.ContentLength is 0 || context.Features.Get<IHttpRequestBodyDetectionFeature>()?.CanHaveBody == false)
            return ReadOnlyMemory<byte>.Empty;
        if (request.ContentLength > services.Options.MaxBodySize)
            throw new BadHttpRequestException("The request body is too large.", 413);
        var room = services.Requests.Open(credential.Scope.WorkspaceId);
        context.Response.RegisterForDispose(room);
        room.Grow(TimesBody * (request.ContentLength ?? 0));
        using var buffer = new MemoryStream((int)(request.ContentLength ?? 1024));
        var chunk = ArrayPool<byte>.Shared.Rent(16 * 1024);
        try
        {
            int read;
            while ((read = await request.Body.ReadAsync(chunk, Aborted).ConfigureAwait(false)) > 0)
            {
                if (buffer.Length + read > services.Options.MaxBodySize)
                    throw new BadHttpRequestException("The request body is too large.", 413);
                var before = buffer.Capacity;
                buffer.Write(chunk, 0, read);
                if (request.ContentLength is null)
                    room.Grow(TimesBody * (long)(buffer.Capacity - before));
            }
        }
        finally
        {
            ArrayPool<byte>.Shared.Return(chunk);
        }

        return buffer.GetBuffer().AsMemory(0, (int)buffer.Length);
    }
}
