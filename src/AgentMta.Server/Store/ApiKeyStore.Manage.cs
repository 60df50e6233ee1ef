using System.Data.Common;
using AgentMta.Server.Model;

namespace AgentMta.Server.Store;

/// <content>Keys for people: made, listed, changed, revoked.</content>
internal sealed partial class ApiKeyStore
{
    private const string Columns = "workspace_id, api_key_id, pod_id, inbox_id, name, prefix, permissions, used_at, expires_at, created_at, updated_at";
    private static readonly TimeSpan UsedResolution = TimeSpan.FromMinutes(1);

    /// <summary>Makes a key for the scope; the secret is returned here and never again.</summary>
    public static (ApiKey Key, string Secret) Create(WriteSession session, Scope scope, string name, IReadOnlyList<string>? permissions, DateTimeOffset? expiresAt = null)
    {
        var secret = NewSecret();
        var now = Clock.FromMicros(session.Now);
        var key = new ApiKey(scope.WorkspaceId, Ids.New(session.Time), scope.PodId, scope.InboxId, name, Prefix(secret), permissions, UsedAt: null, expiresAt, now, now);
        session.Execute(
            $"INSERT INTO api_keys ({Columns}, secret_hash) VALUES (@p1, @p2, @p3, @p4, @p5, @p6, @p7, NULL, @p8, @p9, @p9, @p10)",
            key.WorkspaceId, key.ApiKeyId, key.PodId, key.InboxId, name, key.Prefix, permissions is null ? null : StoreJson.Write(permissions) ?? "[]",
            expiresAt?.ToMicros(), session.Now, Hash(secret));
        EventStore.Append(session, key.WorkspaceId, new NewEvent(EventTypes.ApiKeyCreated, key.PodId, key.InboxId));
        return (key, secret);
    }

    /// <summary>A page of the keys within the scope in order of making; <paramref name="after"/> is the id that ended the last page.</summary>
    public ValueTask<List<ApiKey>> ListAsync(Scope scope, string? after, int limit, bool ascending, CancellationToken cancellationToken) => database.ReadAsync(
        session =>
        {
            var where = new SqlConditions();
            if (after is not null)
                where.And($"k.api_key_id {(ascending ? ">" : "<")} {where.Value(after)}");
            return session.Query(
                scope,
                $"SELECT {Columns} FROM api_keys k WHERE {scope.OnInbox("k")} AND k.revoked_at IS NULL{where.Sql} ORDER BY k.api_key_id {(ascending ? "ASC" : "DESC")} LIMIT {where.Value(limit)}",
                Read, where.Values);
        },
        cancellationToken);

    /// <summary>One key within the scope, or null.</summary>
    public ValueTask<ApiKey?> GetAsync(Scope scope, string apiKeyId, CancellationToken cancellationToken) => database.ReadAsync(
        session => session.First(scope, $"SELECT {Columns} FROM api_keys k WHERE {scope.OnInbox("k")} AND k.revoked_at IS NULL AND k.api_key_id = @p1", Read, apiKeyId), cancellationToken);

    /// <summary>Changes name and permissions; false where the key is not within the scope.</summary>
    public static bool Update(WriteSession session, Scope scope, string apiKeyId, string name, IReadOnlyList<string>? permissions)
    {
        var changed = session.Execute(
            scope, $"UPDATE api_keys AS k SET name = @p2, permissions = @p3, updated_at = @p4 WHERE {scope.OnInbox("k")} AND k.revoked_at IS NULL AND k.api_key_id = @p1",
            apiKeyId, name, permissions is null ? null : StoreJson.Write(permissions) ?? "[]", session.Now) == 1;
        if (changed)
            EventStore.Append(session, scope.WorkspaceId, new NewEvent(EventTypes.ApiKeyUpdated, scope.PodId, scope.InboxId));
        return changed;
    }

    /// <summary>Ends a key at once; false where it is not within the scope.</summary>
    public static bool Revoke(WriteSession session, Scope scope, string apiKeyId)
    {
        var changed = session.Execute(
            scope, $"UPDATE api_keys AS k SET revoked_at = @p2, updated_at = @p2 WHERE {scope.OnInbox("k")} AND k.revoked_at IS NULL AND k.api_key_id = @p1", apiKeyId, session.Now) == 1;
        if (changed)
            EventStore.Append(session, scope.WorkspaceId, new NewEvent(EventTypes.ApiKeyRevoked, scope.PodId, scope.InboxId));
        return changed;
    }

    /// <summary>Whether the secret was good until its key expired: only then is more said than "unknown".</summary>
    public ValueTask<bool> IsExpiredAsync(string secret, CancellationToken cancellationToken) => database.ReadAsync(
        session => session.Scalar<long>("SELECT 1 FROM api_keys WHERE secret_hash = @p1 AND revoked_at IS NULL AND expires_at <= @p2", Hash(secret), time.NowMicros()) == 1, cancellationToken);

    /// <summary>Notes the use of a key, at most once a minute.</summary>
    public Task TouchAsync(Credential credential, CancellationToken cancellationToken) => database.WriteAsync(
        session => session.Execute(
            "UPDATE api_keys SET used_at = @p3 WHERE workspace_id = @p1 AND api_key_id = @p2 AND (used_at IS NULL OR used_at < @p4)",
            credential.Scope.WorkspaceId, credential.ApiKeyId, session.Now, session.Now - ((long)UsedResolution.TotalMilliseconds * 1000)),
        cancellationToken);

    private static ApiKey Read(DbDataReader row) => new(
        row.GetString(0), row.GetString(1), row.Text(2), row.Text(3), row.GetString(4), row.GetString(5), row.IsDBNull(6) ? null : StoreJson.ReadList(row.GetString(6)),
        row.Time(7), row.Time(8), Clock.FromMicros(row.GetInt64(9)), Clock.FromMicros(row.GetInt64(10)));
}
