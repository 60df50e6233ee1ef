using System.ComponentModel.DataAnnotations;
using System.Net;

namespace AgentMta.Server.Hosting.Metrics;

/// <summary>Who may read <c>GET /metrics</c>.</summary>
internal sealed class MetricsOptions
{
    /// <summary>Addresses that may scrape without a token. Requests that came through a proxy may not, and with a PublicUrl loopback may not either: its proxy may stand there.</summary>
    public IReadOnlyList<IPNetwork> Networks { get; set; } = [IPNetwork.Parse("127.0.0.0/8"), IPNetwork.Parse("::1/128")];

    /// <summary>What a scraper brings as "Authorization: Bearer TOKEN", from wherever; without it nobody is let in then. At least 16 characters. null: the addresses alone decide.</summary>
    [MinLength(16, ErrorMessage = "at least 16 characters are expected, for instance from: openssl rand -hex 32.")]
    public string? Token { get; set; }
}
