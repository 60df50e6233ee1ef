using System.Globalization;
using System.Text.Json;
using AgentMta.Server.Store;
using Microsoft.AspNetCore.Http;

namespace AgentMta.Server.Api;

/// <summary>Sees that every answer of the API is a JSON object, also those that routing and the server itself give.</summary>
internal sealed class ErrorWriter(ILogger log)
{
    /// <summary>Runs the rest of the pipeline and turns its faults into error objects.</summary>
    public async Task InvokeAsync(HttpContext context, RequestDelegate next)
    {
        try
        {
            await next(context).ConfigureAwait(false);
            // A range behind the end leaves the headers of the file without a body.
            if (context.Response is { HasStarted: false, StatusCode: >= 400, ContentLength: null, ContentType: null } or { HasStarted: false, StatusCode: 416 })
                await WriteAsync(context, Plain(context.Response.StatusCode, context.Request)).ConfigureAwait(false);
        }
        catch (OperationCanceledException) when (context.RequestAborted.IsCancellationRequested)
        {
            // Nobody is there to be answered.
        }
        catch (Exception e) when (!context.Response.HasStarted)
        {
            await WriteAsync(context, Explain(e, context.Request)).ConfigureAwait(false);
        }
    }

    /// <summary>Writes one error object.</summary>
    public static Task WriteAsync(HttpContext context, ApiException fault)
    {
        context.Response.StatusCode = fault.Status;
        if (fault.RetryAfter is { } seconds)
            context.Response.Headers.RetryAfter = seconds.ToString(CultureInfo.InvariantCulture);
        if (fault.Status == 401)
            context.Response.Headers.WWWAuthenticate = "Bearer";
        context.Response.ContentType = "application/json";
        var body = JsonSerializer.SerializeToUtf8Bytes(new ErrorResponse(Name(fault), fault.Message, fault.Code, fault.Fix, fault.Errors), ApiJson.Wire.ErrorResponse);
        context.Response.ContentLength = body.Length;
        return HttpMethods.IsHead(context.Request.Method) ? Task.CompletedTask : context.Response.Body.WriteAsync(body, context.RequestAborted).AsTask();
    }

    private static string Name(ApiException fault) => fault.Status switch
    {
        400 => "ValidationError",
        401 => "UnauthorizedError",
        403 => fault.Code == "message_rejected" ? "MessageRejectedError" : "ForbiddenError",
        404 => "NotFoundError",
        405 => "MethodNotAllowedError",
        409 => "ConflictError",
        413 => "PayloadTooLargeError",
        415 => "UnsupportedMediaTypeError",
        416 => "RangeError",
        422 => "UnprocessableError",
        426 => "UpgradeRequiredError",
        429 => "RateLimitError",
        503 => "ServiceUnavailableError",
        _ => "InternalError",
    };

    private static ApiException Plain(int status, HttpRequest request) => status switch
    {
        404 => new ApiException(404, "not_found", $"There is no {request.Method} {request.Path}.", "See /openapi.json for what there is."),
        405 => new ApiException(405, "method_not_allowed", $"{request.Path} does not take {request.Method}.", "See the Allow header."),
        400 => Unreadable("The request is no HTTP that can be read."),
        413 => TooLarge(),
        416 => new ApiException(416, "range_not_satisfiable", "There is nothing in that range.", "Ask for a range within Content-Range."),
        415 => new ApiException(415, "unsupported_media_type", "The body is not JSON.", "Send it with content-type: application/json."),
        _ => new ApiException(status, status >= 500 ? "internal_error" : "bad_request", "The request cannot be answered."),
    };

    private static ApiException TooLarge() => new(413, "payload_too_large", "The request body is too large.", "Send attachments by url, or a link in the text.");

    private static ApiException Unreadable(string message) => new(400, "bad_request", message, errors: [new FieldError([], message)]);

    private ApiException Explain(Exception fault, HttpRequest request)
    {
        switch (fault)
        {
            case ApiException known:
                return known;
            case BadHttpRequestException { StatusCode: 413 }:
                return TooLarge();
            case BadHttpRequestException bad:
                return bad.StatusCode == 400 ? Unreadable(bad.Message) : new ApiException(bad.StatusCode, "bad_request", bad.Message);
            case InboxGoneException gone:
                return ApiException.NotFound(gone.Message);
            case DatabaseDamagedException damaged:
                log.LogError(damaged, "{Method} {Path} failed", request.Method, request.Path); // it names files, which are the operator's alone
                return new ApiException(503, "service_unavailable", "The store is damaged.", "Tell the operator: the server's log names the file to restore.") { RetryAfter = 60 };
            case StoreException store:
                log.LogError(store, "The store refused {Method} {Path}", request.Method, request.Path);
                return new ApiException(503, "service_unavailable", store.Message, "Try again later; nothing was changed.") { RetryAfter = 5 };
            default:
                log.LogError(fault, "{Method} {Path} failed", request.Method, request.Path);
                return new ApiException(500, "internal_error", "The server failed to answer.", "Try again; if it stays, look at the server's log.");
        }
    }
}
