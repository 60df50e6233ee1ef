using AgentMta.Server.Model;

namespace AgentMta.Server.Api;

/// <summary>A request that ends with an error of the wire contract: HTTP status, stable code, message and next action.</summary>
internal sealed class ApiException(int status, string code, string message, string? fix = null, IReadOnlyList<FieldError>? errors = null) : Exception(message)
{
    public int Status { get; } = status;

    public string Code { get; } = code;

    public string? Fix { get; } = fix;

    /// <summary>What is wrong with which field; set for status 400 alone.</summary>
    public IReadOnlyList<FieldError>? Errors { get; } = errors;

    /// <summary>Whole seconds to wait before the next try, for 429 and 503.</summary>
    public int? RetryAfter { get; init; }

    /// <summary>404 for what is not there or not within the key's scope: the two look alike.</summary>
    public static ApiException NotFound(string what) => new(404, "not_found", $"{what} was not found.");

    /// <summary>400 naming a field.</summary>
    public static ApiException Invalid(string field, string message, string? fix = null) => new(400, "validation_error", $"{field}: {message}", fix, [new FieldError(field.Split('.'), message)]);

    /// <summary>What a submission was refused for.</summary>
    public static ApiException From(SubmitFault fault) => fault.Status switch
    {
        400 => new ApiException(400, fault.Code, fault.Message, fault.Fix, [new FieldError([], fault.Message)]),
        429 or 503 => new ApiException(fault.Status, fault.Code, fault.Message, fault.Fix) { RetryAfter = fault.Status == 429 ? 60 : 5 },
        _ => new ApiException(fault.Status, fault.Code, fault.Message, fault.Fix),
    };
}

/// <summary>A field that was refused: its path in the body or query, and why.</summary>
internal sealed record FieldError(IReadOnlyList<string> Path, string Message, string? Code = null);

/// <summary>The body of every answer that is not 2xx.</summary>
internal sealed record ErrorResponse(string Name, string Message, string Code, string? Fix = null, IReadOnlyList<FieldError>? Errors = null);
