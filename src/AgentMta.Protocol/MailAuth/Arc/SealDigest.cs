using AgentMta.Protocol.MailAuth.Dkim;

namespace AgentMta.Protocol.MailAuth.Arc;

/// <summary>What an ARC-Seal signs (RFC 8617 5.1.1): the sets in ascending order, each results, message signature, seal, relaxed; the last seal without its b= and line end.</summary>
internal static class SealDigest
{
    public static void AppendSet(CanonicalDigest digest, MessageHeader header, ArcSet set)
    {
        AppendField(digest, header, set.Results);
        AppendField(digest, header, set.Message!.Index);
        AppendField(digest, header, set.Seal!.Index);
    }

    /// <summary>The digest that the seal of <paramref name="instance"/> must have signed; the chain is whole up to it.</summary>
    public static byte[] Of(ArcChain chain, int instance)
    {
        var header = chain.Header;
        using var digest = new CanonicalDigest();
        for (var i = 1; i < instance; i++)
            AppendSet(digest, header, chain.Sets[i]);
        var set = chain.Sets[instance];
        AppendField(digest, header, set.Results);
        AppendField(digest, header, set.Message!.Index);
        var seal = header.Fields[set.Seal!.Index];
        HeaderCanonicalizer.AppendSignature(digest, header.Message.Span[seal.Start..seal.End], seal.NameLength, seal.ValueStart - seal.Start,
            DkimCanonicalization.Relaxed, set.Seal.Cut.Start, set.Seal.Cut.End);
        return digest.Current();
    }

    private static void AppendField(CanonicalDigest digest, MessageHeader header, int index)
    {
        var field = header.Fields[index];
        HeaderCanonicalizer.Append(digest, header.Message.Span[field.Start..field.End], field.NameLength, field.ValueStart - field.Start, DkimCanonicalization.Relaxed);
    }
}
