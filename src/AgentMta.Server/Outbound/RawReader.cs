using AgentMta.Server.Model;
using AgentMta.Server.Store;

namespace AgentMta.Server.Outbound;

/// <summary>Reads the bytes of stored messages for sending, and keeps the last small ones: recipients of one message come in a row.</summary>
internal sealed class RawReader(DeliveryStore store, RawSpool spool)
{
    private const int Kept = 8;

    private readonly Lock _gate = new();
    private readonly LinkedList<(string RawId, byte[] Content)> _recent = new();

    /// <summary>The octets as stored, to be disposed of; null where the raw is gone.</summary>
    public async Task<RawContent?> ReadAsync(string workspaceId, string rawId, CancellationToken cancellationToken)
    {
        lock (_gate)
        {
            for (var node = _recent.First; node is not null; node = node.Next)
            {
                if (node.Value.RawId == rawId)
                    return new RawContent(node.Value.Content);
            }
        }

        var (content, file) = await store.RawAsync(workspaceId, rawId, cancellationToken).ConfigureAwait(false);
        if (content is null)
            return file is null ? null : Open(file);
        if (content.Length <= RawContent.InlineLimit)
            Keep(rawId, content);
        return new RawContent(content);
    }

    private RawContent? Open(string file)
    {
        try
        {
            return spool.Open(file);
        }
        catch (FileNotFoundException)
        {
            return null;
        }
    }

    private void Keep(string rawId, byte[] content)
    {
        lock (_gate)
        {
            _recent.AddFirst((rawId, content));
            if (_recent.Count > Kept)
                _recent.RemoveLast();
        }
    }
}
