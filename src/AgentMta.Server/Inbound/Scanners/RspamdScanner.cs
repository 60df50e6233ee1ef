using System.Globalization;
using System.Text.Json;
using AgentMta.Server.Model;

namespace AgentMta.Server.Inbound.Scanners;

/// <summary>Asks rspamd (HTTP /checkv2) for its score, action and symbols.</summary>
internal sealed class RspamdScanner(HttpClient http, Uri url, TimeSpan timeout, TimeProvider time)
{
    private const int ShownSymbols = 20;

    /// <summary>Sends message and envelope; a scanner that cannot be asked in time is <see cref="ScanOutcome.Down"/>, never an exception.</summary>
    public async ValueTask<ScanResult> ScanAsync(IncomingMessage message, CancellationToken cancellationToken)
    {
        using var limit = new CancellationTokenSource(timeout, time);
        using var linked = CancellationTokenSource.CreateLinkedTokenSource(limit.Token, cancellationToken);
        using var request = new HttpRequestMessage(HttpMethod.Post, new Uri(url, "checkv2")) { Content = new ReadOnlyMemoryContent(message.Raw.Bytes) };
        Add(request, "IP", message.Session.ClientAddress.ToString());
        Add(request, "Helo", message.Session.Helo);
        Add(request, "From", message.ReversePath);
        Add(request, "Queue-Id", message.TransactionId);
        foreach (var recipient in message.Recipients)
            Add(request, "Rcpt", recipient.Address);
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
            return new ScanResult(ScanOutcome.Down, $"no answer within {timeout.TotalSeconds:0} s");
        }
        catch (Exception e) when (e is HttpRequestException or IOException or JsonException or InvalidOperationException or KeyNotFoundException)
        {
            return new ScanResult(ScanOutcome.Down, e.Message);
        }
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
        if (answer.TryGetProperty("symbols", out var symbols) && symbols.ValueKind == JsonValueKind.Object)
        {
            evidence.AddRange(symbols.EnumerateObject()
                .Select(s => (s.Name, Points: s.Value.TryGetProperty("score", out var points) && points.TryGetDouble(out var value) ? value : 0))
                .OrderByDescending(s => Math.Abs(s.Points)).Take(ShownSymbols)
                .Select(s => (s.Name, s.Points.ToString("0.##", CultureInfo.InvariantCulture))));
        }

        return new ScanResult(
            action switch
            {
                "reject" => ScanOutcome.Found,
                "add header" or "rewrite subject" or "quarantine" => ScanOutcome.Suspicious,
                "soft reject" or "greylist" => ScanOutcome.Defer,
                _ => ScanOutcome.Clean,
            },
            action, evidence);
    }
}
