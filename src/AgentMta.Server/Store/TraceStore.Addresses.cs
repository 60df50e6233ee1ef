using AgentMta.Server.Model;

namespace AgentMta.Server.Store;

/// <content>Mail by the address of who wrote or was to get it, for those who hold no id.</content>
internal sealed partial class TraceStore
{
    /// <summary>Messages since then with this text in author, recipients or envelope, newest first. Walks all that came and went since.</summary>
    public ValueTask<List<TracedMessage>> ByAddressAsync(Scope scope, string text, DateTimeOffset since, int limit, CancellationToken cancellationToken)
    {
        var where = new SqlConditions();
        var first = where.Value(Ids.FirstOf(since));
        var holds = string.Join(" OR ", where.Contains("m.from_addr", text), where.ListContains(text, "m.to_addrs", "m.cc_addrs", "m.bcc_addrs"), where.Contains("r.session", text));
        return database.ReadAsync(
            session => session.Query(
                scope,
                $"""
                SELECT {Columns} FROM messages m JOIN raws r ON r.workspace_id = m.workspace_id AND r.raw_id = m.raw_id
                WHERE {scope.OnInbox("m")} AND m.raw_id >= {first} AND ({holds}) ORDER BY m.raw_id DESC, m.inbox_id LIMIT {where.Value(limit)}
                """,
                Read, where.Values),
            cancellationToken);
    }
}
