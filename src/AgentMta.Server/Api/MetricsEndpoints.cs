using AgentMta.Server.Model;
using AgentMta.Server.Store;
using Microsoft.AspNetCore.Http;

namespace AgentMta.Server.Api;

/// <summary>How often something happened in a bucket of time.</summary>
internal sealed record EventPoint(DateTimeOffset Timestamp, long Count);

/// <summary>How much there was at a time.</summary>
internal sealed record UsagePoint(DateTimeOffset Timestamp, long Value);

/// <summary>Counts of events and running totals of usage, at root, pod and inbox.</summary>
internal sealed class MetricsEndpoints(ApiServices services)
{
    private const int MaximumBuckets = 1000;
    private const int MaximumDays = 90;

    private static readonly string[] Events =
    [
        EventTypes.Received, EventTypes.ReceivedSpam, EventTypes.ReceivedBlocked, EventTypes.ReceivedUnauthenticated, EventTypes.Sent, EventTypes.Delivered, EventTypes.Bounced,
        EventTypes.Complained, EventTypes.Rejected, EventTypes.DomainVerified,
    ];

    private static readonly string[] InboxMeasures = ["storage_bytes", "message_count", "thread_count"];

    private static readonly IReadOnlyList<QueryParameter> RangeQuery =
        [new("start", "date-time"), new("end", "date-time"), new("period", "integer"), new("limit", "integer", Meaning: "points"), new("descending", "boolean")];

    private readonly EventStore _events = new(services.Database);
    private readonly UsageStore _usage = new(services.Database);

    /// <summary>Registers the routes.</summary>
    public static void Map(ApiRoutes routes)
    {
        var endpoints = new MetricsEndpoints(routes.Services);
        foreach (var prefix in ApiRoutes.AllScopes)
        {
            routes.Map(
                new ApiRoute
                {
                    Method = "GET", Pattern = prefix + "/metrics/events", Permission = "metrics_read", Summary = "Count events over time.", Query = [new("event_types", "list"), .. RangeQuery],
                    Response = ApiJson.Wire.DictionaryStringListEventPoint, Errors = [422],
                },
                endpoints.EventsAsync);
            routes.Map(
                new ApiRoute
                {
                    Method = "GET", Pattern = prefix + "/metrics/usage", Permission = "metrics_read", Summary = "Read running totals over time.", Query = [new("usage_types", "list"), .. RangeQuery],
                    Response = ApiJson.Wire.DictionaryStringListUsagePoint, Errors = [422],
                },
                endpoints.UsageAsync);
        }
    }

    private async Task<IResult> EventsAsync(ApiCall call)
    {
        var range = Range(call);
        var wanted = Words(call, "event_types", Events);
        var result = new Dictionary<string, List<EventPoint>>(StringComparer.Ordinal);
        foreach (var type in wanted)
        {
            var points = await _events.CountAsync(call.Scope, type, range.Start, range.End, range.Period, range.Limit, range.Descending, call.Aborted).ConfigureAwait(false);
            result[type] = [.. points.Select(p => new EventPoint(Clock.FromMicros(p.At), p.Count))];
        }

        return TypedResults.Json(result, ApiJson.Wire.DictionaryStringListEventPoint);
    }

    private async Task<IResult> UsageAsync(ApiCall call)
    {
        var range = Range(call);
        var applicable = call.RouteInbox is not null ? InboxMeasures : call.RoutePod is not null ? [.. InboxMeasures, "inbox_count", "domain_count"] : (string[])[.. InboxMeasures, "inbox_count", "domain_count", "pod_count"];
        var wanted = Words(call, "usage_types", [.. InboxMeasures, "inbox_count", "domain_count", "pod_count"]).Where(applicable.Contains);
        var period = range.Period ?? range.End - range.Start;
        var result = new Dictionary<string, List<UsagePoint>>(StringComparer.Ordinal);
        foreach (var measure in wanted)
        {
            var (total, growth) = await _usage.GrowthAsync(call.Scope, measure, range.Start, range.End, period, call.Aborted).ConfigureAwait(false);
            var points = new List<UsagePoint>();
            var buckets = Math.Max(1, (int)Math.Ceiling((range.End - range.Start) / period));
            for (int i = 0, next = 0; i < buckets; i++)
            {
                for (; next < growth.Count && growth[next].Bucket <= i; next++)
                    total += growth[next].Growth;
                points.Add(new UsagePoint(range.Start + (period * i), total));
            }

            if (range.Descending)
                points.Reverse();
            result[measure] = [.. points.Take(range.Limit)];
        }

        return TypedResults.Json(result, ApiJson.Wire.DictionaryStringListUsagePoint);
    }

    private static IReadOnlyList<string> Words(ApiCall call, string name, IReadOnlyList<string> known)
    {
        var wanted = call.Query.List(name);
        foreach (var word in wanted)
        {
            if (!known.Contains(word))
                throw ApiException.Invalid(name, $"'{word}' is not one of {string.Join(", ", known)}.");
        }

        return wanted.Count == 0 ? known : [.. wanted.Distinct(StringComparer.Ordinal)];
    }

    private MetricRange Range(ApiCall call)
    {
        var now = services.Time.GetUtcNow();
        var end = call.Query.Time("end") is { } wanted && wanted < now ? wanted : now;
        var start = call.Query.Time("start") ?? end - TimeSpan.FromDays(1);
        if (start >= end)
            throw ApiException.Invalid("start", "It lies behind the end.");
        if (now - start > TimeSpan.FromDays(MaximumDays))
            throw new ApiException(422, "query_range_too_wide", $"start lies more than {MaximumDays} days back.", "Ask for less.");
        var period = call.Query.Number("period", 1, 86_400) is { } seconds ? TimeSpan.FromSeconds(seconds) : (TimeSpan?)null;
        if (period is { } width && (end - start) / width > MaximumBuckets)
            throw new ApiException(422, "query_range_too_wide", $"The range has more than {MaximumBuckets} periods.", "Take a longer period or a shorter range.");
        return new MetricRange(start, end, period, call.Query.Number("limit", 1, MaximumBuckets) ?? MaximumBuckets, call.Query.Flag("descending") ?? false);
    }

    private sealed record MetricRange(DateTimeOffset Start, DateTimeOffset End, TimeSpan? Period, int Limit, bool Descending);
}
