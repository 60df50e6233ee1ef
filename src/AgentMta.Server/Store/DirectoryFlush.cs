using System.Runtime.InteropServices;

namespace AgentMta.Server.Store;

/// <summary>fsync of a folder: without it a new file may be gone after a power cut, however well its content was flushed.</summary>
internal static partial class DirectoryFlush
{

    /// <summary>Flushes the entries of the folder to disk.</summary>
    /// <exception cref="IOException">The folder cannot be opened or flushed.</exception>
    public static void Flush(string folder)
    {
        if (OperatingSystem.IsWindows())
            return; // NTFS journals folder entries; there is nothing to call
        var descriptor = Open(folder, 0);
        if (descriptor < 0)
            throw new IOException($"Cannot open folder {folder}: error {Marshal.GetLastPInvokeError()}");
        var failed = Fsync(descriptor) != 0;
        var error = Marshal.GetLastPInvokeError();
        _ = Close(descriptor);
        if (failed)
            throw new IOException($"Cannot flush folder {folder}: error {error}");
    }

    [LibraryImport("libc", EntryPoint = "open", SetLastError = true, StringMarshalling = StringMarshalling.Utf8)]
    private static partial int Open(string path, int flags);

    [LibraryImport("libc", EntryPoint = "fsync", SetLastError = true)]
    private static partial int Fsync(int descriptor);

    [LibraryImport("libc", EntryPoint = "close", SetLastError = true)]
    private static partial int Close(int descriptor);
}
