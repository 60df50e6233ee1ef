using System.Threading.RateLimiting;
using AgentMta.Server.Model;

namespace AgentMta.Server.Api;

/// <summary>How often one API key may call: a bucket of tokens each, refilled every second by the framework's limiter.</summary>
internal sealed class RequestLimits : IDisposable
{
    private readonly PartitionedRateLimiter<string>? _limiter;

    public RequestLimits(ApiOptions options)
    {
        if (options.RequestsPerSecond <= 0)
            return;
        _limiter = PartitionedRateLimiter.Create<string, string>(key => RateLimitPartition.GetTokenBucketLimiter(key, _ => new TokenBucketRateLimiterOptions
        {
            TokenLimit = options.RequestsPerSecond + options.RequestBurst,
            TokensPerPeriod = options.RequestsPerSecond,
            ReplenishmentPeriod = TimeSpan.FromSeconds(1),
            QueueLimit = 0,
            AutoReplenishment = true,
        }));
    }

    /// <summary>Takes one request from the key's bucket.</summary>
    /// <exception cref="ApiException">429 with Retry-After.</exception>
    public void Take(Credential credential)
    {
        if (_limiter is null)
            return;
        using var lease = _limiter.AttemptAcquire(credential.ApiKeyId);
        if (!lease.IsAcquired)
            throw new ApiException(429, "rate_limit_exceeded", "This API key makes too many requests.", "Wait for Retry-After seconds; read changes with wait= or a websocket instead of polling.") { RetryAfter = 1 };
    }

    /// <inheritdoc/>
    public void Dispose() => _limiter?.Dispose();
}
