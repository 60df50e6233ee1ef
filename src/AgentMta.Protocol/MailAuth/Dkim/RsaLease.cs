using System.Security.Cryptography;

namespace AgentMta.Protocol.MailAuth.Dkim;

/// <summary>An RSA key that many threads may use: .NET promises no thread safety for one instance, so the instance at hand is lent, and a second is made while it is out.</summary>
internal sealed class RsaLease(RSAParameters parameters) : IDisposable
{
    private RSA? _spare;

    public int Bits => parameters.Modulus!.Length * 8 - LeadingZeroBits(parameters.Modulus!);

    public bool Verify(ReadOnlySpan<byte> digest, ReadOnlySpan<byte> signature)
    {
        var rsa = Take();
        try
        {
            return rsa.VerifyHash(digest, signature, HashAlgorithmName.SHA256, RSASignaturePadding.Pkcs1);
        }
        finally
        {
            GiveBack(rsa);
        }
    }

    public byte[] Sign(ReadOnlySpan<byte> digest)
    {
        var rsa = Take();
        try
        {
            return rsa.SignHash(digest, HashAlgorithmName.SHA256, RSASignaturePadding.Pkcs1);
        }
        finally
        {
            GiveBack(rsa);
        }
    }

    public T Read<T>(Func<RSA, T> read)
    {
        var rsa = Take();
        try
        {
            return read(rsa);
        }
        finally
        {
            GiveBack(rsa);
        }
    }

    public void Dispose()
    {
        Interlocked.Exchange(ref _spare, null)?.Dispose();
        CryptographicOperations.ZeroMemory(parameters.D);
        CryptographicOperations.ZeroMemory(parameters.P);
        CryptographicOperations.ZeroMemory(parameters.Q);
        CryptographicOperations.ZeroMemory(parameters.DP);
        CryptographicOperations.ZeroMemory(parameters.DQ);
        CryptographicOperations.ZeroMemory(parameters.InverseQ);
    }

    private RSA Take() => Interlocked.Exchange(ref _spare, null) ?? RSA.Create(parameters);

    private void GiveBack(RSA rsa)
    {
        if (Interlocked.CompareExchange(ref _spare, rsa, null) is not null)
            rsa.Dispose();
    }

    private static int LeadingZeroBits(byte[] modulus)
    {
        var bits = 0;
        foreach (var b in modulus)
        {
            if (b != 0)
                return bits + System.Numerics.BitOperations.LeadingZeroCount((uint)b) - 24;
            bits += 8;
        }

        return bits;
    }
}
