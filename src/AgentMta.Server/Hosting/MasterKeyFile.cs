using System.Security.Cryptography;
using AgentMta.Server.Model;
using AgentMta.Server.Store;

namespace AgentMta.Server.Hosting;

/// <summary>The master key in DATA/master.key, readable by the server's user alone; made with the database, and never again.</summary>
internal static class MasterKeyFile
{
    private const string Restore = "restore it from the backup that holds both: without it nothing that the database keeps encrypted (DKIM keys, webhook secrets) can be read, and no token of sent mail is known.";

    /// <summary>Reads the key for the server, or makes it where the database is new.</summary>
    /// <exception cref="ConfigurationException">It is missing, no key, or one of another database.</exception>
    public static async Task<KeyRing> OpenAsync(DataFolder folder, Database database, CancellationToken cancellationToken)
    {
        // The first start makes its key before anything else in the database.
        if (!File.Exists(folder.MasterKey) && (await new WorkspaceStore(database).AllAsync(cancellationToken).ConfigureAwait(false)).Count == 0)
            PrivateFile.WriteNew(folder.MasterKey, Convert.ToHexStringLower(RandomNumberGenerator.GetBytes(32)) + "\n");
        return await VisitAsync(folder, database, cancellationToken).ConfigureAwait(false);
    }

    /// <summary>Reads the key for a command beside the server, which never makes one.</summary>
    /// <exception cref="ConfigurationException">It is missing, no key, or one of another database.</exception>
    public static async Task<KeyRing> VisitAsync(DataFolder folder, Database database, CancellationToken cancellationToken)
    {
        var keys = new KeyRing(Read(folder.MasterKey));
        return await new SealedSecrets(database, keys).FitAsync(cancellationToken).ConfigureAwait(false)
            ? keys
            : throw new ConfigurationException([$"{folder.MasterKey}: this key belongs to another database than '{folder.Database}'; {Restore}"]);
    }

    private static byte[] Read(string path)
    {
        if (!File.Exists(path))
            throw new ConfigurationException([$"{path}: the master key is missing; {Restore}"]);
        byte[] key;
        try
        {
            key = Convert.FromHexString(File.ReadAllText(path).Trim());
        }
        catch (FormatException)
        {
            key = [];
        }

        return key.Length == 32 ? key : throw new ConfigurationException([$"{path}: 64 hexadecimal digits are expected; {Restore}"]);
    }
}
