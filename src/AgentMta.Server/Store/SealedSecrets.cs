using System.Security.Cryptography;
using AgentMta.Server.Model;

namespace AgentMta.Server.Store;

/// <summary>Whether the master key is the one with which the secrets in the database were encrypted, before anything is done with another.</summary>
internal sealed class SealedSecrets(Database database, KeyRing keys)
{
    private const int Looked = 100;

    /// <summary>True where one of them can be decrypted, or there is none: a single broken row does not tell against the key.</summary>
    public async ValueTask<bool> FitAsync(CancellationToken cancellationToken)
    {
        var secrets = await database.ReadAsync(
            session => session.Query(
                $"""
                SELECT * FROM (SELECT 'd', domain, selector, private_key FROM dkim_keys LIMIT {Looked})
                UNION ALL SELECT * FROM (SELECT 'w', workspace_id, webhook_id, secrets FROM webhooks LIMIT {Looked})
                """,
                row => (Context: row.GetString(0) == "d" ? DkimKeyStore.Context(row.GetString(1), row.GetString(2)) : WebhookJson.Context(row.GetString(1), row.GetString(2), "secrets"), Sealed: row.Octets(3))),
            cancellationToken).ConfigureAwait(false);
        return secrets.Count == 0 || secrets.Any(s => s.Sealed is not null && Opens(s.Sealed, s.Context));
    }

    private bool Opens(byte[] secret, string context)
    {
        try
        {
            CryptographicOperations.ZeroMemory(keys.Decrypt(secret, context));
            return true;
        }
        catch (CryptographicException)
        {
            return false;
        }
    }
}
