using System.Security.Cryptography;
using AgentMta.Server.Model;
using AgentMta.Server.Store;

namespace AgentMta.Server.Hosting;

/// <summary>The master key in DATA/master.key, readable by the server's user alone; made at first start.</summary>
internal static class MasterKeyFile
{
    /// <summary>Opens the key of a database; one without any workspace is at its first start, and gets its key here.</summary>
    /// <exception cref="ConfigurationException">The file is lost or damaged.</exception>
    public static async Task<KeyRing> OpenAsync(string data, Database database, CancellationToken cancellationToken) =>
        Open(data, isFirst: (await new WorkspaceStore(database).AllAsync(cancellationToken).ConfigureAwait(false)).Count == 0);

    /// <summary>Reads the key, or makes it at the first start. A database that has been in use never gets another: what is sealed in it would be lost without a word.</summary>
    /// <exception cref="ConfigurationException">The file is lost or damaged.</exception>
    public static KeyRing Open(string data, bool isFirst)
    {
        var path = Path.Combine(data, "master.key");
        if (!File.Exists(path) && !isFirst)
            throw new ConfigurationException([$"{path}: the file is missing. Restore it from a backup: without it the DKIM keys and webhook secrets in the database cannot be read."]);
        if (!File.Exists(path))
            PrivateFile.WriteNew(path, Convert.ToHexStringLower(RandomNumberGenerator.GetBytes(32)) + "\n");
        byte[] key;
        try
        {
            key = Convert.FromHexString(File.ReadAllText(path).Trim());
        }
        catch (FormatException)
        {
            key = [];
        }

        if (key.Length != 32)
            throw new ConfigurationException([$"{path}: 64 hexadecimal digits are expected. Restore the file from a backup: without it the DKIM keys in the database cannot be read."]);
        return new KeyRing(key);
    }
}
