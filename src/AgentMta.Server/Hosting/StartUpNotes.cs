using System.Net;

namespace AgentMta.Server.Hosting;

/// <summary>What the console says when the server is up: where it listens, what it made, and commands that work when pasted.</summary>
internal static class StartUpNotes
{
    /// <summary>The lines for a start; <paramref name="first"/> is null where the data folder was in use before.</summary>
    public static IEnumerable<string> Write(ServerOptions options, string data, BoundListeners bound, FirstStartResult? first)
    {
        yield return $"AgentMta {Version} is up. Data: {data}";
        yield return $"  SMTP (MX) {Show(bound.Smtp)}   submission {Show(bound.Submission)}   HTTP {Show(bound.Http)}{More("submissions", bound.Submissions)}{More("HTTPS", bound.Https)}";
        // RFC 8058 3.1: one click needs https.
        if (options.PublicUrl?.StartsWith("http:", StringComparison.OrdinalIgnoreCase) == true)
            yield return $"  Warning: PublicUrl = '{options.PublicUrl}' is not https, so List-Unsubscribe offers the mailto: form alone and no one-click (RFC 8058). Put TLS in front, and give the https URL.";
        if (first is null)
            yield break;
        yield return $"  Made a database, a DKIM key pair, the domain {first.Domain}, the inbox {first.InboxId} and an API key (kept in {Path.Combine(data, "api-key")}, mode 0600):";
        yield return $"    {first.Secret}";
        if (!first.IsDevelopment)
        {
            yield return $"  Publish the records of {first.Domain}, then verify them:";
            yield return $"    agentmta domain show {first.Domain} --data {data}";
            yield return $"    agentmta domain verify {first.Domain} --data {data}";
            yield break;
        }

        if (bound.Smtp.Count == 0 || bound.Http.Count == 0)
            yield break;
        var (smtp, http, inbox) = (Reach(bound.Smtp[0]), Reach(bound.Http[0]), Uri.EscapeDataString(first.InboxId));
        var key = $"$(cat {Path.Combine(data, "api-key")})";
        yield return "  Try it:";
        yield return $"    printf 'From: Ann <ann@{DevelopmentZone.Sender}>\\r\\nTo: {first.InboxId}\\r\\nSubject: Hello\\r\\nMessage-ID: <hello@{DevelopmentZone.Sender}>\\r\\n\\r\\nAre you there?\\r\\n' | curl -sS smtp://{smtp}/{DevelopmentZone.Sender} --mail-from ann@{DevelopmentZone.Sender} --mail-rcpt {first.InboxId} -T -";
        yield return $"    curl -sS -H \"Authorization: Bearer {key}\" http://{http}/v0/inboxes/{inbox}/messages";
        yield return $"    curl -sS -H \"Authorization: Bearer {key}\" -H 'Content-Type: application/json' -d '{{\"text\":\"Yes, I am.\"}}' http://{http}/v0/inboxes/{inbox}/messages/{Uri.EscapeDataString($"<hello@{DevelopmentZone.Sender}>")}/reply";
    }

    /// <summary>The version of this build.</summary>
    public static string Version => typeof(StartUpNotes).Assembly.GetName().Version?.ToString(3) ?? "0";

    private static string Show(IReadOnlyList<IPEndPoint> endpoints) => endpoints.Count == 0 ? "off" : string.Join(", ", endpoints);

    private static string More(string name, IReadOnlyList<IPEndPoint> endpoints) => endpoints.Count == 0 ? "" : $"   {name} {Show(endpoints)}";

    /// <summary>An address that can be dialled: a wildcard becomes loopback.</summary>
    private static string Reach(IPEndPoint endpoint) =>
        endpoint.Address.Equals(IPAddress.Any) ? $"127.0.0.1:{endpoint.Port}" : endpoint.Address.Equals(IPAddress.IPv6Any) ? $"[::1]:{endpoint.Port}" : endpoint.ToString();
}

/// <summary>The addresses that are really bound (port 0 asks the system for a free one).</summary>
internal sealed record BoundListeners(IReadOnlyList<IPEndPoint> Smtp, IReadOnlyList<IPEndPoint> Submission, IReadOnlyList<IPEndPoint> Submissions, IReadOnlyList<IPEndPoint> Http, IReadOnlyList<IPEndPoint> Https);
