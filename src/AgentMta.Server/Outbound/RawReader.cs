using AgentMta.Server.Store;

namespace AgentMta.Server.Outbound;

/// <summary>Reads the bytes of stored messages for sending, and keeps the last few: recipients of one message come in a row.</summary>
/// <param name="folder">DATA/raws, where large messages lie.</param>
internal sealed class RawReader(DeliveryStore store, string folder)
{
    private const int Kept = 8;
    private const int KeptSize = 1024 * 1024;

    private readonly Lock _gate = new();
    private readonly LinkedList<(string RawId, ReadOnlyMemory<byte> Content)> _recent = new();

    /// <summary>The octets as stored; null where the raw is gone.</summary>
    public async Task<ReadOnlyMemory<byte>?> ReadAsync(string workspaceId, string rawId, CancellationToken cancellationToken)
    {
        lock (_gate)
        {
            for (var node = _recent.First; node is not null; node = node.Next)
            {
                if (node.Value.RawId == rawId)
                    return node.Value.Content;
            }
        }

        var (content, file) = await store.RawAsync(workspaceId, rawId, cancellationToken).ConfigureAwait(false);
        if (content is null && file is not null)
            content = await File.ReadAllBytesAsync(Path.Combine(folder, file), cancellationToken).ConfigureAwait(false);
        if (content is { Length: <= KeptSize })
        {
            lock (_gate)
            {
                _recent.AddFirst((rawId, content));
                if (_recent.Count > Kept)
                    _recent.RemoveLast();
            }
        }

        return content is null ? null : (ReadOnlyMemory<byte>)content;
    }
}
