using System.Threading.RateLimiting;
using AgentMta.Server.Model;

namespace AgentMta.Server.Api;

/// <summary>How often one API key, and one workspace with all its keys, may call: a bucket of tokens each, refilled every second by the framework's limiter.</summary>
internal sealed class RequestLimits(ApiOptions options) : IDisposable
{
    private readonly PartitionedRateLimiter<string>? _keys = Limiter(options.RequestsPerSecond, options.RequestBurst);
    private readonly PartitionedRateLimiter<string>? _workspaces = Limiter(options.WorkspaceRequestsPerSecond, options.WorkspaceRequestBurst);

    /// <summary>Takes one request from the buckets of key and workspace.</summary>
    /// <exception cref="ApiException">429 with Retry-After.</exception>
    public void Take(Credential credential)
    {
        Take(_keys, credential.ApiKeyId, "This API key makes");
        Take(_workspaces, credential.Scope.WorkspaceId, "The keys of this workspace together make");
    }

    /// <inheritdoc/>
    public void Dispose()
    {
        _keys?.Dispose();
        _workspaces?.Dispose();
    }

    private static void Take(PartitionedRateLimiter<string>? limiter, string who, string subject)
    {
        if (limiter is null)
            return;
        using var lease = limiter.AttemptAcquire(who);
        if (!lease.IsAcquired)
            throw new ApiException(429, "rate_limit_exceeded", $"{subject} too many requests.", "Wait for Retry-After seconds; read changes with wait= or a websocket instead of polling.") { RetryAfter = 1 };
    }

    private static PartitionedRateLimiter<string>? Limiter(int perSecond, int burst) => perSecond <= 0 ? null : PartitionedRateLimiter.Create<string, string>(
        who => RateLimitPartition.GetTokenBucketLimiter(who, _ => new TokenBucketRateLimiterOptions
        {
            TokenLimit = perSecond + burst,
            TokensPerPeriod = perSecond,
            ReplenishmentPeriod = TimeSpan.FromSeconds(1),
            QueueLimit = 0,
            AutoReplenishment = true,
        }));
}
