using System.ComponentModel.DataAnnotations;
using System.Net;

namespace AgentMta.Server.Hosting;

/// <summary>The whole configuration: what the process itself needs, and a section for each folder.</summary>
internal sealed class ServerOptions : IValidatableObject
{
    /// <summary>Folder of database, keys, certificates and large messages; made at first start.</summary>
    [Required]
    public string Data { get; set; } = "./agentmta-data";

    /// <summary>The domain of the first start: its workspace, keys and the inbox agent@DOMAIN are made for it.</summary>
    [Required]
    public string Domain { get; set; } = "agentmta.test";

    /// <summary>Name in the banner, in EHLO, Received and Authentication-Results; null means mx.DOMAIN.</summary>
    public string? HostName { get; set; }

    /// <summary>Where people and mail programs reach the HTTP side from outside; one-click unsubscribe needs https (RFC 8058 3.1). null means the first HTTP listener.</summary>
    public string? PublicUrl { get; set; }

    /// <summary>Listener for mail from other servers, ADDR:PORT, several separated by commas; empty switches it off.</summary>
    public string Smtp { get; set; } = "127.0.0.1:2525";

    /// <summary>Listener for submission with STARTTLS.</summary>
    public string Submission { get; set; } = "127.0.0.1:2587";

    /// <summary>Listener for submission inside TLS from the first octet (RFC 8314).</summary>
    public string Submissions { get; set; } = "";

    /// <summary>Listener for the HTTP API.</summary>
    public string Http { get; set; } = "127.0.0.1:8025";

    /// <summary>Listener for the HTTP API inside TLS, with the certificates of the SMTP side.</summary>
    public string Https { get; set; } = "";

    /// <summary>Time to finish what is in flight at SIGTERM.</summary>
    [Range(typeof(TimeSpan), "00:00:01", "00:05:00", ErrorMessage = "a duration from 00:00:01 to 00:05:00 is expected.")]
    public TimeSpan StopTimeout { get; set; } = TimeSpan.FromSeconds(25);

    /// <summary>Least severity that is logged.</summary>
    public Microsoft.Extensions.Logging.LogLevel LogLevel { get; set; } = Microsoft.Extensions.Logging.LogLevel.Information;

    /// <inheritdoc/>
    public IEnumerable<ValidationResult> Validate(ValidationContext validationContext)
    {
        foreach (var (name, value) in new[] { (nameof(Smtp), Smtp), (nameof(Submission), Submission), (nameof(Submissions), Submissions), (nameof(Http), Http), (nameof(Https), Https) })
        {
            if (!TryReadEndpoints(value, out _))
                yield return new ValidationResult($"'{value}' is not ADDR:PORT (several separated by commas), for instance 127.0.0.1:2525, 0.0.0.0:25 or [::]:25.", [name]);
        }

        if (PublicUrl is not null && !(Uri.TryCreate(PublicUrl, UriKind.Absolute, out var url) && url.Scheme is "http" or "https"))
            yield return new ValidationResult($"'{PublicUrl}' is not an absolute http or https URL.", [nameof(PublicUrl)]);
        if (Uri.CheckHostName(Domain) != UriHostNameType.Dns || !Domain.Contains('.', StringComparison.Ordinal))
            yield return new ValidationResult($"'{Domain}' is not a domain name with at least two labels.", [nameof(Domain)]);
        if (HostName is not null && Uri.CheckHostName(HostName) != UriHostNameType.Dns)
            yield return new ValidationResult($"'{HostName}' is not a host name.", [nameof(HostName)]);
    }

    /// <summary>Reads a listener setting; empty gives no endpoint.</summary>
    public static bool TryReadEndpoints(string value, out IReadOnlyList<IPEndPoint> endpoints)
    {
        var read = new List<IPEndPoint>();
        endpoints = read;
        foreach (var one in value.Split(',', StringSplitOptions.TrimEntries | StringSplitOptions.RemoveEmptyEntries))
        {
            var text = one.StartsWith("*:", StringComparison.Ordinal) ? "0.0.0.0" + one[1..] : one.Replace("localhost:", "127.0.0.1:", StringComparison.OrdinalIgnoreCase);
            if (!IPEndPoint.TryParse(text, out var endpoint) || text.LastIndexOf(':') <= text.LastIndexOf(']'))
                return false;
            read.Add(endpoint);
        }

        return true;
    }
}
