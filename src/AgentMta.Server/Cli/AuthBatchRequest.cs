using System.Globalization;
using System.Net;
using System.Text.Json;
using AgentMta.Protocol.MailAuth.Dmarc;

namespace AgentMta.Server.Cli;

/// <summary>One line of <c>auth --batch</c>: a message or an envelope, DMARC alone, or an organisational domain to find.</summary>
internal sealed record AuthBatchRequest
{
    public required JsonElement? Id { get; init; }

    public IPAddress? Ip { get; private init; }

    public string Helo { get; private init; } = "";

    public string MailFrom { get; private init; } = "";

    public string? MessageFile { get; private init; }

    public JsonZone? Zone { get; private init; }

    public DateTimeOffset? At { get; private init; }

    public DmarcSpec Spec { get; private init; }

    /// <summary>Asks for DMARC alone.</summary>
    public IReadOnlyList<string>? HeaderFrom { get; private init; }

    public IReadOnlyList<string> DkimPassDomains { get; private init; } = [];

    public IReadOnlyList<string> SpfPassDomains { get; private init; } = [];

    /// <summary>Asks for the organisational domain alone.</summary>
    public string? OrgDomainOf { get; private init; }

    /// <summary>Reads the object; throws <see cref="JsonException"/> with a sentence where a value is of the wrong kind.</summary>
    public static AuthBatchRequest Parse(JsonElement line, JsonElement? id) => new()
    {
        Id = id,
        Ip = Text(line, "ip") is not { } ip ? null : IPAddress.TryParse(ip, out var address) ? address : throw new JsonException($"ip: '{ip}' is no address"),
        Helo = Text(line, "helo") ?? "",
        MailFrom = Unbracketed(Text(line, "mail_from") ?? ""),
        MessageFile = Text(line, "message_file"),
        Zone = line.TryGetProperty("zone", out var zone) && zone.ValueKind != JsonValueKind.Null ? JsonZone.Parse(zone) : null,
        At = line.TryGetProperty("at", out var at) ? InstantOf(at) : null,
        Spec = SpecOf(Text(line, "dmarc_spec")),
        HeaderFrom = line.TryGetProperty("header_from", out _) ? Texts(line, "header_from") : null,
        DkimPassDomains = Texts(line, "dkim_pass_domains"),
        SpfPassDomains = Texts(line, "spf_pass_domains"),
        OrgDomainOf = Text(line, "org_domain_of"),
    };

    /// <summary>RFC 9989 where nothing is said.</summary>
    public static DmarcSpec SpecOf(string? spec) => spec switch
    {
        null or "" or "dmarcbis" or "rfc9989" => DmarcSpec.Rfc9989,
        "rfc7489" => DmarcSpec.Rfc7489,
        _ => throw new JsonException($"dmarc_spec: '{spec}' is neither 'rfc7489' nor 'dmarcbis'"),
    };

    /// <summary>Unix seconds or ISO 8601.</summary>
    public static DateTimeOffset? InstantOf(string text) =>
        long.TryParse(text, NumberStyles.AllowLeadingSign, CultureInfo.InvariantCulture, out var seconds) ? FromUnix(seconds)
        : DateTimeOffset.TryParse(text, CultureInfo.InvariantCulture, DateTimeStyles.AssumeUniversal, out var instant) ? instant : null;

    /// <summary>A reverse-path as people write it, with or without brackets.</summary>
    public static string Unbracketed(string path) => path is ['<', .., '>'] ? path[1..^1] : path;

    private static DateTimeOffset? InstantOf(JsonElement at) => at.ValueKind switch
    {
        JsonValueKind.Null => null,
        JsonValueKind.Number when at.TryGetInt64(out var seconds) && FromUnix(seconds) is { } instant => instant,
        JsonValueKind.Number when at.TryGetDouble(out var seconds) && FromUnix((long)Math.Clamp(seconds, -1e15, 1e15)) is { } instant => instant,
        JsonValueKind.String when InstantOf(at.GetString()!) is { } instant => instant,
        _ => throw new JsonException($"at: {at.GetRawText()} is neither Unix seconds nor an ISO 8601 time"),
    };

    private static DateTimeOffset? FromUnix(long seconds) =>
        seconds >= DateTimeOffset.MinValue.ToUnixTimeSeconds() && seconds <= DateTimeOffset.MaxValue.ToUnixTimeSeconds() ? DateTimeOffset.FromUnixTimeSeconds(seconds) : null;

    private static string? Text(JsonElement line, string name)
    {
        if (!line.TryGetProperty(name, out var value) || value.ValueKind == JsonValueKind.Null)
            return null;
        return value.ValueKind == JsonValueKind.String ? value.GetString() : throw new JsonException($"{name}: a text is needed");
    }

    private static IReadOnlyList<string> Texts(JsonElement line, string name)
    {
        if (!line.TryGetProperty(name, out var value) || value.ValueKind == JsonValueKind.Null)
            return [];
        if (value.ValueKind == JsonValueKind.String)
            return [value.GetString()!];
        return value.ValueKind == JsonValueKind.Array && value.EnumerateArray().All(v => v.ValueKind == JsonValueKind.String)
            ? [.. value.EnumerateArray().Select(v => v.GetString()!)]
            : throw new JsonException($"{name}: a list of texts is needed");
    }
}
