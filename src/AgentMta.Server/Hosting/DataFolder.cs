using AgentMta.Server.Store;

namespace AgentMta.Server.Hosting;

/// <summary>The folder that holds all state; one server at a time owns it.</summary>
internal sealed class DataFolder : IDisposable
{
    private const UnixFileMode OwnerOnly = UnixFileMode.UserRead | UnixFileMode.UserWrite | UnixFileMode.UserExecute;

    private readonly FileStream? _lock;

    private DataFolder(string path, FileStream? owned)
    {
        Path = path;
        _lock = owned;
    }

    /// <summary>Full path.</summary>
    public string Path { get; }

    public string Database => System.IO.Path.Combine(Path, "agentmta.db");

    public string Evidence => System.IO.Path.Combine(Path, "evidence.db");

    /// <summary>Derived from the database: may be deleted while the server is down, and fills itself again.</summary>
    public string Search => System.IO.Path.Combine(Path, "search.db");

    public string MasterKey => System.IO.Path.Combine(Path, "master.key");

    public string Raws => System.IO.Path.Combine(Path, "raws");

    public string Tls => System.IO.Path.Combine(Path, "tls");

    public string DataProtection => System.IO.Path.Combine(Path, "keys");

    /// <summary>The databases with what lies beside them while they are open, by the word that metrics have for each.</summary>
    public IReadOnlyList<(string Word, string Path)> StoreFiles =>
    [
        ("database", Database), ("wal", Database + "-wal"), ("arrivals", Database + "-arrivals"), ("evidence", Evidence), ("evidence_wal", Evidence + "-wal"), ("search", Search), ("search_wal", Search + "-wal"),
    ];

    /// <summary>The key of the first start, mode 0600.</summary>
    public string ApiKeyFile => System.IO.Path.Combine(Path, "api-key");

    /// <summary>Opens the folder for the server itself, which then owns it.</summary>
    /// <exception cref="ConfigurationException">It cannot be made, or another server owns it.</exception>
    public static DataFolder Own(string path)
    {
        var folder = Make(path);
        try
        {
            // .NET takes an advisory lock (flock) for FileShare.None; the kernel lets go of it however the process ends.
            return new DataFolder(folder, new FileStream(System.IO.Path.Combine(folder, "lock"), FileMode.OpenOrCreate, FileAccess.ReadWrite, FileShare.None));
        }
        catch (IOException e) when (FileFlush.IsLocked(e))
        {
            throw new ConfigurationException([$"Data = '{path}': another server uses this folder. Stop it, or give this one a folder of its own with --data DIR."]);
        }
        catch (Exception e) when (e is IOException or UnauthorizedAccessException)
        {
            throw Unusable(path, e);
        }
    }

    /// <summary>Opens the folder for a command beside the running server.</summary>
    /// <exception cref="ConfigurationException">There is no server's data in it.</exception>
    public static DataFolder Visit(string path)
    {
        var folder = new DataFolder(System.IO.Path.GetFullPath(path), null);
        return File.Exists(folder.Database) ? folder : throw new ConfigurationException([$"Data = '{path}': there is no database in this folder. Start the server once (agentmta serve), or name its folder with --data DIR."]);
    }

    /// <inheritdoc/>
    public void Dispose() => _lock?.Dispose();

    private static string Make(string path)
    {
        try
        {
            var folder = System.IO.Path.GetFullPath(path);
            Directory.CreateDirectory(folder, OwnerOnly);
            Directory.CreateDirectory(System.IO.Path.Combine(folder, "raws"), OwnerOnly);
            return folder;
        }
        catch (Exception e) when (e is IOException or UnauthorizedAccessException or ArgumentException)
        {
            throw Unusable(path, e);
        }
    }

    private static ConfigurationException Unusable(string path, Exception e) =>
        new([$"Data = '{path}': the folder cannot be made or written: {e.Message} It has to be writable for the server's user, on a disk with room."]);
}
