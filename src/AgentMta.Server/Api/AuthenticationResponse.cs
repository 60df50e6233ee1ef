using System.Text.Json;

namespace AgentMta.Server.Api;

/// <summary>What SPF said of the reverse-path.</summary>
internal sealed record SpfResponse(string Result, string? Domain);

/// <summary>What one signature was worth.</summary>
internal sealed record DkimResponse(string Result, string? Domain, string? Selector, bool Aligned);

/// <summary>What DMARC said of the author's domain.</summary>
internal sealed record DmarcResponse(string Result, string? HeaderFrom, string? Policy, string? Disposition);

/// <summary>What SPF, DKIM and DMARC said when a message came, in the words of RFC 8601; the trace has the evidence.</summary>
/// <param name="Aligned">Whether somebody answers for the From.</param>
internal sealed record AuthenticationResponse(SpfResponse? Spf, IReadOnlyList<DkimResponse> Dkim, DmarcResponse? Dmarc, bool Aligned)
{
    private const int MaximumSignatures = 10;

    /// <summary>The summary of a verdict's JSON; null where there is none.</summary>
    public static AuthenticationResponse? Of(string? json)
    {
        if (string.IsNullOrEmpty(json))
            return null;
        using var verdict = JsonDocument.Parse(json);
        var root = verdict.RootElement;
        return new AuthenticationResponse(
            root.TryGetProperty("spf", out var spf) ? new SpfResponse(Text(spf, "result") ?? "none", Text(spf, "domain")) : null,
            root.TryGetProperty("dkim", out var dkim) ? [.. dkim.EnumerateArray().Take(MaximumSignatures).Select(Signature)] : [],
            root.TryGetProperty("dmarc", out var dmarc) ? new DmarcResponse(Text(dmarc, "result") ?? "none", Text(dmarc, "header_from"), Text(dmarc, "policy"), Text(dmarc, "disposition")) : null,
            IsTrue(root, "aligned"));
    }

    private static DkimResponse Signature(JsonElement dkim) => new(Text(dkim, "result") ?? "none", Text(dkim, "domain"), Text(dkim, "selector"), IsTrue(dkim, "aligned"));

    private static string? Text(JsonElement value, string name) => value.TryGetProperty(name, out var text) && text.ValueKind == JsonValueKind.String ? text.GetString() : null;

    private static bool IsTrue(JsonElement value, string name) => value.TryGetProperty(name, out var flag) && flag.ValueKind == JsonValueKind.True;
}
