using System.Reflection;
using System.Runtime.InteropServices;

namespace AgentMta.Server.Store.Sqlite;

/// <summary>Chooses the SQLite that is loaded: the system's libsqlite3.so.0 where it is newer than the bundled 3.35.5 and has FTS5, which the bundled one has (docs/decisions/0001-storage.md).</summary>
internal static class SqliteLibrary
{
    private const int BundledVersion = 3_035_005;
    private const int ConfigMemoryStatus = 9; // SQLITE_CONFIG_MEMSTATUS

    private static readonly Lazy<string> Version = new(Choose);

    /// <summary>Loads the library once in the process; returns its version.</summary>
    public static string Load() => Version.Value;

    private static string Choose()
    {
        NativeLibrary.SetDllImportResolver(typeof(SQLitePCL.SQLite3Provider_e_sqlite3).Assembly, Resolve);
        SQLitePCL.raw.SetProvider(new SQLitePCL.SQLite3Provider_e_sqlite3());
        // Nobody reads SQLite's memory statistics, and they put a lock of the whole process around each of its allocations.
        _ = SQLitePCL.raw.sqlite3_config(ConfigMemoryStatus, 0);
        return SQLitePCL.raw.sqlite3_libversion().utf8_to_string();
    }

    private static nint Resolve(string name, Assembly assembly, DllImportSearchPath? path)
    {
        if (name == "e_sqlite3" && NativeLibrary.TryLoad("libsqlite3.so.0", out var system))
        {
            if (NativeLibrary.TryGetExport(system, "sqlite3_libversion_number", out var version) && VersionOf(version) > BundledVersion && HasFullText(system))
                return system;
            NativeLibrary.Free(system);
        }

        return NativeLibrary.Load(name, assembly, path);
    }

    private static unsafe bool HasFullText(nint library)
    {
        if (!NativeLibrary.TryGetExport(library, "sqlite3_compileoption_used", out var used))
            return false;
        fixed (byte* option = "ENABLE_FTS5"u8)
            return ((delegate* unmanaged[Cdecl]<byte*, int>)used)(option) != 0;
    }

    private static unsafe int VersionOf(nint function) => ((delegate* unmanaged[Cdecl]<int>)function)();
}
