using System.Collections.Concurrent;
using System.Security.Cryptography;
using System.Text;

namespace AgentMta.Server.Model;

/// <summary>What a derived key is for; each purpose has a key of its own (RFC 5869), so that one can never stand in for another.</summary>
internal enum KeyPurpose : byte
{
    MessageId = 1,
    AddressToken = 2,
    Download = 4,
    SecretsAtRest = 5,
    PageToken = 6,
}

/// <summary>Derives every key of the server from the one master key and uses them: MACs for tokens, AES-256-GCM for secrets at rest.</summary>
internal sealed class KeyRing
{
    private const byte CurrentVersion = 1;
    private const int NonceSize = 12;
    private const int TagSize = 16;

    private readonly byte[] _master;
    private readonly ConcurrentDictionary<(KeyPurpose, byte), byte[]> _derived = new();

    /// <param name="master">32 random octets.</param>
    public KeyRing(ReadOnlySpan<byte> master)
    {
        if (master.Length != 32)
            throw new ArgumentException($"The master key has {master.Length} octets instead of 32.", nameof(master));
        _master = master.ToArray();
    }

    /// <summary>A keyed MAC (HMAC-SHA-256, cut to <paramref name="length"/> octets) over the text.</summary>
    public byte[] Mac(KeyPurpose purpose, string text, int length, byte version = CurrentVersion) =>
        HMACSHA256.HashData(Derive(purpose, version), Encoding.UTF8.GetBytes(text))[..length];

    /// <summary>Checks a MAC in constant time against every version that ever made one.</summary>
    public bool Verify(KeyPurpose purpose, string text, ReadOnlySpan<byte> mac)
    {
        for (var version = CurrentVersion; version >= 1; version--)
        {
            if (mac.Length is >= 8 and <= 32 && CryptographicOperations.FixedTimeEquals(Mac(purpose, text, mac.Length, version), mac))
                return true;
        }

        return false;
    }

    /// <summary>Encrypts a secret for the database; <paramref name="context"/> (table and row) is bound to it.</summary>
    public byte[] Encrypt(ReadOnlySpan<byte> secret, string context)
    {
        var sealedBytes = new byte[1 + NonceSize + TagSize + secret.Length];
        sealedBytes[0] = CurrentVersion;
        var nonce = sealedBytes.AsSpan(1, NonceSize);
        RandomNumberGenerator.Fill(nonce);
        using var aes = new AesGcm(Derive(KeyPurpose.SecretsAtRest, CurrentVersion), TagSize);
        aes.Encrypt(nonce, secret, sealedBytes.AsSpan(1 + NonceSize + TagSize), sealedBytes.AsSpan(1 + NonceSize, TagSize), Encoding.UTF8.GetBytes(context));
        return sealedBytes;
    }

    /// <summary>Decrypts what <see cref="Encrypt"/> made; throws <see cref="CryptographicException"/> where key, context or bytes differ.</summary>
    public byte[] Decrypt(ReadOnlySpan<byte> sealedBytes, string context)
    {
        if (sealedBytes.Length < 1 + NonceSize + TagSize)
            throw new CryptographicException("The secret is too short to have been made by this server.");
        var secret = new byte[sealedBytes.Length - 1 - NonceSize - TagSize];
        using var aes = new AesGcm(Derive(KeyPurpose.SecretsAtRest, sealedBytes[0]), TagSize);
        aes.Decrypt(sealedBytes.Slice(1, NonceSize), sealedBytes[(1 + NonceSize + TagSize)..], sealedBytes.Slice(1 + NonceSize, TagSize), secret, Encoding.UTF8.GetBytes(context));
        return secret;
    }

    private byte[] Derive(KeyPurpose purpose, byte version) => _derived.GetOrAdd((purpose, version), static (key, master) =>
        HKDF.DeriveKey(HashAlgorithmName.SHA256, master, 32, info: [.. "agentmta "u8, .. Encoding.ASCII.GetBytes(key.Item1.ToString()), key.Item2]), _master);
}
