using System.Security.Cryptography;
using AgentMta.Server.Model;

namespace AgentMta.Server.Hosting;

/// <summary>The master key in DATA/master.key, readable by the server's user alone; made at first start.</summary>
internal static class MasterKeyFile
{
    /// <summary>Reads the key, or makes it where the folder has none.</summary>
    public static KeyRing Open(string data)
    {
        var path = Path.Combine(data, "master.key");
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
