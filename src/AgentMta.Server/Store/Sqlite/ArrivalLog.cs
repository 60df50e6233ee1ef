using System.Buffers.Binary;
using System.Numerics;
using Microsoft.Win32.SafeHandles;

namespace AgentMta.Server.Store.Sqlite;

/// <summary>
/// The file in which what the writer did to the database since its last commit is on disk: a few kilobytes written in one piece and flushed, where a commit
/// writes every page that changed. It is written from its start again after each commit, so it stays as small as one transaction. Whoever has it open has it alone.
/// </summary>
internal sealed class ArrivalLog : IDisposable
{
    private const int HeaderLength = 32;
    private const uint Magic = 0x31474c41; // "ALG1"
    private const int KeptLength = 64 * 1024 * 1024;
    private const int WouldBlock = 11; // EWOULDBLOCK of flock(2)
    private const int SharingViolation = unchecked((int)0x80070020); // the same on Windows

    private readonly FileStream _lock;
    private readonly SafeFileHandle _file;
    private (long Salt, long Epoch) _turn;
    private uint _sealed;
    private uint _written;

    private ArrivalLog(FileStream locked)
    {
        _lock = locked;
        _file = locked.SafeFileHandle;
    }

    /// <summary>Octets in front of a record's content that <see cref="Seal"/> fills in.</summary>
    public static int Room => HeaderLength;

    /// <summary>Called between a write and its flush, for tests of a disk that fails.</summary>
    public Action? BeforeFlush { get; set; }

    /// <summary>Octets that the present epoch takes.</summary>
    public long Length { get; private set; }

    /// <summary>Opens the file; null where another process has it, or where there is none and none is to be made.</summary>
    /// <exception cref="IOException">It cannot be opened.</exception>
    public static ArrivalLog? TryOpen(string path, bool create)
    {
        if (!create && !File.Exists(path))
            return null;
        FileStream locked;
        try
        {
            // .NET takes an advisory lock (flock) for FileShare.None; the kernel lets go of it however the process ends.
            locked = new FileStream(path, new FileStreamOptions
            {
                Mode = create ? FileMode.OpenOrCreate : FileMode.Open,
                Access = FileAccess.ReadWrite,
                Share = FileShare.None,
                BufferSize = 0,
                UnixCreateMode = OperatingSystem.IsWindows() || !create ? null : UnixFileMode.UserRead | UnixFileMode.UserWrite,
            });
        }
        catch (IOException e) when (e.HResult is WouldBlock or SharingViolation)
        {
            return null;
        }

        try
        {
            if (create)
                DirectoryFlush.Flush(Path.GetDirectoryName(Path.GetFullPath(path))!);
            return new ArrivalLog(locked);
        }
        catch
        {
            locked.Dispose();
            throw;
        }
    }

    /// <summary>Whether a log, which another process may have, holds a record of an epoch.</summary>
    public static bool Holds(string path, long salt, long epoch)
    {
        using var file = FileFlush.OpenUnlocked(path);
        return file is not null && Read(file, salt, epoch, most: 1).Any();
    }

    /// <summary>Goes back to the start of the file: what lies there belongs to transactions that are committed.</summary>
    public void Begin(long salt, long epoch)
    {
        (_turn, _written, _sealed, Length) = ((salt, epoch), 0, 0, 0);
        try
        {
            if (RandomAccess.GetLength(_file) > KeptLength)
                RandomAccess.SetLength(_file, 0);
        }
        catch (IOException)
        {
            // It stays as long as it is.
        }
    }

    /// <summary>Gives the next record its header. Records are written in the order in which they were sealed.</summary>
    /// <param name="record">Room for the header (<see cref="Room"/>), then the content.</param>
    public void Seal(Span<byte> record)
    {
        var header = record[..HeaderLength];
        BinaryPrimitives.WriteUInt32LittleEndian(header, Magic);
        BinaryPrimitives.WriteInt64LittleEndian(header[8..], _turn.Salt);
        BinaryPrimitives.WriteInt64LittleEndian(header[16..], _turn.Epoch);
        BinaryPrimitives.WriteUInt32LittleEndian(header[24..], _sealed++);
        BinaryPrimitives.WriteInt32LittleEndian(header[28..], record.Length);
        BinaryPrimitives.WriteUInt32LittleEndian(header[4..], Checksum(record[8..]));
    }

    /// <summary>Writes sealed records behind the last; on disk when this returns.</summary>
    /// <exception cref="IOException">They cannot be written or flushed.</exception>
    public void Write(ReadOnlySpan<byte> records, int count)
    {
        RandomAccess.Write(_file, records, Length);
        BeforeFlush?.Invoke();
        FileFlush.Data(_file);
        Length += records.Length;
        _written += (uint)count;
    }

    /// <summary>Takes away what a failed write may have left behind the last record, as far as the disk lets it.</summary>
    public void Cut()
    {
        try
        {
            RandomAccess.SetLength(_file, Length);
        }
        catch (IOException)
        {
            // The disk takes nothing at all.
        }
    }

    /// <summary>What was sealed and not written never will be.</summary>
    public void Drop() => _sealed = _written;

    /// <summary>The contents of the records of an epoch that somebody left here, in order, up to the first that is not whole: its writer was cut off and told nobody.</summary>
    public IEnumerable<ReadOnlyMemory<byte>> Read(long salt, long epoch) => Read(_file, salt, epoch, int.MaxValue);

    /// <summary>The contents of the records that were written here in the present epoch.</summary>
    public IEnumerable<ReadOnlyMemory<byte>> ReadOwn() => Read(_file, _turn.Salt, _turn.Epoch, (int)_written);

    private static IEnumerable<ReadOnlyMemory<byte>> Read(SafeFileHandle file, long salt, long epoch, int most)
    {
        var header = new byte[HeaderLength];
        var length = RandomAccess.GetLength(file);
        var at = 0L;
        for (var number = 0u; number < most && at + HeaderLength <= length; number++)
        {
            if (RandomAccess.Read(file, header, at) != HeaderLength
                || BinaryPrimitives.ReadUInt32LittleEndian(header) != Magic
                || BinaryPrimitives.ReadInt64LittleEndian(header.AsSpan(8)) != salt
                || BinaryPrimitives.ReadInt64LittleEndian(header.AsSpan(16)) != epoch
                || BinaryPrimitives.ReadUInt32LittleEndian(header.AsSpan(24)) != number
                || BinaryPrimitives.ReadInt32LittleEndian(header.AsSpan(28)) is var size && (size < HeaderLength || at + size > length))
                yield break;
            var record = new byte[size];
            if (RandomAccess.Read(file, record, at) != size || Checksum(record.AsSpan(8)) != BinaryPrimitives.ReadUInt32LittleEndian(header.AsSpan(4)))
                yield break;
            at += size;
            yield return record.AsMemory(HeaderLength);
        }
    }

    /// <inheritdoc/>
    public void Dispose() => _lock.Dispose();

    private static uint Checksum(ReadOnlySpan<byte> octets)
    {
        var sum = uint.MaxValue;
        for (; octets.Length >= sizeof(ulong); octets = octets[sizeof(ulong)..])
            sum = BitOperations.Crc32C(sum, BinaryPrimitives.ReadUInt64LittleEndian(octets));
        foreach (var octet in octets)
            sum = BitOperations.Crc32C(sum, octet);
        return ~sum;
    }
}
