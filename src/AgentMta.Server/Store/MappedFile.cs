using System.Buffers;
using System.IO.MemoryMappedFiles;
using System.Runtime.InteropServices;
using AgentMta.Server.Model;
using Microsoft.Win32.SafeHandles;

namespace AgentMta.Server.Store;

/// <summary>A file as memory: parsers read a message of 25 MiB without a copy of it on the heap.</summary>
internal sealed unsafe partial class MappedFile : MemoryManager<byte>, RawContent.IResting
{
    private const int DontNeed = 4; // MADV_DONTNEED

    private readonly MemoryMappedFile _file;
    private readonly MemoryMappedViewAccessor _view;
    private readonly int _length;
    private byte* _pointer;

    private MappedFile(SafeFileHandle handle, int length)
    {
        _length = length;
        _file = MemoryMappedFile.CreateFromFile(handle, mapName: null, length, MemoryMappedFileAccess.Read, HandleInheritability.None, leaveOpen: false);
        _view = _file.CreateViewAccessor(0, length, MemoryMappedFileAccess.Read);
        _view.SafeMemoryMappedViewHandle.AcquirePointer(ref _pointer);
    }

    /// <summary>Maps the whole file; the handle belongs to the mapping from here on.</summary>
    public static RawContent Map(SafeFileHandle handle, string file)
    {
        try
        {
            var length = checked((int)RandomAccess.GetLength(handle));
            if (length == 0)
            {
                handle.Dispose();
                return new RawContent(ReadOnlyMemory<byte>.Empty, file);
            }

            var mapped = new MappedFile(handle, length);
            return new RawContent(mapped.Memory, file, mapped);
        }
        catch
        {
            handle.Dispose();
            throw;
        }
    }

    /// <inheritdoc/>
    public override Span<byte> GetSpan()
    {
        ObjectDisposedException.ThrowIf(_pointer is null, this);
        return new Span<byte>(_pointer, _length);
    }

    /// <inheritdoc/>
    public override MemoryHandle Pin(int elementIndex = 0)
    {
        ObjectDisposedException.ThrowIf(_pointer is null, this);
        ArgumentOutOfRangeException.ThrowIfGreaterThan((uint)elementIndex, (uint)_length);
        return new MemoryHandle(_pointer + elementIndex);
    }

    /// <inheritdoc/>
    public override void Unpin()
    {
    }

    /// <inheritdoc/>
    public void Rest()
    {
        if (_pointer is not null && !OperatingSystem.IsWindows())
            _ = Madvise(_pointer, (nuint)_length, DontNeed); // no more than advice
    }

    [LibraryImport("libc", EntryPoint = "madvise")]
    private static partial int Madvise(byte* address, nuint length, int advice);

    /// <inheritdoc/>
    protected override void Dispose(bool disposing)
    {
        if (_pointer is null)
            return;
        _pointer = null;
        _view.SafeMemoryMappedViewHandle.ReleasePointer();
        _view.Dispose();
        _file.Dispose();
    }
}
