using System.Security.Cryptography;
using System.Text;
using AgentMta.Server.Model;

namespace AgentMta.Server.Store;

/// <summary>API keys: the secret is shown once and kept as its SHA-256 alone (32 random octets need no slow hash).</summary>
internal sealed partial class ApiKeyStore(Database database, TimeProvider time)
{
    private const string Mark = "am_";
    private const int SecretOctets = 32;
    private const int PrefixLength = 11;

    /// <summary>A new secret: <c>am_</c> and 64 hexadecimal digits.</summary>
    public static string NewSecret() => Mark + Convert.ToHexStringLower(RandomNumberGenerator.GetBytes(SecretOctets));

    /// <summary>The part of a secret that may be shown.</summary>
    public static string Prefix(string secret) => secret[..Math.Min(PrefixLength, secret.Length)];

    /// <summary>What of the secret is kept.</summary>
    public static byte[] Hash(string secret) => SHA256.HashData(Encoding.UTF8.GetBytes(secret));

    /// <summary>The credential of a secret; null where it is unknown, revoked or expired.</summary>
    public ValueTask<Credential?> FindAsync(string secret, CancellationToken cancellationToken)
    {
        if (!secret.StartsWith(Mark, StringComparison.Ordinal) || secret.Length > 256)
            return ValueTask.FromResult<Credential?>(null);
        var hash = Hash(secret);
        return database.ReadAsync(
            session =>
            {
                var row = session.First(
                    "SELECT workspace_id, api_key_id, pod_id, inbox_id, permissions, secret_hash, expires_at, revoked_at FROM api_keys WHERE secret_hash = @p1",
                    r => new { Scope = new Scope(r.GetString(0), r.Text(2), r.Text(3)), Id = r.GetString(1), Permissions = r.Text(4), Hash = r.Octets(5), Expires = r.Integer(6), Revoked = r.Integer(7) },
                    hash);
                var now = time.NowMicros();
                if (row is null || !CryptographicOperations.FixedTimeEquals(row.Hash, hash) || row.Revoked is not null || row.Expires <= now)
                    return null;
                return new Credential(row.Scope, row.Id, Permissions(row.Permissions));
            },
            cancellationToken);
    }

    /// <summary>
    /// The credential as its key is now: null where that was revoked or has expired meanwhile. One row by its id and no cache, so that a revocation by a command in another
    /// process counts at once too; keys are written by commits alone, so a glance sees them.
    /// </summary>
    public ValueTask<Credential?> RenewAsync(Credential credential, CancellationToken cancellationToken) =>
        database.GlanceAsync(session => Renew(session, credential, time.NowMicros()), cancellationToken);

    /// <summary>The same within a transaction.</summary>
    public static Credential? Renew(StoreSession session, Credential credential, long now) => session.First(
        """
        SELECT pod_id, inbox_id, permissions FROM api_keys
        WHERE workspace_id = @p1 AND api_key_id = @p2 AND revoked_at IS NULL AND (expires_at IS NULL OR expires_at > @p3)
        """,
        row => new Credential(new Scope(credential.Scope.WorkspaceId, row.Text(0), row.Text(1)), credential.ApiKeyId, Permissions(row.Text(2))),
        credential.Scope.WorkspaceId, credential.ApiKeyId, now);

    private static HashSet<string>? Permissions(string? json) => json is null ? null : StoreJson.ReadList(json).ToHashSet(StringComparer.Ordinal);
}

/// <summary>The key that a change was made with was revoked, has expired or may no longer do it, as the transaction sees it.</summary>
internal sealed class KeyGoneException(string apiKeyId) : Exception($"The API key {apiKeyId} may not do this any more.");
