using System.Runtime.InteropServices;
using Microsoft.Win32.SafeHandles;

namespace AgentMta.Server.Store;

/// <summary>What .NET has not: fdatasync (octets and what is needed to find them, without the times that fsync writes each time as well), and a file without its lock.</summary>
internal static partial class FileFlush
{
    private const int WouldBlock = 11; // EWOULDBLOCK of flock(2)
    private const int SharingViolation = unchecked((int)0x80070020); // the same on Windows

    /// <summary>Whether a file could not be opened because another process has it for itself.</summary>
    public static bool IsLocked(IOException e) => e.HResult is WouldBlock or SharingViolation;

    /// <summary>Puts what was written on disk.</summary>
    /// <exception cref="IOException">It cannot be flushed; how much of it is on disk is unknown.</exception>
    public static void Data(SafeFileHandle file)
    {
        if (OperatingSystem.IsWindows())
            RandomAccess.FlushToDisk(file);
        else if (Fdatasync(file) != 0)
            throw new IOException($"Cannot flush a file: error {Marshal.GetLastPInvokeError()}");
    }

    /// <summary>Opens a file for reading without the advisory lock that .NET takes; null where it is not to be had.</summary>
    public static SafeFileHandle? OpenUnlocked(string path)
    {
        if (OperatingSystem.IsWindows())
            return File.Exists(path) ? File.OpenHandle(path, access: FileAccess.ReadWrite, share: FileShare.ReadWrite | FileShare.Delete) : null;
        var descriptor = Open(path, CloseOnExec);
        return descriptor < 0 ? null : new SafeFileHandle(descriptor, ownsHandle: true);
    }

    private const int CloseOnExec = 0x80000;

    [LibraryImport("libc", EntryPoint = "open", SetLastError = true, StringMarshalling = StringMarshalling.Utf8)]
    private static partial int Open(string path, int flags);

    [LibraryImport("libc", EntryPoint = "fdatasync", SetLastError = true)]
    private static partial int Fdatasync(SafeFileHandle file);
}
