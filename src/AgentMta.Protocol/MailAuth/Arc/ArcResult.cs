namespace AgentMta.Protocol.MailAuth.Arc;

/// <summary>The verdict on the chain of a message with what it rests on (RFC 8617 5.2).</summary>
/// <param name="Status">The verdict.</param>
/// <param name="Instances">The highest instance found; 0 without a chain.</param>
/// <param name="Seals">The hops in ascending order, as far as they could be told apart.</param>
/// <param name="Reason">What would have had to differ for a pass; null on pass and none.</param>
public sealed record ArcResult(ArcStatus Status, int Instances, IReadOnlyList<ArcSeal> Seals, string? Reason)
{
    /// <summary>The message carries no ARC field.</summary>
    public static ArcResult None { get; } = new(ArcStatus.None, 0, [], null);

    /// <summary>The failure comes from a key that could not be asked for now; a later try may pass.</summary>
    public bool Temporary { get; init; }
}
