using Microsoft.Win32.SafeHandles;

namespace AgentMta.Server.Store.Sqlite;

/// <summary>
/// The file in which what the writer did to the database is on disk until the database's own file is: a few kilobytes written in one piece and flushed, where a
/// commit writes every page that changed. It has two halves; what one holds counts for nothing once the database is flushed behind it, and is written over then.
/// Whoever has it open has it alone.
/// </summary>
internal sealed class ArrivalLog : IDisposable
{
    private readonly FileStream _lock;
    private readonly SafeFileHandle _file;
    private readonly Half[] _halves;
    private Half _half;
    private long _salt;
    private long _epoch;
    private uint _sealed;
    private uint _written;
    private long _left = HalfLength;

    private ArrivalLog(FileStream locked)
    {
        _lock = locked;
        _file = locked.SafeFileHandle;
        _halves = [new Half { Start = 0 }, new Half { Start = HalfLength }];
        _half = _halves[0];
    }

    /// <summary>Octets that a half takes.</summary>
    public const int HalfLength = 32 * 1024 * 1024;

    /// <summary>The other half is turned to behind so many octets, as soon as it is free: the more, the longer a flush of the database holds up those of the log.</summary>
    public int Turn { get; set; } = 2 * 1024 * 1024;

    /// <summary>Octets in front of a record's content that <see cref="Seal"/> fills in.</summary>
    public static int Room => ArrivalRecord.HeaderLength;

    /// <summary>Called between a write and its flush, for tests of a disk that fails.</summary>
    public Action? BeforeFlush { get; set; }

    /// <summary>Octets that the present epoch takes.</summary>
    public long Length { get; private set; }

    /// <summary>Records that were written in the present epoch.</summary>
    public uint Written => _written;

    /// <summary>Octets that can be written at least.</summary>
    public long Left => Volatile.Read(ref _left);

    /// <summary>Up to which epoch the database's own file is on disk.</summary>
    public long Settled { get; private set; }

    /// <summary>Whether a half could be had by flushing the database as it is after an epoch.</summary>
    public bool IsHeldUpBy(long epoch) => Other.LastEpoch > Settled && Other.LastEpoch <= epoch;

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
        catch (IOException e) when (FileFlush.IsLocked(e))
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
        return file is not null && new ArrivalLogReader(file, salt).Read(epoch, most: 1).Any();
    }

    /// <summary>The records that follow are of this epoch.</summary>
    public void Begin(long salt, long epoch) => (_salt, _epoch, _written, _sealed, Length) = (salt, epoch, 0, 0, 0);

    /// <summary>The database's own file is on disk as it is after an epoch: what lies here up to there counts for nothing.</summary>
    public void Settle(long epoch)
    {
        Settled = epoch;
        Choose();
    }

    /// <summary>Gives the next record its header. Records are written in the order in which they were sealed.</summary>
    /// <param name="record">Room for the header (<see cref="Room"/>), then the content.</param>
    public void Seal(Span<byte> record)
    {
        ArrivalRecord.WriteHeader(record, _salt, _epoch, _sealed++);
    }

    /// <summary>Writes sealed records behind the last; on disk when this returns.</summary>
    /// <exception cref="IOException">They cannot be written or flushed.</exception>
    public void Write(ReadOnlySpan<byte> records, int count)
    {
        RandomAccess.Write(_file, records, _half.Start + _half.Length);
        BeforeFlush?.Invoke();
        FileFlush.Data(_file);
        _half.Length += records.Length;
        _half.LastEpoch = _epoch;
        Length += records.Length;
        _written += (uint)count;
        Choose();
    }

    /// <summary>Makes void what a failed write may have left behind the last record; false where the disk does not let it.</summary>
    public bool Cut()
    {
        try
        {
            RandomAccess.Write(_file, new byte[ArrivalRecord.HeaderLength], _half.Start + _half.Length);
            FileFlush.Data(_file);
            return true;
        }
        catch (IOException)
        {
            return false; // it takes nothing at all
        }
    }

    /// <summary>What was sealed and not written never will be.</summary>
    public void Drop() => _sealed = _written;

    /// <summary>The records from the start of an epoch on that somebody left here, in order, up to the first that is not whole: its writer was cut off and told nobody.</summary>
    public IEnumerable<ArrivalRecord> Read(long salt, long epoch) => new ArrivalLogReader(_file, salt).Read(epoch, int.MaxValue);

    /// <summary>The records that were written here in the present epoch.</summary>
    public IEnumerable<ArrivalRecord> ReadOwn() => new ArrivalLogReader(_file, _salt).Read(_epoch, (int)_written);

    private Half Other => _halves[0] == _half ? _halves[1] : _halves[0];

    // Where the next record goes.
    private void Choose()
    {
        if (_half.LastEpoch <= Settled)
            _half.Length = 0;
        else if (_half.Length >= Turn && Other.LastEpoch <= Settled)
            (_half, _half.Length) = (Other, 0);
        Volatile.Write(ref _left, HalfLength - _half.Length);
    }

    /// <inheritdoc/>
    public void Dispose() => _lock.Dispose();

    private sealed class Half
    {
        public required long Start { get; init; }

        public long Length { get; set; }

        /// <summary>The epoch of its last record.</summary>
        public long LastEpoch { get; set; }
    }
}
