using AgentMta.Server.Store;

namespace AgentMta.Server.Hosting;

/// <summary>Files with secrets: mode 0600 from their first instant, and on disk before anyone relies on them.</summary>
internal static class PrivateFile
{
    private const UnixFileMode OwnerOnly = UnixFileMode.UserRead | UnixFileMode.UserWrite;

    /// <summary>Writes a new file through a temporary name, so that a crash leaves the whole file or none.</summary>
    public static void WriteNew(string path, string text) => Write(path, text, overwrite: false);

    /// <summary>Puts the file in place of the one that is there, if any: whoever reads sees the old or the new.</summary>
    public static void Replace(string path, string text) => Write(path, text, overwrite: true);

    private static void Write(string path, string text, bool overwrite)
    {
        var temporary = path + ".new";
        File.Delete(temporary);
        using (var stream = new FileStream(temporary, new FileStreamOptions { Mode = FileMode.CreateNew, Access = FileAccess.Write, UnixCreateMode = OwnerOnly }))
        {
            stream.Write(System.Text.Encoding.UTF8.GetBytes(text));
            stream.Flush(flushToDisk: true);
        }

        File.Move(temporary, path, overwrite);
        DirectoryFlush.Flush(Path.GetDirectoryName(Path.GetFullPath(path))!); // or the name may be gone after a loss of power, and what the database keeps under this key unreadable
    }
}
