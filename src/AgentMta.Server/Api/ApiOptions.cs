using System.ComponentModel;
using System.ComponentModel.DataAnnotations;

namespace AgentMta.Server.Api;

/// <summary>Settings of the HTTP API.</summary>
internal sealed class ApiOptions
{
    /// <summary>Root of absolute URLs (downloads); without it the request's own host is taken.</summary>
    [Browsable(false)]
    public Uri? PublicUrl { get; set; }

    /// <summary>Domain of inboxes that are made without one.</summary>
    [Browsable(false)]
    public string? DefaultDomain { get; set; }

    /// <summary>Largest request body in octets: 25 MiB of message as base64.</summary>
    [Range(typeof(long), "1024", "1073741824")]
    public long MaxBodySize { get; set; } = 35 * 1024 * 1024;

    /// <summary>How long a download URL works.</summary>
    [Range(typeof(TimeSpan), "00:00:01", "365.00:00:00")]
    public TimeSpan DownloadLifetime { get; set; } = TimeSpan.FromHours(1);

    /// <summary>The longest that a poll waits; below the 60 s after which the SDK gives up.</summary>
    [Range(typeof(TimeSpan), "00:00:01", "00:00:59")]
    public TimeSpan MaxWait { get; set; } = TimeSpan.FromSeconds(50);

    /// <summary>Requests that one API key may make in a second, in the long run; 0 turns the limit off.</summary>
    [Range(0, 1_000_000)]
    public int RequestsPerSecond { get; set; } = 100;

    /// <summary>Requests that one API key may make at once on top of that.</summary>
    [Range(0, 1_000_000)]
    public int RequestBurst { get; set; } = 400;

    /// <summary>Requests that all keys of a workspace may make together in a second, in the long run; 0 turns the limit off.</summary>
    [Range(0, 1_000_000)]
    public int WorkspaceRequestsPerSecond { get; set; } = 1000;

    /// <summary>Requests that they may make at once on top of that.</summary>
    [Range(0, 1_000_000)]
    public int WorkspaceRequestBurst { get; set; } = 4000;

    /// <summary>Inboxes that a workspace may have; 0 means any number.</summary>
    [Range(0, 1_000_000)]
    public int MaxInboxes { get; set; }
}
