using System.Formats.Asn1;
using System.Security.Cryptography;

namespace AgentMta.Protocol.MailAuth.Dkim;

/// <summary>A private key that signs for a domain, RSA or Ed25519, with the record that publishes its other half; safe for many threads.</summary>
public sealed class DkimKey : IDisposable
{
    private const string Ed25519Oid = "1.3.101.112";

    private readonly RsaLease? _rsa;
    private readonly byte[]? _seed;

    private DkimKey(RSA rsa)
    {
        if (rsa.KeySize < SignatureCheck.MinRsaBits)
            throw new FormatException($"an RSA key of {rsa.KeySize} bits signs nothing: RFC 8301 needs {SignatureCheck.MinRsaBits}, and 2048 is usual");
        _rsa = new RsaLease(rsa.ExportParameters(true));
        Bits = rsa.KeySize;
        Algorithm = "rsa-sha256";
        PublicRecord = "v=DKIM1; k=rsa; p=" + Convert.ToBase64String(rsa.ExportSubjectPublicKeyInfo());
    }

    private DkimKey(byte[] seed)
    {
        _seed = seed;
        Bits = 256;
        Algorithm = "ed25519-sha256";
        PublicRecord = "v=DKIM1; k=ed25519; p=" + Convert.ToBase64String(Ed25519.PublicKey(seed));
    }

    /// <summary>a= of the signatures it makes: rsa-sha256 or ed25519-sha256.</summary>
    public string Algorithm { get; }

    /// <summary>Size of the key; 256 for Ed25519.</summary>
    public int Bits { get; }

    /// <summary>The TXT record for SELECTOR._domainkey.DOMAIN (RFC 6376 3.6.1, RFC 8463 4), in one piece.</summary>
    public string PublicRecord { get; }

    /// <summary>Makes an RSA key; 2048 bits is what every verifier accepts and what fits in one DNS answer.</summary>
    public static DkimKey GenerateRsa(int bits = 2048)
    {
        using var rsa = RSA.Create(bits);
        return new DkimKey(rsa);
    }

    /// <summary>Makes an Ed25519 key. Throws <see cref="PlatformNotSupportedException"/> where the machine has no OpenSSL 3.</summary>
    public static DkimKey GenerateEd25519()
    {
        NeedEd25519();
        return new DkimKey(RandomNumberGenerator.GetBytes(Ed25519.KeySize));
    }

    /// <summary>Reads an unencrypted PEM: PKCS#1 (RSA PRIVATE KEY) or PKCS#8 (PRIVATE KEY) with RSA or Ed25519. Throws <see cref="FormatException"/> that says what is wrong.</summary>
    public static DkimKey FromPem(string pem)
    {
        ArgumentNullException.ThrowIfNull(pem);
        if (!PemEncoding.TryFind(pem, out var fields))
            throw new FormatException("no PEM block (-----BEGIN PRIVATE KEY-----) was found");
        var label = pem[fields.Label];
        var der = new byte[fields.DecodedDataLength];
        try
        {
            Convert.TryFromBase64Chars(pem.AsSpan(fields.Base64Data), der, out _);
            return label switch
            {
                "RSA PRIVATE KEY" => FromRsa(rsa => rsa.ImportRSAPrivateKey(der, out _)),
                "PRIVATE KEY" => Ed25519Seed(der) is { } seed ? FromSeed(seed) : FromRsa(rsa => rsa.ImportPkcs8PrivateKey(der, out _)),
                "ENCRYPTED PRIVATE KEY" => throw new FormatException("the key is encrypted; give it without a passphrase"),
                _ => throw new FormatException($"a PEM block \"{label}\" is no private key"),
            };
        }
        catch (Exception e) when (e is CryptographicException or AsnContentException)
        {
            throw new FormatException("the PEM block holds no RSA or Ed25519 private key", e);
        }
        finally
        {
            CryptographicOperations.ZeroMemory(der);
        }
    }

    /// <summary>The key as unencrypted PKCS#8 PEM: to be stored encrypted.</summary>
    public string ToPkcs8Pem()
    {
        if (_rsa is not null)
            return _rsa.Read(rsa => rsa.ExportPkcs8PrivateKeyPem());
        // RFC 8410 7: the seed lies in an OCTET STRING within the OCTET STRING of privateKey.
        var inner = new AsnWriter(AsnEncodingRules.DER);
        inner.WriteOctetString(_seed);
        var writer = new AsnWriter(AsnEncodingRules.DER);
        using (writer.PushSequence())
        {
            writer.WriteInteger(0);
            using (writer.PushSequence())
                writer.WriteObjectIdentifier(Ed25519Oid);
            writer.WriteOctetString(inner.Encode());
        }

        return PemEncoding.WriteString("PRIVATE KEY", writer.Encode());
    }

    /// <summary>Signs a SHA-256 digest: PKCS#1 v1.5 for RSA; for Ed25519 the digest is the message (RFC 8463 3).</summary>
    public byte[] Sign(ReadOnlySpan<byte> sha256) => _rsa is not null ? _rsa.Sign(sha256) : Ed25519.Sign(_seed, sha256);

    /// <inheritdoc/>
    public void Dispose()
    {
        _rsa?.Dispose();
        CryptographicOperations.ZeroMemory(_seed);
    }

    private static DkimKey FromRsa(Action<RSA> import)
    {
        using var rsa = RSA.Create();
        import(rsa);
        return new DkimKey(rsa);
    }

    private static DkimKey FromSeed(byte[] seed)
    {
        NeedEd25519();
        return new DkimKey(seed);
    }

    private static byte[]? Ed25519Seed(byte[] pkcs8)
    {
        var sequence = new AsnReader(pkcs8, AsnEncodingRules.BER).ReadSequence();
        sequence.ReadInteger();
        if (sequence.ReadSequence().ReadObjectIdentifier() != Ed25519Oid)
            return null;
        var seed = new AsnReader(sequence.ReadOctetString(), AsnEncodingRules.BER).ReadOctetString();
        return seed.Length == Ed25519.KeySize ? seed : throw new FormatException($"an Ed25519 key has {Ed25519.KeySize} octets, this one {seed.Length}");
    }

    private static void NeedEd25519()
    {
        if (!Ed25519.IsSupported)
            throw new PlatformNotSupportedException("Ed25519 needs OpenSSL 3 (libcrypto.so.3)");
    }
}
