using AgentMta.Server.Model;
using Microsoft.Win32.SafeHandles;

namespace AgentMta.Server.Store;

/// <summary>
/// Stored files as memory. One of up to a megabyte is read into a buffer, of which there are sixteen: the pages of a new mapping cost more than the copy. All else is mapped.
/// </summary>
internal sealed class FileContents
{
    private const int BufferLength = 1024 * 1024;
    private const int Buffers = 16;

    private readonly Stack<byte[]> _idle = new(Buffers);
    private int _made;

    /// <summary>The content of a file; the handle belongs to it from here on.</summary>
    /// <exception cref="IOException">It cannot be read.</exception>
    public RawContent Open(SafeFileHandle handle, string file)
    {
        try
        {
            var length = RandomAccess.GetLength(handle);
            if (length is 0 or > BufferLength || Rent() is not { } buffer)
                return MappedFile.Map(handle, file);
            var held = new Held(this, buffer);
            try
            {
                using (handle)
                    Fill(handle, buffer.AsSpan(0, (int)length), file);
                return new RawContent(buffer.AsMemory(0, (int)length), file, held);
            }
            catch
            {
                held.Dispose();
                throw;
            }
        }
        catch
        {
            handle.Dispose();
            throw;
        }
    }

    private static void Fill(SafeFileHandle handle, Span<byte> memory, string file)
    {
        for (var at = 0; at < memory.Length;)
        {
            var count = RandomAccess.Read(handle, memory[at..], at);
            if (count == 0)
                throw new IOException($"'{file}' ends at octet {at} of {memory.Length}");
            at += count;
        }
    }

    // null where all are in use.
    private byte[]? Rent()
    {
        lock (_idle)
        {
            if (_idle.TryPop(out var buffer))
                return buffer;
            if (_made == Buffers)
                return null;
            _made++;
        }

        return GC.AllocateUninitializedArray<byte>(BufferLength);
    }

    private void Return(byte[] buffer)
    {
        lock (_idle)
            _idle.Push(buffer);
    }

    private sealed class Held(FileContents owner, byte[] buffer) : IDisposable
    {
        private int _disposed;

        public void Dispose()
        {
            if (Interlocked.Exchange(ref _disposed, 1) == 0)
                owner.Return(buffer);
        }
    }
}
