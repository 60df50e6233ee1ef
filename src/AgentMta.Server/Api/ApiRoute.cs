using System.Text.Json.Serialization.Metadata;

namespace AgentMta.Server.Api;

/// <summary>A query parameter as the contract describes it.</summary>
/// <param name="Type">string, integer, boolean, date-time, list or cursor.</param>
/// <param name="Meaning">Its word in <see cref="OpenApiTerms"/>, where that is not its name.</param>
internal sealed record QueryParameter(string Name, string Type, bool Required = false, string? Meaning = null);

/// <summary>What one route is: who may call it, what goes in and what comes out. The filter and /openapi.json read the same record.</summary>
internal sealed record ApiRoute
{
    public required string Method { get; init; }

    public required string Pattern { get; init; }

    /// <summary>The permission that a restricted key needs; null for none.</summary>
    public string? Permission { get; init; }

    /// <summary>A second permission that is needed as well.</summary>
    public string? AlsoNeeds { get; init; }

    /// <summary>One sentence for people.</summary>
    public required string Summary { get; init; }

    public JsonTypeInfo? Request { get; init; }

    /// <summary>Whether the body may be left out altogether.</summary>
    public bool BodyOptional { get; init; }

    /// <summary>null answers 204.</summary>
    public JsonTypeInfo? Response { get; init; }

    /// <summary>A content type where the answer is not JSON.</summary>
    public string? Media { get; init; }

    public IReadOnlyList<QueryParameter> Query { get; init; } = [];

    /// <summary>Fields of the request that this route refuses to go without, though another that reads the same record does not.</summary>
    public IReadOnlyList<string> Needed { get; init; } = [];

    /// <summary>Fields of the response that are always there on this route, though not wherever the record is served.</summary>
    public IReadOnlyList<string> Present { get; init; } = [];

    /// <summary>A further form of the answer, by Accept.</summary>
    public string? OtherMedia { get; init; }

    /// <summary>Whether Idempotency-Key is read.</summary>
    public bool IsIdempotent { get; init; }

    /// <summary>Statuses beyond those that follow from what the route is (see <see cref="OpenApiDocument"/>).</summary>
    public IReadOnlyList<int> Errors { get; init; } = [];
}
