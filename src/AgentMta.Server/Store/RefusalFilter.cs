using AgentMta.Server.Model;

namespace AgentMta.Server.Store;

/// <summary>Which refusals are wanted; what is not set does not narrow.</summary>
internal sealed record RefusalFilter
{
    public string? InboxId { get; init; }

    /// <summary>mail, rcpt or data.</summary>
    public string? Stage { get; init; }

    /// <summary>Part of the reverse-path.</summary>
    public string? Sender { get; init; }

    /// <summary>Part of the recipient's address.</summary>
    public string? Recipient { get; init; }

    public string? ClientAddress { get; init; }

    public string? SessionId { get; init; }

    /// <summary>The reply code.</summary>
    public int? Code { get; init; }

    public DateTimeOffset? Before { get; init; }

    public DateTimeOffset? After { get; init; }

    /// <summary>The conditions on the table r.</summary>
    public SqlConditions Conditions()
    {
        var where = new SqlConditions();
        foreach (var (column, value) in new[] { ("inbox_id", InboxId), ("stage", Stage), ("client_address", ClientAddress), ("session_id", SessionId) })
        {
            if (value is not null)
                where.And($"r.{column} = {where.Value(value)}");
        }

        if (Sender is not null)
            where.AndContains("r.reverse_path", Sender);
        if (Recipient is not null)
            where.AndContains("r.recipient", Recipient);
        if (Code is { } code)
            where.And($"r.code = {where.Value(code)}");
        if (Before is { } before)
            where.And($"r.created_at < {where.Value(before.ToMicros())}");
        if (After is { } after)
            where.And($"r.created_at > {where.Value(after.ToMicros())}");
        return where;
    }
}
