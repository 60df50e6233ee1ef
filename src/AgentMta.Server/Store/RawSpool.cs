using System.Collections.Concurrent;
using AgentMta.Server.Model;
using Microsoft.Extensions.Logging;
using Microsoft.Extensions.Logging.Abstractions;
using Microsoft.Win32.SafeHandles;

namespace AgentMta.Server.Store;

/// <summary>
/// Where messages of more than 64 KiB lie: DATA/raws/&lt;2 characters&gt;/&lt;id&gt;.eml, written while they arrive. A file is on disk, folder entry
/// included, before anything names it; files that nothing names (the process died in between) are swept at start.
/// </summary>
/// <param name="folder">DATA/raws.</param>
/// <param name="freeSpaceFloor">Free octets on the disk below which nothing new is begun.</param>
internal sealed class RawSpool(string folder, long freeSpaceFloor, TimeProvider time) : IDisposable
{
    private const string Extension = ".eml";
    private const int FlushesAtOnce = 16;

    private readonly ConcurrentDictionary<string, bool> _folders = new();
    private readonly ConcurrentDictionary<string, bool> _kept = new();
    private readonly FileContents _contents = new();
    private readonly FlushThreads _flushes = new(FlushesAtOnce);
    private long _roomCheckedAt = long.MinValue;
    private long _left;
    private volatile bool _room = true;

    /// <summary>Tells when the disk falls below the floor, and when it has room again.</summary>
    public ILogger Log { get; init; } = NullLogger.Instance;

    /// <summary>Free octets on the disk of a folder.</summary>
    public Func<string, long> FreeSpace { get; init; } = static at => new DriveInfo(at).AvailableFreeSpace;

    /// <summary>Begins a message.</summary>
    public RawWriter Begin() => new(this);

    /// <summary>Opens a stored file; dispose it when read.</summary>
    /// <exception cref="FileNotFoundException">The message is gone.</exception>
    public RawContent Open(string file)
    {
        var handle = File.OpenHandle(PathOf(file), FileMode.Open, FileAccess.Read, FileShare.ReadWrite | FileShare.Delete);
        return Load(handle, file);
    }

    /// <summary>Writes octets that are at hand as a further message: workspaces share no file.</summary>
    /// <exception cref="StoreException">The disk does not take them.</exception>
    public async ValueTask<RawContent> CopyAsync(ReadOnlyMemory<byte> octets)
    {
        try
        {
            using var writer = Begin();
            while (!octets.IsEmpty)
            {
                var count = Math.Min(octets.Length, writer.Room().Length);
                octets.Span[..count].CopyTo(writer.Room());
                writer.Advance(count);
                octets = octets[count..];
            }

            return await writer.CompleteAsync();
        }
        catch (Exception e) when (e is IOException or UnauthorizedAccessException)
        {
            // Its message names a path, which is for the log alone.
            throw new StoreException("The message could not be written to the disk (is it full?).", e);
        }
    }

    /// <summary>A file that a row may name, though its message was refused (<see cref="UnsureException"/>): it is left to the next start, which knows.</summary>
    public void Keep(string file) => _kept[file] = true;

    /// <summary>Removes a file whose message was refused or deleted; one that is gone is no error.</summary>
    public void Delete(string file)
    {
        if (_kept.ContainsKey(file))
            return;
        try
        {
            File.Delete(PathOf(file));
        }
        catch (DirectoryNotFoundException)
        {
            // Its folder could not be made, so that it never was.
        }
    }

    /// <summary>The folders that files lie in; their names are the first characters of those of their files.</summary>
    public IReadOnlyList<string> Folders() => Directory.Exists(folder) ? [.. Directory.EnumerateDirectories(folder).Select(f => Path.GetFileName(f))] : [];

    /// <summary>Removes every file of a folder that is not among the known ones; to be called before the listeners open. Returns how many.</summary>
    public int DeleteOrphans(string name, IReadOnlySet<string> known)
    {
        var deleted = 0;
        foreach (var path in Directory.EnumerateFiles(Path.Combine(folder, name), "*" + Extension))
        {
            if (known.Contains($"{name}/{Path.GetFileName(path)}"))
                continue;
            File.Delete(path);
            deleted++;
        }

        return deleted;
    }

    /// <summary>Whether the disk has more free space than the floor; looked up once a second, and sooner where what came in meanwhile could have reached it.</summary>
    public bool HasRoom()
    {
        var now = time.GetTimestamp();
        var last = Volatile.Read(ref _roomCheckedAt);
        if (last != long.MinValue && time.GetElapsedTime(last, now) < TimeSpan.FromSeconds(1) && (!_room || Interlocked.Read(ref _left) > 0))
            return _room;
        Volatile.Write(ref _roomCheckedAt, now);
        var left = FreeOctets() - freeSpaceFloor;
        Interlocked.Exchange(ref _left, left);
        var had = _room;
        _room = left > 0;
        if (had != _room)
            Tell(left + freeSpaceFloor);
        return _room;
    }

    // Whoever reads only the warnings would otherwise learn of a disk that fills up when the store itself fails.
    private void Tell(long free)
    {
        if (_room)
            Log.LogInformation("The disk has room again: {Free} octets are free, and mail is taken", free);
        else
            Log.LogWarning("The disk has {Free} octets left, and FreeSpaceFloor is {Floor}: mail is deferred with 421 4.3.1, sends over the API with 503, until there is more", free, freeSpaceFloor);
    }

    /// <summary>Free octets on the disk of the spool, looked up now.</summary>
    public long FreeOctets()
    {
        var at = folder;
        while (!Directory.Exists(at) && Path.GetDirectoryName(at) is { Length: > 0 } parent)
            at = parent;
        return FreeSpace(Path.GetFullPath(at));
    }

    /// <summary>Counts octets that the disk will have less of.</summary>
    internal void Took(long octets) => Interlocked.Add(ref _left, -octets);

    /// <inheritdoc/>
    public void Dispose() => _flushes.Dispose();

    /// <summary>A new name below the folder; the last two characters of an id are random, so that files spread evenly.</summary>
    internal string NewName()
    {
        var id = Ids.New(time);
        return $"{id[^2..]}/{id}{Extension}";
    }

    /// <summary>Makes the folder of a file, durable before it is used.</summary>
    internal void PrepareFolder(string file)
    {
        var name = file[..file.IndexOf('/')];
        if (_folders.ContainsKey(name))
            return;
        // Also a folder that is there already: another session may have made it and not flushed it yet, or a process that was killed in between.
        Directory.CreateDirectory(Path.Combine(folder, name));
        DirectoryFlush.Flush(folder);
        _folders[name] = true;
    }

    /// <summary>Puts a file and its folder entry on disk. What follows goes back to the pool, which reads as many large messages at once as there are processors for.</summary>
    internal Task FlushAsync(SafeFileHandle handle, string file) => _flushes.RunAsync(() =>
    {
        FileFlush.Data(handle);
        DirectoryFlush.Flush(Path.GetDirectoryName(PathOf(file))!);
    });

    /// <summary>The content of an open file, which belongs to it from here on.</summary>
    internal RawContent Load(SafeFileHandle handle, string file) => _contents.Open(handle, file);

    internal string PathOf(string file)
    {
        // Names come from the database; they are checked all the same, since a path is built from them.
        if (file.Length != Ids.Length + 3 + Extension.Length || file[2] != '/' || !Ids.IsId(file.AsSpan(3, Ids.Length)) || !file.EndsWith(Extension, StringComparison.Ordinal)
            || file.AsSpan(0, 2).ContainsAny('.', '/', '\\'))
            throw new ArgumentException("Not the name of a stored message", nameof(file));
        return Path.Combine(folder, file);
    }
}
