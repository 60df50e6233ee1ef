using System.Security.Cryptography;

namespace AgentMta.Protocol.MailAuth.Dkim;

/// <summary>The cryptographic half that DKIM-Signature and ARC-Message-Signature share: the two hashes and the signature over the second.</summary>
internal static class SignatureCheck
{
    /// <summary>The least RSA key that may pass (RFC 8301 3.2).</summary>
    public const int MinRsaBits = 1024;

    /// <summary>Why the key may not serve this signature; null where it may.</summary>
    public static string? KeyFault(SignatureField signature, DkimPublicKey key)
    {
        if (key.Fault is not null)
            return key.Fault;
        if (key.Type != signature.KeyType)
            return $"a= needs a key of type {signature.KeyType}, the record has {key.Type}";
        if (!key.AllowsSha256)
            return "h= of the key record does not allow sha256";
        if (!key.AllowsEmail)
            return "s= of the key record does not allow email";
        if (key.Type == "rsa" && key.Bits < MinRsaBits)
            return $"the key has {key.Bits} bits, RFC 8301 needs {MinRsaBits}";
        // RFC 6376 3.6.1 t=s
        if (key.Strict && signature.IdentityDomain is not null && signature.IdentityDomain != signature.Domain)
            return "t=s of the key record forbids a subdomain in i=";
        return key.Type == "ed25519" && !Ed25519.IsSupported ? "this machine has no OpenSSL 3 for ed25519" : null;
    }

    public static byte[] HeaderDigest(SignatureField signature)
    {
        using var digest = new CanonicalDigest();
        HeaderCanonicalizer.AppendSelected(digest, signature.Header, signature.SignedHeaders, signature.HeaderCanonicalization, signature.Index);
        var field = signature.Header.Fields[signature.Index];
        HeaderCanonicalizer.AppendSignature(digest, signature.Header.Message.Span[field.Start..field.End], field.NameLength, field.ValueStart - field.Start,
            signature.HeaderCanonicalization, signature.Cut.Start, signature.Cut.End);
        return digest.Current();
    }

    /// <summary>False for a wrong signature; null where the key itself cannot be used.</summary>
    public static bool? Verify(DkimPublicKey key, ReadOnlySpan<byte> digest, ReadOnlySpan<byte> signature)
    {
        try
        {
            return key.Verify(digest, signature);
        }
        catch (CryptographicException)
        {
            return null;
        }
    }

    /// <summary>Judges the message against the signature with a usable key: null is a pass, otherwise what would have had to differ.</summary>
    public static string? MessageFault(SignatureField signature, DkimPublicKey key, BodyHash body)
    {
        var sameBody = body.Hash.AsSpan().SequenceEqual(signature.BodyHash) && !(signature.BodyLimit > body.Length);
        var sameHeader = Verify(key, signature.HeaderDigest, signature.Signature);
        return (sameHeader, sameBody) switch
        {
            (true, true) => null,
            (null, _) => "OpenSSL refuses the key",
            (true, false) when signature.BodyLimit > body.Length => $"the body was cut: l= covers {signature.BodyLimit} octets and {body.Length} are there",
            (true, false) => "the body was changed after signing; the signed header fields are intact",
            (false, true) => "the signed header fields were changed after signing, or another key signed; the body is intact",
            _ => "body and signed header fields were changed after signing",
        };
    }
}
