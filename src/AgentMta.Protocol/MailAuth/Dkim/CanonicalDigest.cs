using System.Buffers;
using System.Security.Cryptography;

namespace AgentMta.Protocol.MailAuth.Dkim;

/// <summary>
/// A SHA-256 in progress that gathers small pieces, so that canonicalisation may write octet by octet at little cost. What fits into the
/// buffer is hashed there at once, without a state of OpenSSL.
/// </summary>
internal sealed class CanonicalDigest : IDisposable
{
    private const int BufferSize = 4096;

    private IncrementalHash? _hash;
    private byte[]? _buffer = ArrayPool<byte>.Shared.Rent(BufferSize);
    private int _count;

    public void Append(ReadOnlySpan<byte> octets)
    {
        var buffer = _buffer!;
        if (octets.Length > buffer.Length - _count)
        {
            Flush();
            if (octets.Length >= buffer.Length)
            {
                Hash().AppendData(octets);
                return;
            }
        }

        octets.CopyTo(buffer.AsSpan(_count));
        _count += octets.Length;
    }

    /// <summary>Room for <paramref name="size"/> octets, to be written at once and told to <see cref="Advance"/>.</summary>
    public Span<byte> Reserve(int size)
    {
        if (size > _buffer!.Length - _count)
        {
            Flush();
            if (size > _buffer.Length)
            {
                ArrayPool<byte>.Shared.Return(_buffer);
                _buffer = ArrayPool<byte>.Shared.Rent(size);
            }
        }

        return _buffer.AsSpan(_count);
    }

    public void Advance(int count) => _count += count;

    /// <summary>The hash of what was written so far; more may follow.</summary>
    public byte[] Current()
    {
        if (_hash is null)
            return SHA256.HashData(_buffer.AsSpan(0, _count));
        Flush();
        return _hash.GetCurrentHash();
    }

    public void Dispose()
    {
        _hash?.Dispose();
        if (Interlocked.Exchange(ref _buffer, null) is { } buffer)
            ArrayPool<byte>.Shared.Return(buffer);
    }

    private void Flush()
    {
        if (_count > 0)
            Hash().AppendData(_buffer!.AsSpan(0, _count));
        _count = 0;
    }

    private IncrementalHash Hash() => _hash ??= IncrementalHash.CreateHash(HashAlgorithmName.SHA256);
}
