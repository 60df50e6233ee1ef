using AgentMta.Server.Model;

namespace AgentMta.Server.Outbound;

/// <summary>Deliveries that may share a transaction: same bytes, reverse-path and parameters.</summary>
internal sealed record QueueBatch(IReadOnlyList<LeasedDelivery> Deliveries)
{
    /// <summary>Any of them stands for what all share.</summary>
    public LeasedDelivery First => Deliveries[0];

    /// <summary>Groups deliveries of one site; a copy with a prefix of its own goes alone.</summary>
    public static IEnumerable<QueueBatch> Group(IEnumerable<LeasedDelivery> deliveries, int limit) =>
        deliveries
            .GroupBy(d => (
                d.WorkspaceId, d.RawId, d.ReversePath, Own: d.Prefix is null ? null : d.DeliveryId,
                d.Options.Utf8, d.Options.EightBit, d.Options.RequireTls, d.Options.Return, d.Options.EnvelopeId))
            .SelectMany(g => g.Chunk(limit)).Select(chunk => new QueueBatch(chunk));

    /// <summary>The transaction that hands them over.</summary>
    public OutboundTransaction ToTransaction(ReadOnlyMemory<byte> content) => new(
        First.ReversePath, [.. Deliveries.Select(d => new OutboundRecipient(d.Recipient, d.Options.Notify, d.Options.OriginalRecipient))], First.Prefix ?? ReadOnlyMemory<byte>.Empty,
        content, First.Options.Utf8, First.Options.EightBit, First.Options.RequireTls, First.Options.Return, First.Options.EnvelopeId);
}
