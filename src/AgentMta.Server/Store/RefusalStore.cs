using System.Data.Common;
using AgentMta.Server.Model;

namespace AgentMta.Server.Store;

/// <summary>
/// What was refused, in bounded batches without a flush (design.md, Evidence): the session never waits, a flood of refusals costs the oldest of them.
/// Kept for seven days, at most 100,000.
/// </summary>
internal sealed class RefusalStore : IAsyncDisposable
{
    /// <summary>The stage of what was no refusal: a message that was there already, found by its transaction alone.</summary>
    public const string Duplicate = "duplicate";

    /// <summary>Rows kept.</summary>
    public const int Capacity = 100_000;

    private const int IdLength = 10;
    private const string Columns =
        "workspace_id, refusal_id, pod_id, inbox_id, stage, session_id, transaction_id, client_address, helo, tls, reverse_path, recipient, code, status, reply, verdicts, authentication, created_at";

    private static readonly TimeSpan Lifetime = TimeSpan.FromDays(7);

    private readonly Database _evidence;
    private readonly TimeProvider _time;
    private readonly EvidenceQueue<Refusal> _queue;

    /// <param name="evidence">The database of refusals, not the one of mail.</param>
    public RefusalStore(Database evidence, TimeProvider time, ILogger<RefusalStore> log)
    {
        _evidence = evidence;
        _time = time;
        _queue = new EvidenceQueue<Refusal>(evidence, Write, Sweep, log);
    }

    /// <summary>A short id to be shown in a reply.</summary>
    public string NewId() => Ids.New(_time)[^IdLength..];

    /// <summary>Keeps a refusal; returns at once.</summary>
    public void Record(Refusal refusal) => _queue.Add(refusal);

    /// <summary>Refusals within the scope, newest first, older than <paramref name="before"/>.</summary>
    public ValueTask<List<Refusal>> ListAsync(Scope scope, DateTimeOffset? before, int limit, CancellationToken cancellationToken) =>
        ListAsync(scope, new RefusalFilter { Before = before }, null, limit, cancellationToken);

    /// <summary>Refusals within the scope that the filter wants, newest first, behind the position of the page before.</summary>
    public ValueTask<List<Refusal>> ListAsync(Scope scope, RefusalFilter filter, (long At, string Id)? position, int limit, CancellationToken cancellationToken)
    {
        var where = filter.Conditions();
        where.And($"r.stage <> '{Duplicate}'");
        where.AndBehind("r.created_at", "r.refusal_id", position, ascending: false);
        var sql = $"SELECT {Columns} FROM refusals r WHERE {scope.OnInbox("r")}{where.Sql} ORDER BY r.created_at DESC, r.refusal_id DESC LIMIT {where.Value(limit)}";
        return _evidence.ReadAsync(session => session.Query(scope, sql, Read, where.Values), cancellationToken);
    }

    /// <summary>The newest refusals of whomever, or those of one session or transaction, for the operator's own commands.</summary>
    public ValueTask<List<Refusal>> RecentAsync(string? id, int limit, CancellationToken cancellationToken) => _evidence.ReadAsync(
        session => session.Query(
            $"SELECT {Columns} FROM refusals WHERE {(id is null ? $"@p1 IS NULL AND stage <> '{Duplicate}'" : "(session_id = @p1 OR transaction_id = @p1)")} ORDER BY created_at DESC LIMIT @p2", Read, id, limit),
        cancellationToken);

    /// <summary>The newest refusals of whomever with this text in sender or recipient, for the operator's own commands.</summary>
    public ValueTask<List<Refusal>> ByAddressAsync(string text, int limit, CancellationToken cancellationToken)
    {
        var where = new SqlConditions();
        var holds = $"{where.Contains("reverse_path", text)} OR {where.Contains("recipient", text)}";
        var sql = $"SELECT {Columns} FROM refusals WHERE stage <> '{Duplicate}' AND ({holds}) ORDER BY created_at DESC LIMIT {where.Value(limit)}";
        return _evidence.ReadAsync(session => session.Query(sql, Read, where.Values), cancellationToken);
    }

    /// <summary>One refusal within the scope.</summary>
    public ValueTask<Refusal?> GetAsync(Scope scope, string refusalId, CancellationToken cancellationToken) => _evidence.ReadAsync(
        session => session.First(scope, $"SELECT {Columns} FROM refusals r WHERE {scope.OnInbox("r")} AND r.refusal_id = @p1", Read, refusalId), cancellationToken);

    /// <summary>One refusal of whomever, for the operator's own commands.</summary>
    public ValueTask<Refusal?> FindAsync(string refusalId, CancellationToken cancellationToken) => _evidence.ReadAsync(
        session => session.First($"SELECT {Columns} FROM refusals WHERE refusal_id = @p1", Read, refusalId), cancellationToken);

    /// <inheritdoc/>
    public ValueTask DisposeAsync() => _queue.DisposeAsync();

    private static void Write(WriteSession session, List<Refusal> batch)
    {
        foreach (var r in batch)
        {
            session.Execute(
                $"INSERT INTO refusals ({Columns}) VALUES (@p1, @p2, @p3, @p4, @p5, @p6, @p7, @p8, @p9, @p10, @p11, @p12, @p13, @p14, @p15, @p16, @p17, @p18) ON CONFLICT DO NOTHING",
                r.WorkspaceId ?? "", r.RefusalId, r.PodId ?? "", r.InboxId ?? "", r.Stage, r.SessionId, r.TransactionId, r.ClientAddress, r.Helo, r.Tls, r.ReversePath,
                r.Recipient, r.Code, r.Status, r.Reply, r.Verdicts, r.Authentication, r.At.ToMicros());
        }
    }

    private void Sweep(WriteSession session)
    {
        session.Execute("DELETE FROM refusals WHERE created_at < @p1", (_time.GetUtcNow() - Lifetime).ToMicros());
        session.Execute(
            "DELETE FROM refusals WHERE created_at < (SELECT created_at FROM refusals ORDER BY created_at DESC LIMIT 1 OFFSET @p1)", Capacity);
    }

    private static Refusal Read(DbDataReader row) => new()
    {
        WorkspaceId = row.GetString(0) is { Length: > 0 } workspace ? workspace : null,
        RefusalId = row.GetString(1),
        PodId = row.GetString(2) is { Length: > 0 } pod ? pod : null,
        InboxId = row.GetString(3) is { Length: > 0 } inbox ? inbox : null,
        Stage = row.GetString(4),
        SessionId = row.GetString(5),
        TransactionId = row.Text(6),
        ClientAddress = row.GetString(7),
        Helo = row.Text(8),
        Tls = row.Text(9),
        ReversePath = row.Text(10),
        Recipient = row.Text(11),
        Code = (int)row.GetInt64(12),
        Status = row.Text(13),
        Reply = row.GetString(14),
        Verdicts = row.Text(15),
        Authentication = row.Text(16),
        At = Clock.FromMicros(row.GetInt64(17)),
    };
}
