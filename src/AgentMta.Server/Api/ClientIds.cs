using System.Buffers;

namespace AgentMta.Server.Api;

/// <summary>The keys that callers choose: client_id and Idempotency-Key have one form.</summary>
internal static class ClientIds
{
    private const int MaximumLength = 256;
    private static readonly SearchValues<char> Allowed = SearchValues.Create("ABCDEFGHIJKLMNOPQRSTUVWXYZabcdefghijklmnopqrstuvwxyz0123456789-._~");

    /// <summary>Refuses another form of client_id.</summary>
    public static void Check(string? clientId)
    {
        if (clientId is not null && !IsRight(clientId))
            throw ApiException.Invalid("client_id", $"It has 1 to {MaximumLength} characters of A-Z a-z 0-9 - . _ ~.");
    }

    /// <summary>The Idempotency-Key of a request; null where it has none.</summary>
    public static string? IdempotencyKey(ApiCall call)
    {
        if (!call.Context.Request.Headers.TryGetValue("Idempotency-Key", out var values))
            return null;
        var key = values.ToString();
        return IsRight(key) ? key : throw ApiException.Invalid("Idempotency-Key", $"It has 1 to {MaximumLength} characters of A-Z a-z 0-9 - . _ ~.");
    }

    private static bool IsRight(string text) => text.Length is > 0 and <= MaximumLength && text.AsSpan().IndexOfAnyExcept(Allowed) < 0;
}
