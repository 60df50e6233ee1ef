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
    public long MaxBodySize { get; set; } = 35 * 1024 * 1024;

    /// <summary>How long a download URL works.</summary>
    public TimeSpan DownloadLifetime { get; set; } = TimeSpan.FromHours(1);

    /// <summary>The longest that a poll waits; below the 60 s after which the SDK gives up.</summary>
    public TimeSpan MaxWait { get; set; } = TimeSpan.FromSeconds(50);

    /// <summary>Requests that one API key may make in a second, in the long run; 0 turns the limit off.</summary>
    [Range(0, 1_000_000, ErrorMessage = "a number from 0 to 1000000 is expected.")]
    public int RequestsPerSecond { get; set; } = 100;

    /// <summary>Requests that one API key may make at once on top of that.</summary>
    [Range(0, 1_000_000, ErrorMessage = "a number from 0 to 1000000 is expected.")]
    public int RequestBurst { get; set; } = 400;

    /// <summary>Requests that all keys of a workspace may make together in a second, in the long run; 0 turns the limit off.</summary>
    [Range(0, 1_000_000, ErrorMessage = "a number from 0 to 1000000 is expected.")]
    public int WorkspaceRequestsPerSecond { get; set; } = 1000;

    /// <summary>Requests that they may make at once on top of that.</summary>
    [Range(0, 1_000_000, ErrorMessage = "a number from 0 to 1000000 is expected.")]
    public int WorkspaceRequestBurst { get; set; } = 4000;

    /// <summary>Inboxes that a workspace may have; 0 means any number.</summary>
    [Range(0, 1_000_000, ErrorMessage = "a number from 0 to 1000000 is expected.")]
    public int MaxInboxes { get; set; }
}
