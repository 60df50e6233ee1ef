using System.Text.Json;
using AgentMta.Server.Inbound;
using AgentMta.Server.Inbound.Scanners;
using AgentMta.Server.Store;

namespace AgentMta.Server.Hosting;

/// <summary><c>GET /healthz</c>: whether the server can do its work now, for supervisors and load balancers; needs no key and tells nothing of anybody's mail.</summary>
internal static class HealthEndpoint
{
    private static readonly TimeSpan WriteLimit = TimeSpan.FromSeconds(5);

    /// <summary>Maps the endpoint: 200 when well (with warnings), 503 when the store cannot be written or the disk is full.</summary>
    public static void Map(WebApplication app, Database database, RawSpool spool, CertificateStore certificates, ScannerWatches scanners) =>
        app.MapGet("/healthz", async (HttpContext context) =>
        {
            var warnings = new List<string>();
            var faults = new List<string>();
            if (await StoreCheck.FaultAsync(database, WriteLimit, context.RequestAborted).ConfigureAwait(false) is { } fault)
                faults.Add("store: " + fault);
            if (!spool.HasRoom())
                faults.Add("disk: less free space than FreeSpaceFloor; mail is deferred with 421 4.3.1, sends over the API with 503");
            if (certificates.DaysLeft() is var left && left < CertificateWorker.WarningDays)
                warnings.Add(string.Create(System.Globalization.CultureInfo.InvariantCulture, $"certificate: {(left < 0 ? $"expired on {certificates.Expiry:yyyy-MM-dd}" : $"expires {certificates.Expiry:yyyy-MM-dd}, in {Math.Floor(left):0} days")}"));
            // Files are named in the log: whoever asks here needs no key.
            if (certificates.Faults.Count > 0)
                warnings.Add("certificate: a changed file cannot be used, the one loaded before stays in use; the log says which and why");
            foreach (var scanner in scanners.Down)
                warnings.Add($"{scanner}: it had no answer for the last message; the log says why, and what becomes of mail meanwhile");
            context.Response.StatusCode = faults.Count == 0 ? StatusCodes.Status200OK : StatusCodes.Status503ServiceUnavailable;
            context.Response.ContentType = "application/json";
            await using var json = new Utf8JsonWriter(context.Response.BodyWriter);
            json.WriteStartObject();
            json.WriteString("status", faults.Count > 0 ? "failing" : warnings.Count > 0 ? "warning" : "ok");
            json.WriteString("version", StartUpNotes.Version);
            WriteList(json, "faults", faults);
            WriteList(json, "warnings", warnings);
            json.WriteEndObject();
            await json.FlushAsync(context.RequestAborted).ConfigureAwait(false);
        });

    private static void WriteList(Utf8JsonWriter json, string name, List<string> lines)
    {
        json.WriteStartArray(name);
        foreach (var line in lines)
            json.WriteStringValue(line);
        json.WriteEndArray();
    }
}
