using System.Reflection;
using System.Runtime.InteropServices;
using System.Security.Cryptography;

namespace AgentMta.Protocol.MailAuth.Dkim;

/// <summary>Ed25519 (RFC 8032) through OpenSSL 3, because .NET 10 has no public API for it and already loads this library for the rest.</summary>
internal static partial class Ed25519
{
    public const int KeySize = 32;
    public const int SignatureSize = 64;

    private const string Library = "libcrypto.so.3";
    private const int EvpPkeyEd25519 = 1087;

    static Ed25519()
    {
        NativeLibrary.SetDllImportResolver(typeof(Ed25519).Assembly, Resolve);
        IsSupported = Resolve(Library, typeof(Ed25519).Assembly, null) != 0;
    }

    /// <summary>False where the machine has no OpenSSL 3; such signatures are then neither made nor judged.</summary>
    public static bool IsSupported { get; }

    public static byte[] PublicKey(ReadOnlySpan<byte> seed)
    {
        using var key = PrivateKey(seed);
        var publicKey = new byte[KeySize];
        nuint length = KeySize;
        Check(EVP_PKEY_get_raw_public_key(key, publicKey, ref length) == 1 && length == KeySize);
        return publicKey;
    }

    public static byte[] Sign(ReadOnlySpan<byte> seed, ReadOnlySpan<byte> data)
    {
        using var key = PrivateKey(seed);
        using var context = NewContext();
        Check(EVP_DigestSignInit(context, 0, 0, 0, key) == 1);
        var signature = new byte[SignatureSize];
        nuint length = SignatureSize;
        Check(EVP_DigestSign(context, signature, ref length, data, (nuint)data.Length) == 1 && length == SignatureSize);
        return signature;
    }

    public static bool Verify(ReadOnlySpan<byte> publicKey, ReadOnlySpan<byte> data, ReadOnlySpan<byte> signature)
    {
        if (publicKey.Length != KeySize || signature.Length != SignatureSize)
            return false;
        using var key = EVP_PKEY_new_raw_public_key(EvpPkeyEd25519, 0, publicKey, KeySize);
        if (key.IsInvalid)
        {
            ERR_clear_error();
            return false;
        }

        using var context = NewContext();
        Check(EVP_DigestVerifyInit(context, 0, 0, 0, key) == 1);
        var verified = EVP_DigestVerify(context, signature, SignatureSize, data, (nuint)data.Length) == 1;
        if (!verified)
            ERR_clear_error();
        return verified;
    }

    private static KeyHandle PrivateKey(ReadOnlySpan<byte> seed)
    {
        var key = EVP_PKEY_new_raw_private_key(EvpPkeyEd25519, 0, seed, (nuint)seed.Length);
        Check(!key.IsInvalid);
        return key;
    }

    private static ContextHandle NewContext()
    {
        var context = EVP_MD_CTX_new();
        Check(!context.IsInvalid);
        return context;
    }

    // The error queue belongs to the thread and is shared with .NET's own calls: leave nothing of ours in it.
    private static void Check(bool done)
    {
        if (done)
            return;
        ERR_clear_error();
        throw new CryptographicException("OpenSSL refused an Ed25519 operation");
    }

    private static nint Resolve(string name, Assembly assembly, DllImportSearchPath? paths)
    {
        if (name != Library)
            return 0;
        foreach (var candidate in (ReadOnlySpan<string>)[Library, "libcrypto.3.dylib", "libcrypto-3-x64.dll"])
        {
            if (NativeLibrary.TryLoad(candidate, assembly, paths, out var handle) || NativeLibrary.TryLoad(candidate, out handle))
                return handle;
        }

        return 0;
    }

    [LibraryImport(Library)]
    private static partial KeyHandle EVP_PKEY_new_raw_private_key(int type, nint engine, ReadOnlySpan<byte> key, nuint length);

    [LibraryImport(Library)]
    private static partial KeyHandle EVP_PKEY_new_raw_public_key(int type, nint engine, ReadOnlySpan<byte> key, nuint length);

    [LibraryImport(Library)]
    private static partial int EVP_PKEY_get_raw_public_key(KeyHandle key, Span<byte> publicKey, ref nuint length);

    [LibraryImport(Library)]
    private static partial ContextHandle EVP_MD_CTX_new();

    [LibraryImport(Library)]
    private static partial int EVP_DigestSignInit(ContextHandle context, nint keyContext, nint digest, nint engine, KeyHandle key);

    [LibraryImport(Library)]
    private static partial int EVP_DigestSign(ContextHandle context, Span<byte> signature, ref nuint signatureLength, ReadOnlySpan<byte> data, nuint length);

    [LibraryImport(Library)]
    private static partial int EVP_DigestVerifyInit(ContextHandle context, nint keyContext, nint digest, nint engine, KeyHandle key);

    [LibraryImport(Library)]
    private static partial int EVP_DigestVerify(ContextHandle context, ReadOnlySpan<byte> signature, nuint signatureLength, ReadOnlySpan<byte> data, nuint length);

    [LibraryImport(Library)]
    private static partial void EVP_PKEY_free(nint key);

    [LibraryImport(Library)]
    private static partial void EVP_MD_CTX_free(nint context);

    [LibraryImport(Library)]
    private static partial void ERR_clear_error();

    private sealed class KeyHandle() : SafeHandle(0, ownsHandle: true)
    {
        public override bool IsInvalid => handle == 0;

        protected override bool ReleaseHandle()
        {
            EVP_PKEY_free(handle);
            return true;
        }
    }

    private sealed class ContextHandle() : SafeHandle(0, ownsHandle: true)
    {
        public override bool IsInvalid => handle == 0;

        protected override bool ReleaseHandle()
        {
            EVP_MD_CTX_free(handle);
            return true;
        }
    }
}
