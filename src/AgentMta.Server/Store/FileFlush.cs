using System.Runtime.InteropServices;
using Microsoft.Win32.SafeHandles;

namespace AgentMta.Server.Store;

/// <summary>fdatasync of a file: its octets and what is needed to find them, without its times, which .NET's own flush (fsync) writes each time as well.</summary>
internal static partial class FileFlush
{
    /// <summary>Puts what was written on disk.</summary>
    /// <exception cref="IOException">It cannot be flushed; how much of it is on disk is unknown.</exception>
    public static void Data(SafeFileHandle file)
    {
        if (OperatingSystem.IsWindows())
            RandomAccess.FlushToDisk(file);
        else if (Fdatasync(file) != 0)
            throw new IOException($"Cannot flush a file: error {Marshal.GetLastPInvokeError()}");
    }

    [LibraryImport("libc", EntryPoint = "fdatasync", SetLastError = true)]
    private static partial int Fdatasync(SafeFileHandle file);
}
