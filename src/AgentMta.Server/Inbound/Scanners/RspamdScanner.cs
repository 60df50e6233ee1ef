using System.Globalization;
using System.Text.Json;
using AgentMta.Protocol.MailAuth;

namespace AgentMta.Server.Inbound.Scanners;

/// <summary>Asks rspamd (HTTP /checkv2) for its score, action and symbols.</summary>
/// <param name="hostName">Our name, which rspamd takes for the receiving server's.</param>
internal sealed class RspamdScanner(HttpClient http, Uri url, string hostName, TimeSpan timeout, TimeProvider time)
{
    private const int ShownSymbols = 20;
    private const int LongestText = 200;

    /// <summary>Sends message, envelope and client; a scanner that cannot be asked in time is <see cref="ScanOutcome.Down"/>, never an exception.</summary>
    public async ValueTask<ScanResult> ScanAsync(Arrival arrival, CancellationToken cancellationToken)
    {
        using var limit = new CancellationTokenSource(timeout, time);
        using var linked = CancellationTokenSource.CreateLinkedTokenSource(limit.Token, cancellationToken);
        using var request = Request(arrival);
        try
        {
            using var response = await http.SendAsync(request, HttpCompletionOption.ResponseContentRead, linked.Token).ConfigureAwait(false);
            if (!response.IsSuccessStatusCode)
                return new ScanResult(ScanOutcome.Down, $"HTTP {(int)response.StatusCode}");
            using var answer = JsonDocument.Parse(await response.Content.ReadAsByteArrayAsync(linked.Token).ConfigureAwait(false));
            return Read(answer.RootElement);
        }
        catch (OperationCanceledException) when (!cancellationToken.IsCancellationRequested)
        {
            return new ScanResult(ScanOutcome.Down, $"no answer within {timeout.TotalSeconds:0.#} s");
        }
        catch (Exception e) when (e is HttpRequestException or IOException or JsonException or InvalidOperationException or KeyNotFoundException)
        {
            return new ScanResult(ScanOutcome.Down, e.Message);
        }
    }

    private HttpRequestMessage Request(Arrival arrival)
    {
        var message = arrival.Message;
        var request = new HttpRequestMessage(HttpMethod.Post, new Uri(url, "checkv2")) { Content = new ReadOnlyMemoryContent(message.Raw.Bytes) };
        Add(request, "IP", message.Session.ClientAddress.ToString());
        Add(request, "Helo", message.Session.Helo);
        // Without the confirmed name rspamd holds against the client that it has none.
        if (arrival.Authentication is { Iprev: { Status: IprevStatus.Pass, Name: { } name } })
            Add(request, "Hostname", name);
        Add(request, "From", message.ReversePath);
        Add(request, "MTA-Name", hostName);
        Add(request, "Queue-Id", message.TransactionId);
        Add(request, "TLS-Version", message.Session.TlsProtocol ?? "");
        Add(request, "TLS-Cipher", message.Session.TlsCipher ?? "");
        foreach (var recipient in message.Recipients)
            Add(request, "Rcpt", recipient.Address);
        return request;
    }

    // Non-ASCII addresses cannot stand in an HTTP header.
    private static void Add(HttpRequestMessage request, string name, string value)
    {
        if (value.Length > 0 && System.Text.Ascii.IsValid(value) && !value.AsSpan().ContainsAnyInRange('\0', '\x1f'))
            request.Headers.TryAddWithoutValidation(name, value);
    }

    private static ScanResult Read(JsonElement answer)
    {
        var action = answer.GetProperty("action").GetString() ?? "";
        var score = answer.GetProperty("score").GetDouble();
        List<(string, string)> evidence = [("scanner", "rspamd"), ("action", action), ("score", score.ToString("0.##", CultureInfo.InvariantCulture))];
        var text = answer.TryGetProperty("messages", out var messages) && messages.ValueKind == JsonValueKind.Object && messages.TryGetProperty("smtp_message", out var said) ? Line(said.GetString()) : "";
        if (text.Length > 0)
            evidence.Add(("smtp_message", text));
        if (answer.TryGetProperty("symbols", out var symbols) && symbols.ValueKind == JsonValueKind.Object)
        {
            evidence.AddRange(symbols.EnumerateObject()
                .Select(s => (s.Name, Points: s.Value.TryGetProperty("score", out var points) && points.TryGetDouble(out var value) ? value : 0))
                .OrderByDescending(s => Math.Abs(s.Points)).Take(ShownSymbols)
                .Select(s => (s.Name, s.Points.ToString("0.##", CultureInfo.InvariantCulture))));
        }

        // "greylist" is a band of scores: where rspamd itself greylists it says "soft reject" for as long as it wants the sender to wait, and without its Redis
        // it never does. Mail of that band held up here would never get in. "discard" would be silence, so it is refused.
        return new ScanResult(
            action switch
            {
                "reject" or "discard" => ScanOutcome.Found,
                "add header" or "rewrite subject" or "quarantine" => ScanOutcome.Suspicious,
                "soft reject" => ScanOutcome.Defer,
                _ => ScanOutcome.Clean,
            },
            text, evidence);
    }

    // What a rule says goes into an SMTP reply: one line of ASCII.
    private static string Line(string? text) => string.Concat((text ?? "").Where(c => c is >= ' ' and < '\x7f').Take(LongestText)).Trim();
}
