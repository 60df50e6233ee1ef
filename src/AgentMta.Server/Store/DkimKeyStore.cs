using System.Text;
using AgentMta.Server.Model;

namespace AgentMta.Server.Store;

/// <summary>A signing key of a domain as stored; the private key is a PEM text.</summary>
internal sealed record StoredDkimKey(string WorkspaceId, string Domain, string Selector, string Algorithm, string PrivateKeyPem, string PublicRecord, DateTimeOffset CreatedAt, DateTimeOffset? RetiredAt);

/// <summary>DKIM keys of the sending domains; private keys lie encrypted, bound to domain and selector.</summary>
internal sealed class DkimKeyStore(Database database, KeyRing keys)
{
    private const string Columns = "workspace_id, domain, selector, algorithm, private_key, public_record, created_at, retired_at";

    /// <summary>Stores a key within the transaction that makes its domain, or that adds it to one.</summary>
    public void Insert(WriteSession session, StoredDkimKey key) =>
        session.Execute(
            "INSERT INTO dkim_keys (workspace_id, domain, selector, algorithm, private_key, public_record, created_at) VALUES (@p1, @p2, @p3, @p4, @p5, @p6, @p7)",
            key.WorkspaceId, key.Domain, key.Selector, key.Algorithm, keys.Encrypt(Encoding.ASCII.GetBytes(key.PrivateKeyPem), Context(key.Domain, key.Selector)), key.PublicRecord,
            session.Now);

    /// <summary>The keys that sign for a domain, oldest first; retired ones are only published.</summary>
    public ValueTask<List<StoredDkimKey>> ActiveAsync(string workspaceId, string domain, CancellationToken cancellationToken) =>
        ReadAsync("retired_at IS NULL AND workspace_id = @p1 AND domain = @p2", workspaceId, domain, cancellationToken);

    /// <summary>All keys of a domain, as its DNS records show them.</summary>
    public ValueTask<List<StoredDkimKey>> ListAsync(string workspaceId, string domain, CancellationToken cancellationToken) =>
        ReadAsync("workspace_id = @p1 AND domain = @p2", workspaceId, domain, cancellationToken);

    /// <summary>Stops signing with a key; false where it is not there or retired already.</summary>
    public Task<bool> RetireAsync(string workspaceId, string domain, string selector, CancellationToken cancellationToken) =>
        database.WriteAsync(
            session =>
            {
                var changed = session.Execute(
                    "UPDATE dkim_keys SET retired_at = @p4 WHERE workspace_id = @p1 AND domain = @p2 AND selector = @p3 AND retired_at IS NULL", workspaceId, domain, selector, session.Now) == 1;
                if (changed)
                    EventStore.Append(session, workspaceId, new NewEvent(EventTypes.DomainUpdated, Facts: $$"""{"domain":"{{domain}}","retired_selector":"{{selector}}"}"""));
                return changed;
            },
            cancellationToken);

    /// <summary>What the encrypted key is bound to.</summary>
    internal static string Context(string domain, string selector) => $"dkim_keys/{domain}/{selector}";

    private ValueTask<List<StoredDkimKey>> ReadAsync(string where, string workspaceId, string domain, CancellationToken cancellationToken) =>
        database.ReadAsync(
            session => session.Query(
                $"SELECT {Columns} FROM dkim_keys WHERE {where} ORDER BY created_at, selector",
                row => new StoredDkimKey(
                    row.GetString(0), row.GetString(1), row.GetString(2), row.GetString(3),
                    Encoding.ASCII.GetString(keys.Decrypt(row.Octets(4), Context(row.GetString(1), row.GetString(2)))), row.GetString(5), Clock.FromMicros(row.GetInt64(6)), row.Time(7)),
                workspaceId, domain),
            cancellationToken);
}
