namespace AgentMta.Protocol.MailAuth.Dkim;

/// <summary>The verdict on one DKIM-Signature with what it rests on, so that a person can be told why.</summary>
/// <param name="Status">The verdict.</param>
/// <param name="Domain">d= in lower case and A-labels: the domain that takes responsibility.</param>
/// <param name="Selector">s= in lower case and A-labels.</param>
/// <param name="Identity">i= as written, or "@" and d= where it is absent.</param>
/// <param name="Algorithm">a= as written.</param>
/// <param name="Reason">What would have had to differ for a pass; null on a pass.</param>
public sealed record DkimResult(DkimStatus Status, string? Domain, string? Selector, string? Identity, string? Algorithm, string? Reason)
{
    /// <summary>The first eight characters of b=, the value of header.b in Authentication-Results (RFC 6008).</summary>
    public string? SignaturePrefix { get; init; }

    /// <summary>c= spelled out, "relaxed/simple"; null where the signature was not read so far.</summary>
    public string? Canonicalization { get; init; }

    /// <summary>The names of h= as written, in their order.</summary>
    public IReadOnlyList<string> SignedHeaders { get; init; } = [];

    /// <summary>l=: how many canonical octets of the body are covered; null means all of it.</summary>
    public long? BodyLimit { get; init; }

    /// <summary>Octets of the canonical body, where it was hashed; more than <see cref="BodyLimit"/> means that text was added or not covered.</summary>
    public long? BodyLength { get; init; }

    /// <summary>t=: when it was signed, by the signer's own word.</summary>
    public DateTimeOffset? SignedAt { get; init; }

    /// <summary>x=: from when on it does not count.</summary>
    public DateTimeOffset? ExpiresAt { get; init; }

    /// <summary>The name that was asked for the key.</summary>
    public string? KeyName { get; init; }

    /// <summary>The key record, where one was found.</summary>
    public string? KeyRecord { get; init; }

    /// <summary>Seconds for which the answer about the key holds.</summary>
    public uint? KeyTtl { get; init; }

    /// <summary>The answer about the key carried the AD bit of a validating resolver.</summary>
    public bool KeyAuthenticated { get; init; }

    /// <summary>Size of the key, where it was read: 256 for Ed25519.</summary>
    public int? KeyBits { get; init; }

    /// <summary>t=y in the key: the domain is trying DKIM out (RFC 6376 3.6.1).</summary>
    public bool Testing { get; init; }
}
