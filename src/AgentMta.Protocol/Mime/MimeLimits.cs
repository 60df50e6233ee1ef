namespace AgentMta.Protocol.Mime;

/// <summary>How much structure one message may have before the rest of it is taken as one opaque part.</summary>
/// <param name="MaxParts">Parts of the message, the root included.</param>
/// <param name="MaxDepth">Multiparts within multiparts.</param>
/// <param name="MaxHeaderBytes">Header octets of all parts together.</param>
public sealed record MimeLimits(int MaxParts = 1000, int MaxDepth = 50, int MaxHeaderBytes = 1 << 20)
{
    public static MimeLimits Default { get; } = new();
}
