using System.Buffers;
using AgentMta.Server.Model;
using Microsoft.Win32.SafeHandles;

namespace AgentMta.Server.Store;

/// <summary>One message as it arrives: pooled memory up to 64 KiB, from there on a file. Disposing without completing discards it.</summary>
internal sealed class RawWriter(RawSpool spool) : IDisposable
{
    private const int FirstBuffer = 4 * 1024;
    private const int FileBuffer = 16 * 1024;
    private const int LargeFileBuffer = 64 * 1024; // of a message that is large already: a slow sender of many must not hold so much
    private const int LargeFile = 256 * 1024;
    private const int LeastRoom = 1024;
    private const int TimesOnDisk = 3; // in the database: the log, the page, and what the indexes add

    private byte[]? _buffer;
    private int _count;
    private long _inFile;
    private string? _name;
    private SafeFileHandle? _handle;

    /// <summary>Octets written.</summary>
    public long Length => _inFile + _count;

    private int FileBufferNow => _inFile < LargeFile ? FileBuffer : LargeFileBuffer;

    /// <summary>Free memory to write into, at least 1 KiB; then call <see cref="Advance"/>.</summary>
    public Span<byte> Room()
    {
        _buffer ??= ArrayPool<byte>.Shared.Rent(_handle is null ? FirstBuffer : FileBufferNow);
        if (_buffer.Length - _count < LeastRoom)
        {
            var larger = ArrayPool<byte>.Shared.Rent(_buffer.Length * 2);
            _buffer.AsSpan(0, _count).CopyTo(larger);
            ArrayPool<byte>.Shared.Return(_buffer);
            _buffer = larger;
        }

        return _buffer.AsSpan(_count);
    }

    /// <summary>Counts what was written into <see cref="Room"/>; what is too much for memory goes to the file.</summary>
    /// <exception cref="IOException">The file cannot be written.</exception>
    public void Advance(int count)
    {
        _count += count;
        if (_count > (_handle is null ? RawContent.InlineLimit : FileBufferNow - LeastRoom))
            Spill();
    }

    /// <summary>Ends the message: what lies in a file is on disk, with its folder, when this returns. The content belongs to the caller.</summary>
    public async ValueTask<RawContent> CompleteAsync()
    {
        if (_handle is null)
        {
            if (_buffer is null)
                return new RawContent(ReadOnlyMemory<byte>.Empty);
            spool.Took(_count * TimesOnDisk);
            var pooled = new PooledBuffer(_buffer);
            var bytes = _buffer.AsMemory(0, _count);
            (_buffer, _count) = (null, 0);
            return new RawContent(bytes, owner: pooled);
        }

        Spill();
        ReturnBuffer();
        await spool.FlushAsync(_handle, _name!);
        var content = spool.Load(_handle, _name!);
        (_handle, _name) = (null, null);
        return content;
    }

    /// <inheritdoc/>
    public void Dispose()
    {
        ReturnBuffer();
        _handle?.Dispose();
        _handle = null;
        if (_name is not null)
            spool.Delete(_name);
        (_name, _count, _inFile) = (null, 0, 0);
    }

    // Moves the buffer into the file, which it makes the first time. These writes end in the page cache; .NET's asynchronous form only moves
    // the same blocking call to another thread of the pool, at the price of two switches for each 16 KiB.
    private void Spill()
    {
        if (_handle is null)
        {
            _name = spool.NewName();
            spool.PrepareFolder(_name);
            _handle = Create(spool.PathOf(_name));
        }

        if (_count == 0)
            return;
        RandomAccess.Write(_handle, _buffer.AsSpan(0, _count), _inFile);
        _inFile += _count;
        spool.Took(_count);
        _count = 0;
        if (_buffer!.Length != FileBufferNow)
            ReturnBuffer(); // a slow sender of a large message keeps a small buffer, not the one it outgrew
    }

    private static SafeFileHandle Create(string path)
    {
        if (OperatingSystem.IsWindows())
            return File.OpenHandle(path, FileMode.CreateNew, FileAccess.ReadWrite, FileShare.Read | FileShare.Delete);
        using var stream = new FileStream(path, new FileStreamOptions
        {
            Mode = FileMode.CreateNew,
            Access = FileAccess.Write,
            UnixCreateMode = UnixFileMode.UserRead | UnixFileMode.UserWrite,
        });
        return File.OpenHandle(path, FileMode.Open, FileAccess.ReadWrite, FileShare.ReadWrite | FileShare.Delete);
    }

    private void ReturnBuffer()
    {
        if (_buffer is not null)
            ArrayPool<byte>.Shared.Return(_buffer);
        _buffer = null;
    }

    private sealed class PooledBuffer(byte[] buffer) : IDisposable
    {
        private byte[]? _buffer = buffer;

        public void Dispose()
        {
            if (Interlocked.Exchange(ref _buffer, null) is { } owned)
                ArrayPool<byte>.Shared.Return(owned);
        }
    }
}
