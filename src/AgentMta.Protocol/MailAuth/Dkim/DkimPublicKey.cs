using System.Security.Cryptography;
using System.Text;

namespace AgentMta.Protocol.MailAuth.Dkim;

/// <summary>A key record read (RFC 6376 3.6.1, RFC 8463 4): the key and what it may be used for, or the reason why it is of no use.</summary>
internal sealed class DkimPublicKey
{
    /// <summary>The longest record that is read; a 4096-bit key takes 800 characters.</summary>
    private const int MaxRecord = 8192;

    /// <summary>Larger keys would only cost the verifier time.</summary>
    private const int MaxRsaBits = 8192;

    private const int MaxExponentOctets = 8;

    private readonly RsaLease? _rsa;
    private readonly byte[]? _ed25519;
    private readonly List<string>? _hashes;
    private readonly List<string>? _services;

    private DkimPublicKey(string? fault, bool isKeyRecord = true)
    {
        Fault = fault;
        IsKeyRecord = isKeyRecord;
    }

    private DkimPublicKey(TagList tags, RsaLease? rsa, byte[]? ed25519)
        : this(null)
    {
        _rsa = rsa;
        _ed25519 = ed25519;
        Bits = rsa?.Bits ?? 256;
        Type = rsa is null ? "ed25519" : "rsa";
        _hashes = tags.TryGet("h"u8, out var hashes) ? TagValue.Items(hashes) : null;
        _services = tags.TryGet("s"u8, out var services) ? TagValue.Items(services) : null;
        if (tags.TryGet("t"u8, out var flags))
        {
            var items = TagValue.Items(flags);
            Testing = items.Contains("y");
            Strict = items.Contains("s");
        }
    }

    /// <summary>Why the record cannot be used; null where it can.</summary>
    public string? Fault { get; }

    /// <summary>False for a text record that is something else, SPF under a wildcard say.</summary>
    public bool IsKeyRecord { get; }

    public int? Bits { get; }

    public string Type { get; } = "";

    /// <summary>t=y.</summary>
    public bool Testing { get; }

    /// <summary>t=s: i= must be at the very domain of d=.</summary>
    public bool Strict { get; }

    /// <summary>h= of the key names the hash, or it has none.</summary>
    public bool AllowsSha256 => _hashes is null || _hashes.Contains("sha256");

    /// <summary>s= of the key allows mail, or it has none.</summary>
    public bool AllowsEmail => _services is null || _services.Contains("*") || _services.Contains("email");

    public bool Verify(ReadOnlySpan<byte> digest, ReadOnlySpan<byte> signature) =>
        _rsa is not null ? _rsa.Verify(digest, signature) : Ed25519.Verify(_ed25519, digest, signature);

    public static DkimPublicKey Parse(string record)
    {
        if (record.Length > MaxRecord)
            return new DkimPublicKey($"the key record is longer than {MaxRecord} octets", isKeyRecord: false);
        var tags = TagList.Parse(Encoding.Latin1.GetBytes(record), out var error);
        if (tags is null)
            return new DkimPublicKey($"the key record is no tag list: {error}", record.Contains("DKIM1", StringComparison.Ordinal));
        // RFC 6376 3.6.1: DKIM1 where it is. It should come first too; records that have it elsewhere are in use and clear enough.
        if (tags.TryGet("v"u8, out var version) && !version.SequenceEqual("DKIM1"u8))
            return new DkimPublicKey("v= of the key record is not DKIM1", tags.Has("p"u8));
        if (!tags.TryGet("p"u8, out var data))
            return new DkimPublicKey("the key record has no p=", tags.Has("v"u8));
        if (data.IsEmpty)
            return new DkimPublicKey("the key is revoked: p= is empty");
        if (TagValue.Base64(data) is not { } key)
            return new DkimPublicKey("p= of the key record is not base64");
        if (!tags.TryGet("k"u8, out var type) || type.SequenceEqual("rsa"u8))
            return Rsa(tags, key);
        if (!type.SequenceEqual("ed25519"u8))
            return new DkimPublicKey("k= of the key record is neither rsa nor ed25519");
        // RFC 8463 4.2: the 32 octets themselves, no SubjectPublicKeyInfo around them.
        return key.Length == Ed25519.KeySize ? new DkimPublicKey(tags, null, key) : new DkimPublicKey($"an ed25519 key has 32 octets, p= has {key.Length}");
    }

    private static DkimPublicKey Rsa(TagList tags, byte[] key)
    {
        if (ImportRsa(key) is not { } parameters)
            return new DkimPublicKey("p= of the key record is no RSA key");
        // A longer exponent makes each verification as dear as a signature.
        if (parameters.Exponent!.Length > MaxExponentOctets)
            return new DkimPublicKey($"the exponent of the key has more than {MaxExponentOctets} octets");
        var rsa = new RsaLease(parameters);
        if (rsa.Bits > MaxRsaBits)
            return new DkimPublicKey($"the key has {rsa.Bits} bits, more than {MaxRsaBits}");
        return new DkimPublicKey(tags, rsa, null);
    }

    // RFC 6376 3.6.1 names RSAPublicKey, its examples and everybody use SubjectPublicKeyInfo: both are read.
    private static RSAParameters? ImportRsa(byte[] key)
    {
        using var rsa = RSA.Create();
        try
        {
            rsa.ImportSubjectPublicKeyInfo(key, out _);
            return rsa.ExportParameters(false);
        }
        catch (CryptographicException)
        {
            try
            {
                rsa.ImportRSAPublicKey(key, out _);
                return rsa.ExportParameters(false);
            }
            catch (CryptographicException)
            {
                return null;
            }
        }
    }
}
