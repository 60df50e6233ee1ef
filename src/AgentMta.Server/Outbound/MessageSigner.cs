using AgentMta.Protocol.MailAuth.Dkim;
using AgentMta.Server.Store;

namespace AgentMta.Server.Outbound;

/// <summary>Signs with every active key of the sender's domain; keys stay loaded, bounded, and are looked at again after a while so that a new or retired one takes effect.</summary>
internal sealed class MessageSigner(DkimKeyStore store, TimeProvider time)
{
    private const int DomainLimit = 256;

    private static readonly TimeSpan Freshness = TimeSpan.FromMinutes(1);

    private readonly Lock _gate = new();
    private readonly Dictionary<(string Workspace, string Domain), Loaded> _loaded = [];

    /// <summary>The keys that sign for the domain; none where it has none, and its mail goes unsigned.</summary>
    public async ValueTask<IReadOnlyList<DkimSigningKey>> KeysAsync(string workspaceId, string domain, CancellationToken cancellationToken)
    {
        var now = time.GetUtcNow();
        lock (_gate)
        {
            if (_loaded.TryGetValue((workspaceId, domain), out var known) && now - known.At < Freshness)
                return known.Keys;
        }

        var stored = await store.ActiveAsync(workspaceId, domain, cancellationToken).ConfigureAwait(false);
        lock (_gate)
        {
            var before = _loaded.GetValueOrDefault((workspaceId, domain))?.Keys ?? [];
            // Keys that are loaded already are kept: their RSA state is costly to make.
            var keys = stored.Select(k => before.FirstOrDefault(b => b.Selector == k.Selector && b.Key.PublicRecord == k.PublicRecord)
                ?? new DkimSigningKey(k.Domain, k.Selector, DkimKey.FromPem(k.PrivateKeyPem))).ToList();
            if (_loaded.Count >= DomainLimit)
                _loaded.Remove(_loaded.MinBy(l => l.Value.At).Key);
            _loaded[(workspaceId, domain)] = new Loaded(keys, now);
            return keys;
        }
    }

    /// <summary>The signature fields to put in front; empty without keys.</summary>
    public byte[] Sign(ReadOnlyMemory<byte> message, IReadOnlyList<DkimSigningKey> keys) => keys.Count == 0 ? [] : DkimSigner.Sign(message, keys, time.GetUtcNow());

    private sealed record Loaded(IReadOnlyList<DkimSigningKey> Keys, DateTimeOffset At);
}
