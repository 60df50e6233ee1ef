using System.Data.Common;
using System.Text.Json;
using System.Text.Json.Nodes;
using AgentMta.Server.Model;

namespace AgentMta.Server.Store;

/// <summary>Sessions in which something went wrong, as the operator's trace shows them. Kept for seven days, at most 100,000.</summary>
internal sealed class SessionStore : IAsyncDisposable
{
    /// <summary>Rows kept.</summary>
    public const int Capacity = 100_000;

    private const string Columns =
        "session_id, role, client_address, client_port, helo, tls, tls_cipher, user_name, outcome, commands, accepted, rejected, octets, refused_count, refused, elapsed, started_at";

    private static readonly TimeSpan Lifetime = TimeSpan.FromDays(7);
    private static readonly JsonSerializerOptions Readable = new() { Encoder = System.Text.Encodings.Web.JavaScriptEncoder.UnsafeRelaxedJsonEscaping };

    private readonly Database _evidence;
    private readonly TimeProvider _time;
    private readonly EvidenceQueue<SessionRecord> _queue;

    /// <param name="evidence">The database of refusals, not the one of mail.</param>
    public SessionStore(Database evidence, TimeProvider time, ILogger<SessionStore> log)
    {
        _evidence = evidence;
        _time = time;
        _queue = new EvidenceQueue<SessionRecord>(evidence, Write, Sweep, log);
    }

    /// <summary>The <see cref="RecordSession"/> of the door: keeps the record where something went wrong; returns at once.</summary>
    public void Record(SessionRecord record)
    {
        if (record.RefusedCount > 0 || record.MessagesRefused > 0 || record.Outcome is not ("quit" or "closed" or "shutdown"))
            _queue.Add(record);
    }

    /// <summary>One session.</summary>
    public ValueTask<KeptSession?> FindAsync(string sessionId, CancellationToken cancellationToken) =>
        _evidence.ReadAsync(session => session.First($"SELECT {Columns} FROM sessions WHERE session_id = @p1", Read, sessionId), cancellationToken);

    /// <summary>The newest.</summary>
    public ValueTask<List<KeptSession>> RecentAsync(int limit, CancellationToken cancellationToken) =>
        _evidence.ReadAsync(session => session.Query($"SELECT {Columns} FROM sessions ORDER BY started_at DESC LIMIT @p1", Read, limit), cancellationToken);

    /// <inheritdoc/>
    public ValueTask DisposeAsync() => _queue.DisposeAsync();

    private static void Write(WriteSession session, List<SessionRecord> batch)
    {
        foreach (var r in batch)
        {
            session.Execute(
                $"INSERT INTO sessions ({Columns}) VALUES (@p1, @p2, @p3, @p4, @p5, @p6, @p7, @p8, @p9, @p10, @p11, @p12, @p13, @p14, @p15, @p16, @p17) ON CONFLICT DO NOTHING",
                r.SessionId, r.Role == DoorRole.Submission ? "submission" : "mx", r.ClientAddress.ToString(), r.ClientPort, r.Helo, r.TlsProtocol, r.TlsCipher, r.User, r.Outcome, r.Commands,
                r.MessagesAccepted, r.MessagesRefused, r.MessageOctets, r.RefusedCount, Refused(r), (long)r.Duration.TotalMicroseconds, r.StartedAt.ToMicros());
        }
    }

    private void Sweep(WriteSession session)
    {
        session.Execute("DELETE FROM sessions WHERE started_at < @p1", (_time.GetUtcNow() - Lifetime).ToMicros());
        session.Execute("DELETE FROM sessions WHERE started_at < (SELECT started_at FROM sessions ORDER BY started_at DESC LIMIT 1 OFFSET @p1)", Capacity);
    }

    private static string Refused(SessionRecord record)
    {
        var refused = new JsonArray();
        foreach (var command in record.Refused)
        {
            refused.Add(new JsonObject
            {
                ["command"] = command.Command,
                ["argument"] = command.Argument,
                ["reply"] = command.Reply.ToString(),
                ["at"] = command.At.UtcDateTime,
            });
        }

        return refused.ToJsonString(Readable);
    }

    private static KeptSession Read(DbDataReader row) => new(
        row.GetString(0), row.GetString(1), row.GetString(2), (int)row.GetInt64(3), row.Text(4), row.Text(5), row.Text(6), row.Text(7), row.GetString(8), (int)row.GetInt64(9),
        (int)row.GetInt64(10), (int)row.GetInt64(11), row.GetInt64(12), (int)row.GetInt64(13), JsonElement.Parse(row.GetString(14)),
        TimeSpan.FromMicroseconds(row.GetInt64(15)).TotalMilliseconds, Clock.FromMicros(row.GetInt64(16)));
}

/// <summary>A session as it was kept.</summary>
/// <param name="Outcome">Why it ended: quit, closed, timeout, shutdown, refused, budget, protocol, tls, proxy, error.</param>
/// <param name="Refused">The first refused commands with their replies.</param>
internal sealed record KeptSession(
    string SessionId, string Role, string ClientAddress, int ClientPort, string? Helo, string? Tls, string? TlsCipher, string? User, string Outcome, int Commands,
    int MessagesAccepted, int MessagesRefused, long MessageOctets, int RefusedCount, JsonElement Refused, double ElapsedMs, DateTimeOffset StartedAt);
