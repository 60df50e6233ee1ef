using AgentMta.Server.Model;

namespace AgentMta.Server.Store;

/// <summary>How much there is: running totals over time of what is stored now.</summary>
internal sealed class UsageStore(Database database)
{
    /// <summary>Growth by bucket since <paramref name="start"/>, with what was there before as the first figure.</summary>
    /// <param name="measure">storage_bytes, message_count, thread_count, inbox_count, domain_count or pod_count.</param>
    public ValueTask<(long Before, List<(long Bucket, long Growth)> Buckets)> GrowthAsync(Scope scope, string measure, DateTimeOffset start, DateTimeOffset end, TimeSpan period, CancellationToken cancellationToken)
    {
        var (table, condition, sum) = measure switch
        {
            "storage_bytes" => ("messages", scope.OnInbox("t"), "COALESCE(SUM(t.size), 0)"),
            "message_count" => ("messages", scope.OnInbox("t"), "COUNT(*)"),
            "thread_count" => ("threads", scope.OnInbox("t"), "COUNT(*)"),
            "inbox_count" => ("inboxes", scope.OnInbox("t"), "COUNT(*)"),
            "domain_count" => ("domains", scope.OnPod("t"), "COUNT(*)"),
            "pod_count" => ("pods", scope.OnPod("t"), "COUNT(*)"),
            _ => throw new ArgumentException($"Nothing is measured as {measure}.", nameof(measure)),
        };
        return database.ReadAsync(
            session => (
                session.Scalar<long>(scope, $"SELECT {sum} FROM {table} t WHERE {condition} AND t.created_at < @p1", start.ToMicros()),
                session.Query(
                    scope, $"SELECT (t.created_at - @p1) / @p3 AS bucket, {sum} FROM {table} t WHERE {condition} AND t.created_at >= @p1 AND t.created_at < @p2 GROUP BY bucket ORDER BY bucket",
                    row => (row.GetInt64(0), row.GetInt64(1)), start.ToMicros(), end.ToMicros(), (long)period.TotalMicroseconds)),
            cancellationToken);
    }
}
